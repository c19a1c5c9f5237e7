"""Notes of moderators on passages, and the answers of authors. Each action is one transaction.

Those of moderators raise `PermissionDenied` without the permission to decide, and `ActionNotAllowed` if the moderator
is suspended, the article is their own, or another moderator reviews the submission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, Revision
from articles.moderation.models import Decision, PassageNote
from articles.moderation.passages import MAX_QUOTE, NotOnce, Quote
from articles.moderation.selectors import passages_of
from articles.moderation.services.claims import check_not_claimed
from articles.moderation.services.permissions import DECIDE, check_not_own
from core.exceptions import ActionNotAllowed
from core.logs import log_event
from core.text import MAX_REASON, clean_text, is_visible, text_length

# Of one article, without those that are resolved.
MAX_OPEN = 50


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an author says to a note."""

    text: str = ""
    is_done: bool = False


@transaction.atomic
def write_note(*, revision: Revision, moderator: User, quote: Quote, text: str) -> PassageNote:
    """Note something on a passage of a submission. The author sees it when the submission is returned.

    The same note a second time, from a form that was sent twice, is not stored.

    Args:
        quote: the words as a moderator typed or selected them. What is stored is the place in the text.

    Raises:
        ActionNotAllowed: there is no text, it or the quotation is too long, the words are not in the submission or
            several times, the submission is not in review, or the article has `MAX_OPEN` open notes.
    """
    lock_acting_user(moderator.pk, DECIDE)
    article = _lock(revision.article, moderator)
    current = article.latest
    if current is None or current.pk != revision.pk or current.state != Revision.State.IN_REVIEW:
        raise ActionNotAllowed(
            _("This version is no longer in review. It was withdrawn, or a moderator has decided on it.")
        )
    check_not_claimed(current, moderator)
    text = _clean(text)
    if not text:
        raise ActionNotAllowed(_("Write the note first."), "note")
    current.article = article
    found = asdict(_anchor(current, quote))
    notes = PassageNote.objects.open().filter(article=article)
    if note := notes.unsent().filter(**found, text=text, moderator=moderator).first():
        return note
    if notes.count() >= MAX_OPEN:
        raise ActionNotAllowed(_("There are %(count)d open notes on this article already.") % {"count": MAX_OPEN})
    note = PassageNote.objects.create(**found, article=article, text=text, moderator=moderator)
    log_event("passage_note_written", article_id=article.pk, note_id=note.pk)
    return note


@transaction.atomic
def delete_note(*, note: PassageNote, moderator: User) -> None:
    """Delete a note that was not sent yet. Idempotent.

    Raises:
        ActionNotAllowed: it was sent.
    """
    lock_acting_user(moderator.pk, DECIDE)
    _lock(note.article, moderator)
    current = PassageNote.objects.filter(pk=note.pk).first()
    if current is None:
        return
    if current.decision_id is not None:
        raise ActionNotAllowed(_("This note was sent to the author. You can resolve it."))
    current.delete()
    log_event("passage_note_deleted", article_id=note.article_id, note_id=note.pk)


@transaction.atomic
def resolve_note(*, note: PassageNote, moderator: User, is_resolved: bool = True) -> None:
    """Resolve a note that was sent, or open it again. Idempotent.

    Args:
        is_resolved: False opens it again.
    """
    lock_acting_user(moderator.pk, DECIDE)
    _lock(note.article, moderator)
    resolved_at = timezone.now() if is_resolved else None
    changed = PassageNote.objects.sent().filter(pk=note.pk, resolved_at__isnull=is_resolved)
    if changed.update(resolved_at=resolved_at):
        name = "passage_note_resolved" if is_resolved else "passage_note_reopened"
        log_event(name, article_id=note.article_id, note_id=note.pk)


def send_notes(decision: Decision) -> None:
    """Show the notes on an article to its author, with a decision that returns it. The caller locks the article."""
    article = decision.revision.article_id
    if count := PassageNote.objects.unsent().filter(article=article).update(decision=decision):
        log_event("passage_notes_sent", article_id=article, count=count)


def resolve_all(article: Article) -> None:
    """Resolve all notes that were sent, because the text is published. The caller locks the article."""
    PassageNote.objects.sent().open().filter(article=article).update(resolved_at=timezone.now())


@transaction.atomic
def answer_notes(*, article: Article, author: User, answers: Mapping[int, Answer]) -> int:
    """Store the author's answers to open notes; return how many were changed.

    Args:
        answers: by the primary key of the note. Notes that are not open, or not of this article, are left out.

    Raises:
        PermissionDenied: the account is closed.
        ActionNotAllowed: the author is suspended, or an answer is too long.
    """
    lock_acting_user(author.pk)
    # Before its notes, as a decision does, which resolves all of them.
    if not Article.objects.select_for_update(no_key=True).filter(pk=article.pk, author=author).exists():
        return 0
    notes = PassageNote.objects.sent().open().filter(article=article, pk__in=answers)
    changed = 0
    for note in notes.select_for_update(of=("self",)):
        answer = answers[note.pk]
        text, is_done = _clean(answer.text), answer.is_done
        if (text, is_done) == (note.answer, note.done_at is not None):
            continue
        note.answer = text
        note.done_at = (note.done_at or timezone.now()) if is_done else None
        note.save(update_fields=["answer", "done_at"])
        log_event("passage_note_answered", article_id=article.pk, note_id=note.pk)
        changed += 1
    return changed


def _lock(article: Article, moderator: User) -> Article:
    """Lock and return the article, with its latest version; the notes are those of the article."""
    locked = Article.objects.select_for_update(no_key=True).filter(pk=article.pk).first()
    if locked is None:
        raise ActionNotAllowed(_("The author has deleted this version."))
    check_not_own(locked, moderator)
    return locked


def _anchor(revision: Revision, quote: Quote) -> Quote:
    if not quote.exact.strip():
        raise ActionNotAllowed(_("Select the words that the note is about, or type them."), "quote")
    if len(quote.exact) > MAX_QUOTE:
        limit = _("Quote up to %(count)d characters. The note can say how far it reaches.") % {"count": MAX_QUOTE}
        raise ActionNotAllowed(limit, "quote")
    try:
        found = passages_of(revision).quote(quote.exact, quote.prefix, quote.suffix)
    except NotOnce as error:
        sentence = ngettext(
            "These words are in the text %(count)d time. Quote a few more of the words around them.",
            "These words are in the text %(count)d times. Quote a few more of the words around them.",
            error.count,
        )
        raise ActionNotAllowed(sentence % {"count": error.count}, "quote") from error
    if found is None:
        raise ActionNotAllowed(_("These words are not in the text. Copy them as they stand there."), "quote")
    return found


def _clean(text: str) -> str:
    text = clean_text(text)
    if text and not is_visible(text):
        return ""
    if text_length(text, MAX_REASON) > MAX_REASON:
        raise ActionNotAllowed(_("Enter a note of up to %(count)d characters.") % {"count": MAX_REASON}, "note")
    return text
