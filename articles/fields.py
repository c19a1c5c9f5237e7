"""Form fields: hidden tokens, sections."""

from __future__ import annotations

from typing import Any

from django import forms

from articles.presenters import section_name

MAX_TOKEN_LENGTH = 500


class TokenField(forms.Field):
    """A hidden token. Users cannot correct it, so an invalid one counts as empty instead of being an error."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> str:
        return value if isinstance(value, str) and len(value) <= MAX_TOKEN_LENGTH else ""


class SectionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Sections with their names in the language of the interface."""

    def label_from_instance(self, obj: Any) -> str:
        return section_name(obj)
