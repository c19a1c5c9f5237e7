"""The buttons of the review page beside the decision: notes on passages, and corrections for readers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Correction
from articles.moderation.forms import RemarksForm
from articles.moderation.models import PassageNote, Submission
from articles.moderation.passages import Quote
from articles.moderation.services.corrections import add_correction, remove_correction
from articles.moderation.services.passage_notes import delete_note, resolve_note, write_note
from core.admin import is_pk
from core.exceptions import ActionNotAllowed

_NOTE_ACTIONS: dict[str, Callable[..., None]] = {
    "delete_note": delete_note,
    "resolve_note": resolve_note,
    "reopen_note": partial(resolve_note, is_resolved=False),
}


def press_button(request: HttpRequest, submission: Submission, remarks: RemarksForm) -> bool:
    """Do what a button beside the decision says; return whether one was pressed.

    Refusals that another value would solve are added to the form.

    Raises:
        ActionNotAllowed: other refusals.
    """
    user: Any = request.user
    for name, action in _NOTE_ACTIONS.items():
        if name in request.POST:
            notes = PassageNote.objects.filter(article=submission.article_id).select_related("article")
            if note := notes.filter(pk=_pk(request.POST[name])).first():
                action(note=note, moderator=user)
            return True
    if "remove_correction" in request.POST:
        corrections = Correction.objects.filter(article=submission.article_id).select_related("article")
        if correction := corrections.filter(pk=_pk(request.POST["remove_correction"])).first():
            remove_correction(correction=correction, moderator=user)
            messages.success(request, _("The correction is removed."))
        return True
    if "add_correction" in request.POST:
        if remarks.is_valid():
            _add_correction(request, submission, remarks)
        return True
    if "add_note" in request.POST:
        write_typed_note(request, submission, remarks)
        return True
    return False


def write_typed_note(request: HttpRequest, submission: Submission, remarks: RemarksForm) -> bool:
    """Write the note in the form; return whether that was possible. Otherwise the form has the error.

    Raises:
        ActionNotAllowed: no other note would be possible either.
    """
    assert isinstance(request.user, User)
    if not remarks.is_valid():
        return False
    typed = remarks.cleaned_data
    quote = Quote(typed["quote"], typed["quote_prefix"], typed["quote_suffix"])
    try:
        write_note(revision=submission, moderator=request.user, quote=quote, text=typed["note"])
    except ActionNotAllowed as error:
        if error.field is None:
            raise
        remarks.add_error(error.field, str(error))
        return False
    messages.success(request, _("The note is added."))
    remarks.clear("quote", "quote_prefix", "quote_suffix", "note")
    return True


def _add_correction(request: HttpRequest, submission: Submission, remarks: RemarksForm) -> None:
    assert isinstance(request.user, User)
    try:
        add_correction(article=submission.article, moderator=request.user, text=remarks.cleaned_data["correction"])
    except ActionNotAllowed as error:
        if error.field is None:
            raise
        remarks.add_error(error.field, str(error))
    else:
        messages.success(request, _("The correction is published. The author is notified by email."))
        remarks.clear("correction")


def _pk(value: str) -> int:
    return int(value) if is_pk(value) else 0
