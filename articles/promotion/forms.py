"""Forms of sponsors, authors and moderators."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Article
from articles.promotion.models import Placement, Plan
from articles.promotion.models.payment import MAX_PRICE, to_decimal, to_minor
from articles.promotion.services.capacity import MAX_REQUEST_LEAD
from articles.promotion.services.decisions import MAX_PICK_DAYS
from core.forms import OneLineField, TextField
from core.text import MAX_REASON


def reason_field(rows: int, help_text: Any) -> TextField:
    """Return an optional reason, in an area of so many rows."""
    widget = forms.Textarea(attrs={"rows": rows})
    return TextField(label=_("Reason"), max_length=MAX_REASON, required=False, widget=widget, help_text=help_text)


class RequestForm(forms.Form):
    """A request: plan, start, and a message to the moderators."""

    plan = forms.ModelChoiceField(
        label=_("Plan"),
        queryset=Plan.objects.offered(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose a plan.")},
    )
    wanted_start = forms.DateField(
        label=_("Start date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave empty to start as soon as a place is free."),
    )
    message = TextField(
        label=_("Message to the moderators"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Why should more readers see this article? Optional."),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms of the plan"),
        error_messages={"required": _("Read and accept the terms of the plan.")},
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, free: dict[int, datetime | None]) -> None:
        """Create a form; `free` has the first possible start of each offered plan, None if there is none soon."""
        self.free = free
        super().__init__(data, initial={"form_key": uuid.uuid4(), "plan": next(iter(free), None)})
        today = timezone.localdate()
        limits = {"min": today.isoformat(), "max": (today + MAX_REQUEST_LEAD).isoformat()}
        self.fields["wanted_start"].widget.attrs |= limits

    def offers(self) -> list[dict[str, Any]]:
        """Return each plan with its radio button and its first possible start, for the template."""
        offers = []
        for radio in self["plan"]:
            plan = radio.data["value"].instance
            free = self.free.get(plan.pk)
            at_once = free is not None and free <= timezone.now()
            offers.append({"radio": radio, "plan": plan, "free": free, "at_once": at_once})
        return offers


class AnswerForm(forms.Form):
    """The author's answer to another sponsor's promotion of their article."""

    answer = forms.ChoiceField(choices=[("agree", ""), ("refuse", "")], widget=forms.HiddenInput)
    reason = reason_field(3, _("If you refuse, the requester can read this. Optional."))


class CancelForm(forms.Form):
    """Why a sponsor cancels."""

    reason = reason_field(2, _("Optional."))


class OutcomeForm(forms.Form):
    """The answer of the dummy provider's bank."""

    outcome = forms.ChoiceField(
        label=_("Simulated bank response"),
        choices=[("paid", _("Paid")), ("declined", _("Declined"))],
        initial="paid",
        widget=forms.RadioSelect,
    )


class Action(models.TextChoices):
    """What a moderator can do with a promotion."""

    APPROVE = "approve", pgettext_lazy("verdict on a promotion", "Approve")
    CONFIRM_PAYMENT = "confirm_payment", pgettext_lazy("verdict on a promotion", "Confirm the payment")
    REAPPROVE = "reapprove_after_edit", pgettext_lazy("verdict on a promotion", "Continue with the changed text")
    MOVE_START = "move_start", pgettext_lazy("verdict on a promotion", "Move the start")
    DECLINE = "decline", pgettext_lazy("verdict on a promotion", "Decline")
    REVOKE = "revoke", pgettext_lazy("verdict on a promotion", "Revoke (end now)")
    RECORD_REFUND = "record_refund", pgettext_lazy("verdict on a promotion", "Record the refund")
    CORRECT = "add_correction", pgettext_lazy("verdict on a promotion", "Add a correction to the ledger")


class MinuteField(forms.DateTimeField):
    """An optional day and minute, with the browser's own control."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(label=_("Start"), required=False, widget=widget, **kwargs)


class DecisionForm(forms.Form):
    """A decision on one promotion, and the revision of the article that the moderator has read."""

    action = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect, choices=Action.choices)
    start = MinuteField()
    reason = reason_field(
        4, _("This appears in the public ledger and in emails to the users involved: do not include names.")
    )
    revision = forms.IntegerField(required=False, max_value=10**18, widget=forms.HiddenInput)

    def offer(self, actions: Sequence[Action]) -> None:
        """Offer these actions, and the field for a start if one of them takes it."""
        action_field, start = self.fields["action"], self.fields["start"]
        assert isinstance(action_field, forms.ChoiceField)
        action_field.choices = [(choice.value, choice.label) for choice in actions]
        self.shows_start = bool({Action.APPROVE, Action.MOVE_START}.intersection(actions))
        if Action.APPROVE in actions:
            start.help_text = _("Leave empty to start on the requested date or as soon as a place is free.")
        else:
            start.help_text = _("Only for moving the start. The duration does not change.")


class ArticleField(OneLineField):
    """A published article, by its id or its URL."""

    def clean(self, value: Any) -> Any:
        found = re.fullmatch(r"(?:.*/articles/)?(\d{1,18})(?:/[^/]*)?/?(?:[?#].*)?", super().clean(value), re.DOTALL)
        articles = Article.objects.published().select_related("live", "author")
        article = articles.filter(pk=found[1]).first() if found else None
        if article is None:
            raise ValidationError(_("No published article has this number or address."))
        return article


class EditorialPickForm(forms.Form):
    """An editorial pick: which article, where, from when and for how long."""

    article = ArticleField(
        label=_("Article"), max_length=400, help_text=_("The article’s number, or its address copied from the browser.")
    )
    placement = forms.ModelChoiceField(
        label=_("Place"), queryset=Placement.objects.all(), widget=forms.RadioSelect, empty_label=None
    )
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=MAX_PICK_DAYS, initial=7)
    start = MinuteField(help_text=_("Leave empty to start as soon as a place is free."))
    reason = reason_field(3, _("Optional. This appears in the public ledger."))


class PlanForm(forms.ModelForm[Plan]):
    """A plan. Its price is entered as a decimal and stored in minor units."""

    price = forms.DecimalField(
        label=_("Price"),
        min_value=0,
        max_value=MAX_PRICE,
        decimal_places=2,
        help_text=_("For example, 12.50. Enter 0 for a free promotion."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["price"] = to_decimal(self.instance.price, self.instance.currency)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"price", "currency"} <= cleaned.keys():
            try:
                cleaned["price"] = to_minor(cleaned["price"], cleaned["currency"])
            except ValueError:
                self.add_error("price", _("This currency has no minor unit. Enter a whole number."))
        return cleaned
