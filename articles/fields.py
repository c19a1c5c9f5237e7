"""Form fields: text in one line, hidden tokens, sections."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms

from articles.presenters import section_name

MAX_TOKEN_LENGTH = 500
# Bidirectional embeddings, overrides and isolates.
_DIRECTION_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(value: str) -> str:
    """Return `value` in one line, without control characters and without marks that override the text direction."""
    value = " ".join(value.translate(_DIRECTION_MARKS).split())
    return "".join(character for character in value if unicodedata.category(character) not in {"Cc", "Cs"})


class OneLineField(forms.CharField):
    """Text that is reduced to one line."""

    def to_python(self, value: Any) -> str:
        if isinstance(value, str) and "\x00" not in value:  # The validator of the field reports null characters.
            value = one_line(value)
        return super().to_python(value) or ""


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
