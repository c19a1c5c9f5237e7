"""Form fields: hidden tokens, sections, and the names in the field of tags."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.models import Section
from articles.models.slugs import slug_of
from articles.presenters import section_name
from articles.services.revisions import MAX_TAGS
from core.text import clean_text, text_length

MAX_TOKEN_LENGTH = 500
MAX_TAG_LENGTH = 40
_COMMAS = re.compile(r"[,;،，、\n]")


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


class CachedSectionField(forms.Field):
    """The key of a section, without a query. One that does not exist counts as none."""

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> Section | None:
        try:
            return Section.cached(int(value))
        except (TypeError, ValueError, Section.DoesNotExist):
            return None


def tag_names(value: str) -> list[str]:
    """Split a line into the names of tags, each once.

    Raises:
        ValidationError: there are too many, one is too long, one has no letter or digit, or two have one address.
    """
    names: dict[str, str] = {}
    for part in _COMMAS.split(value):
        if name := clean_text(part, one_line=True).lstrip("#").strip():
            if text_length(name, MAX_TAG_LENGTH) > MAX_TAG_LENGTH:
                raise ValidationError(
                    _("The tag “%(name)s” is longer than %(count)d characters.")
                    % {"name": f"{name[:20]}…", "count": MAX_TAG_LENGTH}
                )
            if slug_of(name, default="") == "":
                raise ValidationError(
                    _("The tag “%(name)s” contains only symbols. Add a word or a number.") % {"name": name}
                )
            first = names.setdefault(slug_of(name), name)
            if first.casefold() != name.casefold():
                raise ValidationError(
                    _("“%(first)s” and “%(second)s” are the same tag. Remove one of them.")
                    % {"first": first, "second": name}
                )
    if len(names) > MAX_TAGS:
        raise ValidationError(
            ngettext(
                "Use no more than %(max)d tags. You entered %(count)d.",
                "Use no more than %(max)d tags. You entered %(count)d.",
                len(names),
            )
            % {"max": MAX_TAGS, "count": len(names)}
        )
    return list(names.values())
