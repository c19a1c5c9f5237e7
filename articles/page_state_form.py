"""The part of the author's form that says what its page knows of the text that it replaces."""

from __future__ import annotations

import re
import uuid

from django import forms
from django.http import QueryDict

from articles.fields import TokenField
from articles.models import Revision
from articles.services.revisions import PageState

MAX_KEYS = 10
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _keys(value: str) -> list[uuid.UUID]:
    """Return the UUIDs in a line; others are left out."""
    return [uuid.UUID(part) for part in value.split()[:MAX_KEYS] if _KEY.fullmatch(part)]


class PageStateForm(forms.Form):
    """The key of a form, and the values of `PageState`. Users see none of them."""

    form_key = TokenField()
    # The values of `PageState`; static/js/autosave.js renews them.
    version = TokenField()
    save_key = TokenField()
    unanswered = TokenField()

    def clean_form_key(self) -> uuid.UUID:
        try:
            key = uuid.UUID(self.cleaned_data["form_key"])
        except ValueError:
            key = uuid.uuid4()
        self._renew("form_key", str(key))
        return key

    def clean_version(self) -> int:
        value = self.cleaned_data["version"]
        return int(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else 0

    def clean_save_key(self) -> uuid.UUID | None:
        return next(iter(_keys(self.cleaned_data["save_key"])), None)

    def clean_unanswered(self) -> list[uuid.UUID]:
        return _keys(self.cleaned_data["unanswered"])

    def renew_page_state(self, revision: Revision) -> None:
        """Show the form again after its text was saved into this revision."""
        for name, value in {"version": str(revision.version), "save_key": str(uuid.uuid4()), "unanswered": ""}.items():
            self._renew(name, value)

    @property
    def page_state(self) -> PageState:
        """What the page knows of the text that it replaces."""
        key = self.cleaned_data["save_key"]
        unanswered = [*self.cleaned_data["unanswered"], *([key] if key else [])]
        return PageState(version=self.cleaned_data["version"], save_key=key, unanswered=unanswered)

    def _renew(self, name: str, value: str) -> None:
        if isinstance(self.data, QueryDict):
            self.data[name] = value
