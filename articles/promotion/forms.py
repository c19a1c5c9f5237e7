"""What a sponsor and an author fill in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.promotion.models import Plan
from articles.promotion.requesting import MAX_MESSAGE
from articles.promotion.schedule import HORIZON
from articles.promotion.transitions import MAX_REASON


class Plain:
    """Mixed into forms whose template has the form's tag, its token and its button."""

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper


class RequestForm(Plain, forms.Form):
    """Where, for how long, when, and a message to the moderators."""

    plan = forms.ChoiceField(
        label=_("Plan"), widget=forms.RadioSelect, error_messages={"required": _("Choose a plan.")}
    )
    wanted_start = forms.DateField(
        label=_("Start on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave it empty to start as soon as there is room."),
    )
    message = forms.CharField(
        label=_("Message to the moderators"),
        max_length=MAX_MESSAGE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Why should more people read it? You may leave this empty."),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms of the plan"),
        error_messages={"required": _("Please read the terms of the plan and accept them.")},
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None = None, *, plans: Iterable[Plan], free: dict[int, datetime | None]
    ) -> None:
        """A form for these plans; `free` says when each could start at the earliest, None for not in sight."""
        self.plans = {str(plan.pk): plan for plan in plans}
        self.free = free
        super().__init__(data, initial={"form_key": uuid.uuid4(), "plan": next(iter(self.plans), None)})
        plan = self.fields["plan"]
        assert isinstance(plan, forms.ChoiceField)
        plan.choices = [(key, one.name) for key, one in self.plans.items()]
        today = timezone.localdate()
        self.fields["wanted_start"].widget.attrs |= {
            "min": today.isoformat(),
            "max": (today + HORIZON).isoformat(),
        }

    def clean_plan(self) -> Plan:
        return self.plans[self.cleaned_data["plan"]]

    def offers(self) -> list[dict[str, Any]]:
        """Each plan with its radio button and its next free start, for the template."""
        now = timezone.now()
        return [
            {
                "radio": radio,
                "plan": plan,
                "free": (free := self.free.get(plan.pk)),
                "at_once": free is not None and free <= now,
            }
            for radio, plan in zip(self["plan"], self.plans.values(), strict=True)
        ]


class AnswerForm(Plain, forms.Form):
    """The author's answer to somebody else's promotion of their article."""

    answer = forms.ChoiceField(choices=[("agree", ""), ("refuse", "")], widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("If you refuse: the sponsor reads it. You may leave this empty."),
    )


class CancelForm(Plain, forms.Form):
    """Why a sponsor takes it back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("You may leave this empty."),
    )
