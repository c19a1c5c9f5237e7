"""The part of the author's form that asks about a text. A draft needs no answer, a submission needs all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.models.content import MAX_CANONICAL_URL
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
    canonical_url = forms.URLField(
        label=gettext_lazy("First published at"),
        max_length=MAX_CANONICAL_URL,
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://", "dir": "ltr"}),
        help_text=gettext_lazy("Only if the text appeared elsewhere first. Search engines list that address instead."),
    )

    def clean_canonical_url(self) -> str:
        url = str(self.cleaned_data["canonical_url"])
        if not url:
            return ""
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise ValidationError(_("Enter an address that begins with https://."))
        if parts.username is not None or parts.password is not None:
            raise ValidationError(_("Enter an address without a username or password."))
        if parts.hostname == urlsplit(settings.ORIGIN).hostname:
            raise ValidationError(_("This is an address of this site. Leave the field empty."))
        return url
