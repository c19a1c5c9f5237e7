"""The part of the author's form that asks about a text. A draft needs no answer, a submission needs all."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.models.disclosure import Disclosure
from core.forms import OneLineField


class AnswerField(forms.ChoiceField):
    """A question with a few answers, of which none is chosen at first."""

    def __init__(self, *, label: Any, choices: Any) -> None:
        empty = ("", pgettext_lazy("answer", "Choose an answer"))
        super().__init__(label=label, choices=[empty, *choices], required=False)


class DisclosureForm(forms.Form):
    """The four questions and their details (`articles.models.disclosure`)."""

    sponsorship = AnswerField(label=gettext_lazy("Is it paid or sponsored?"), choices=Disclosure.Sponsorship.choices)
    sponsor = OneLineField(label=gettext_lazy("Paid or sponsored by"), max_length=120, required=False)
    interest = AnswerField(
        label=gettext_lazy("Do you have an interest in the subject?"), choices=Disclosure.Interest.choices
    )
    interest_note = OneLineField(
        label=gettext_lazy("Your interest"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For example: “I work for the company.”"),
    )
    ai_help = AnswerField(label=gettext_lazy("Did AI help?"), choices=Disclosure.AIHelp.choices)
    translation = AnswerField(label=gettext_lazy("Is it a translation?"), choices=Disclosure.Translation.choices)
    translation_of = OneLineField(
        label=gettext_lazy("Translation of"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("The address or the title of the original."),
    )
