"""What a moderator fills in: a decision on a promotion, an editors' choice, a plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.fields import OneLineField
from articles.models import Article
from articles.promotion.models import Placement, Plan, Promotion
from articles.promotion.money import MOST, to_decimal, to_minor
from articles.promotion.pinning import LONGEST_PIN
from articles.promotion.transitions import MAX_REASON

# The number of an article, alone or in its address.
_ADDRESS = re.compile(r"(?:.*/articles/)?(\d{1,18})(?:/[^/]*)?/?(?:[?#].*)?", re.DOTALL)


class Verb(models.TextChoices):
    """What a moderator can do with a promotion, by its name in `lifecycle`."""

    APPROVE = "approve", pgettext_lazy("verdict on a promotion", "Approve")
    CONFIRM_PAYMENT = "confirm_payment", pgettext_lazy("verdict on a promotion", "Confirm that the money arrived")
    LOOK_AFTER_EDIT = "look_after_edit", pgettext_lazy("verdict on a promotion", "Go on with the changed text")
    MOVE_START = "move_start", pgettext_lazy("verdict on a promotion", "Move the start")
    DECLINE = "decline", pgettext_lazy("verdict on a promotion", "Decline")
    REVOKE = "revoke", pgettext_lazy("verdict on a promotion", "Revoke: end it now")
    RECORD_REFUND = "record_refund", pgettext_lazy("verdict on a promotion", "Record that the money was given back")
    CORRECT = "correct", pgettext_lazy("verdict on a promotion", "Add a correction to the ledger")


NEEDS_REASON = {Verb.DECLINE, Verb.REVOKE, Verb.CORRECT}
TAKES_START = {Verb.APPROVE, Verb.MOVE_START}
# Where the moderator has read a text: another one may be live by the time the form arrives.
BINDS_TO_TEXT = {Verb.APPROVE, Verb.LOOK_AFTER_EDIT}


def moment_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DateTimeField:
    """A day and a minute, by the browser's own control."""
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class DecisionForm(forms.Form):
    """What to do with one promotion. It carries which text of the article was on the moderator's screen."""

    verb = forms.ChoiceField(label=gettext_lazy("Decision"), widget=forms.RadioSelect)
    start = moment_field(gettext_lazy("Start"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("It stands in the ledger and in letters to the people concerned: write no names there."),
    )
    text = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        promotion: Promotion,
        verbs: Sequence[Verb],
        typed: dict[str, Any] | None = None,
    ) -> None:
        """A form for what may be done with `promotion`; `typed` fills in what a refused form held."""
        super().__init__(data, initial={**(typed or {}), "text": str(promotion.article.live_id)})
        self.promotion = promotion
        self.offer(verbs)

    def offer(self, verbs: Sequence[Verb]) -> None:
        """Show these verbs, and the field for a start where one of them takes it."""
        verb, start = self.fields["verb"], self.fields["start"]
        assert isinstance(verb, forms.ChoiceField)
        verb.choices = [(one.value, one.label) for one in verbs]
        self.shows_start = bool(TAKES_START.intersection(verbs))
        if Verb.APPROVE in verbs:
            start.help_text = _("Empty: on the day that the sponsor wanted, or as soon as there is room.")
        else:
            start.help_text = _("Only for moving it. The length stays.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        verb = cleaned.get("verb")
        if verb in NEEDS_REASON and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Give a reason."))
        if verb == Verb.MOVE_START and not cleaned.get("start") and "start" not in self.errors:
            self.add_error("start", _("Say when it is to start."))
        if verb in BINDS_TO_TEXT and cleaned.get("text") != str(self.promotion.article.live_id):
            self.add_error(None, _("The article’s text changed meanwhile. Read it once more, then decide."))
        return cleaned


class ArticleField(OneLineField):
    """A published article, by its number or its address."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        found = _ADDRESS.fullmatch(text)
        article = None
        if found:
            article = Article.objects.published().select_related("live", "author").filter(pk=found[1]).first()
        if article is None:
            raise ValidationError(_("No published article has this number or address."))
        return article


class PinForm(forms.Form):
    """Editors' choice: which article, where, from when and for how long."""

    article = ArticleField(
        label=gettext_lazy("Article"),
        max_length=400,
        help_text=gettext_lazy("Its number, or its address copied from the browser."),
    )
    placement = forms.ModelChoiceField(
        label=gettext_lazy("Place"), queryset=Placement.objects.all(), widget=forms.RadioSelect, empty_label=None
    )
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=LONGEST_PIN, initial=7)
    start = moment_field(gettext_lazy("Start"), help_text=gettext_lazy("Empty: as soon as there is room."))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands in the ledger. You may leave it empty."),
    )

    def clean_start(self) -> datetime | None:
        start: datetime | None = self.cleaned_data["start"]
        return start


class PlanForm(forms.ModelForm[Plan]):
    """A plan whose price is typed as people write it; it is kept in minor units."""

    price_typed = forms.DecimalField(
        label=gettext_lazy("Price"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        help_text=gettext_lazy("Such as 12.50. 0: a free request."),
    )

    class Meta:
        model = Plan
        fields = ["name", "placement", "days", "currency", "terms", "is_offered", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "price_typed" in self.fields and self.instance.pk:
            self.fields["price_typed"].initial = to_decimal(self.instance.price, self.instance.currency)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        price: Decimal | None = cleaned.get("price_typed")
        currency = cleaned.get("currency")
        if price is None or not currency:
            return cleaned
        try:
            minor = to_minor(price, currency)
        except ValueError:
            self.add_error("price_typed", _("This currency has no smaller unit: give a whole number."))
            return cleaned
        if minor > MOST:
            self.add_error("price_typed", _("This is more than a payment can carry."))
        else:
            self.instance.price = minor
        return cleaned
