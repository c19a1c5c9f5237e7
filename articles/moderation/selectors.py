"""Queries about decisions, claims, notes and authors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import User
from articles.body import render
from articles.image_selectors import images_of_texts
from articles.models import Article, Revision, Trust
from articles.moderation.models import Claim, Decision, PassageNote, Reason, StaffNote, Suspension, TextBand
from articles.moderation.models.rule import MAX_REASONS_SHOWN
from articles.moderation.models.submission import BoundedCount
from articles.moderation.passages import Passages, Span
from articles.moderation.similarity import Shingle, bands, share_of, shingles
from core.sanitizer import plain_text

MAX_NOTES = 50
MAX_TRUST_CHANGES = 5
# From this share of common text on, two texts are similar.
MIN_SHARE = 0.4
# Bands read of other texts, and texts compared in full.
MAX_BANDS_READ = 2_000
MAX_TEXTS_COMPARED = 3


class PlacedNote(NamedTuple):
    """A note on a passage of a text, with its number; `span` is None if the words are no longer there."""

    number: int
    note: PassageNote
    span: Span | None


def current_refusals(articles: Iterable[Article]) -> dict[int, Decision]:
    """Return the decision by which each article is returned or hidden, by the article's primary key; one query.

    Articles without one are left out: a refusal is superseded as soon as the next text is submitted or published.
    Each decision is annotated with `open_notes`: how many notes on passages wait for the author.
    """
    by_pk = {article.pk: article for article in articles}
    newest = Decision.objects.filter(revision__article=OuterRef("revision__article")).order_by("-decided_at", "-pk")
    decisions = Decision.objects.filter(revision__article__in=by_pk, pk=Subquery(newest.values("pk")[:1]))
    notes = PassageNote.objects.sent().open().filter(article=OuterRef("revision__article"))
    decisions = decisions.annotate(open_notes=BoundedCount(notes))
    return {
        decision.revision.article_id: decision
        for decision in decisions.select_related("revision", "rule_version__rule", "appeal").defer("revision__body")
        if _is_current_refusal(decision, by_pk[decision.revision.article_id])
    }


def current_suspension(user: User) -> Suspension | None:
    """Return the suspension of a user that ends last, with its appeal."""
    active = Suspension.objects.filter(user=user, lifted_at=None, ends_at__gt=timezone.now())
    return active.select_related("appeal").order_by("ends_at").last()


def revision_to_compare(submission: Revision) -> Revision | None:
    """Return the version that was last decided on; without one the live text, or else the version before this one."""
    earlier = submission.article.revisions.filter(number__lt=submission.number).select_related("section", "image")
    newest = earlier.order_by("-number")
    decided = newest.filter(Exists(Decision.objects.filter(revision=OuterRef("pk")))).first()
    return decided or earlier.filter(live_for=submission.article_id).first() or newest.first()


def author_record(author: User) -> dict[str, int]:
    """Return how many of an author's articles are hidden, and how often they were suspended; in one query."""
    hidden = Article.objects.filter(author=OuterRef("pk"), state=Article.State.HIDDEN)
    counts = User.objects.filter(pk=author.pk).annotate(
        hidden=BoundedCount(hidden), suspended=BoundedCount(Suspension.objects.filter(user=OuterRef("pk")))
    )
    return counts.values("hidden", "suspended").get()  # type: ignore[return-value]


def staff_notes(submission: Revision) -> list[StaffNote]:
    """Return the newest notes on the author and on the article."""
    article = submission.article
    notes = StaffNote.objects.filter(Q(article=article) | Q(user=article.author_id)).select_related("moderator")
    return list(notes[:MAX_NOTES])


def passages_of(revision: Revision) -> Passages:
    """Return the text of a version as readers see it, to find passages in; one query if it has images."""
    return Passages(render(revision.body, images_of_texts([revision])))


def notes_on_passages(revision: Revision, *, only_sent: bool = False) -> tuple[list[PlacedNote], list[PassageNote]]:
    """Return the open notes on the article of a version, in the order of its text, and those that were resolved last.

    The live text has none while there is a newer one: the notes are on that.

    Args:
        only_sent: what its author can see.
    """
    article = revision.article
    if revision.pk == article.live_id and revision.pk != article.latest_id:
        return [], []
    notes = PassageNote.objects.filter(article=article).select_related("moderator")
    # One query: the open ones are few (`services.passage_notes.MAX_OPEN`).
    newest_first = notes.order_by(F("resolved_at").desc(nulls_first=True), "-pk")[: 2 * MAX_NOTES]
    found = [note for note in newest_first if note.decision_id or not only_sent]
    open_notes = [note for note in found if note.resolved_at is None]
    passages = passages_of(revision) if open_notes else None
    places = [(note, passages.find(note.quote) if passages else None) for note in open_notes]
    places.sort(key=lambda one: (one[1] is None, one[1] or (), one[0].pk))
    placed = [PlacedNote(number, note, span) for number, (note, span) in enumerate(places, start=1)]
    return placed, [note for note in found if note.resolved_at is not None]


def spans_of(placed: Iterable[PlacedNote]) -> dict[int, Span]:
    """Return the places of the notes that have one, by number."""
    return {one.number: one.span for one in placed if one.span}


def last_trust_changes(author: User) -> list[Trust]:
    """Return how moderators changed an author's trust, the last change first."""
    return list(Trust.objects.filter(user=author.pk).select_related("moderator")[:MAX_TRUST_CHANGES])


def active_claim(submission: Revision) -> Claim | None:
    """Return who reviews a submission at the moment."""
    return Claim.objects.active().filter(revision=submission.pk).select_related("moderator").first()


def common_reasons(language: str) -> list[tuple[Reason, str]]:
    """Return the reasons of the keys 1 to 9 with their texts in a language."""
    reasons = Reason.objects.select_related("rule")[:MAX_REASONS_SHOWN]
    return [(reason, reason.text_in(language)) for reason in reasons]


def most_similar(
    revision: Revision, own: set[Shingle], *, published_only: bool = False
) -> tuple[float, Revision | None]:
    """Return the text of another article that has most of a text's shingles, and which share; None if few have any.

    Args:
        own: the shingles of the text (`similarity.shingles`).
        published_only: among those that readers see, instead of all that were ever submitted.
    """
    shared = TextBand.objects.filter(hash__in=bands(own)).exclude(revision__article=revision.article_id)
    if published_only:
        shared = shared.filter(
            revision__live_for__state=Article.State.PUBLISHED, revision__live_for__published_at__lte=timezone.now()
        )
    else:
        shared = shared.exclude(revision__state=Revision.State.DRAFT)
    counts = Counter(shared.values_list("revision", flat=True)[:MAX_BANDS_READ])
    candidates = [pk for pk, _count in counts.most_common(MAX_TEXTS_COMPARED)]
    others = Revision.objects.filter(pk__in=candidates).select_related("article__author")
    shares = [(share_of(own, shingles(plain_text(other.body))), other) for other in others]
    share, other = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    return (share, other) if share >= MIN_SHARE else (0.0, None)


def _is_current_refusal(decision: Decision, article: Article) -> bool:
    if decision.verdict == Decision.Verdict.HIDE:
        return article.state == Article.State.HIDDEN
    if decision.verdict != Decision.Verdict.RETURN or article.latest is None:
        return False
    # A trusted author's next text is published without a decision.
    superseded = article.live is not None and article.live.number > decision.revision.number
    return not superseded and article.latest.state in {Revision.State.RETURNED, Revision.State.DRAFT}
