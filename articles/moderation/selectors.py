"""Queries about decisions and claims."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Subquery

from articles.models import Article, Revision
from articles.moderation.models import Claim, Decision, Reason
from articles.moderation.models.rule import MAX_REASONS_SHOWN

# In each state.
MAX_DUPLICATES_SEARCHED = 1_000


def current_refusals(articles: Iterable[Article]) -> dict[int, Decision]:
    """Return the decision by which each article is returned or hidden, by the article's primary key; one query.

    Articles without one are left out: a refusal is superseded as soon as the next text is submitted or published.
    """
    by_pk = {article.pk: article for article in articles}
    newest = Decision.objects.filter(revision__article=OuterRef("revision__article")).order_by("-decided_at", "-pk")
    decisions = Decision.objects.filter(revision__article__in=by_pk, pk=Subquery(newest.values("pk")[:1]))
    return {
        decision.revision.article_id: decision
        for decision in decisions.select_related("revision", "rule_version__rule").defer("revision__body")
        if _is_current_refusal(decision, by_pk[decision.revision.article_id])
    }


def duplicates_of(submission: Revision) -> list[Revision]:
    """Return the latest submissions of other authors with the same title and text."""
    states = [Revision.State.IN_REVIEW, Revision.State.PUBLISHED, Revision.State.RETURNED]
    # From an index for each state, because the title has none.
    latest = [
        Revision.objects.filter(state=state).order_by("-submitted_at", "-pk").values("pk")[:MAX_DUPLICATES_SEARCHED]
        for state in states
    ]
    pks = [row["pk"] for rows in latest for row in rows]
    same = Revision.objects.filter(pk__in=pks, title=submission.title, body=submission.body)
    others = same.exclude(article__author=submission.article.author_id)
    return list(others.select_related("article__author").defer("body").order_by("submitted_at", "pk")[:5])


def active_claim(submission: Revision) -> Claim | None:
    """Return who reviews a submission at the moment."""
    return Claim.objects.active().filter(revision=submission.pk).select_related("moderator").first()


def common_reasons(language: str) -> list[tuple[Reason, str]]:
    """Return the reasons of the keys 1 to 9 with their texts in a language."""
    reasons = Reason.objects.select_related("rule")[:MAX_REASONS_SHOWN]
    return [(reason, reason.text_in(language)) for reason in reasons]


def _is_current_refusal(decision: Decision, article: Article) -> bool:
    if decision.verdict == Decision.Verdict.HIDE:
        return article.state == Article.State.HIDDEN
    if decision.verdict != Decision.Verdict.RETURN or article.latest is None:
        return False
    # A trusted author's next text is published without a decision.
    superseded = article.live is not None and article.live.number > decision.revision.number
    return not superseded and article.latest.state in {Revision.State.RETURNED, Revision.State.DRAFT}
