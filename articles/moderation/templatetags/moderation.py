"""What other rooms' pages say about moderation."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.db.models import OuterRef, Subquery

from articles.models import Article, Revision
from articles.moderation.models import Decision

register = template.Library()


@register.simple_tag
def reasons_for(articles: Iterable[Article]) -> dict[int, Decision]:
    """The refusal that each article stands under, by the article's number: one query for all of them.

    A text that was returned, or an article that is hidden, and nothing newer: a refusal is forgotten once the next
    text is submitted or published.
    """
    by_pk = {article.pk: article for article in articles}
    newest = Decision.objects.filter(revision__article=OuterRef("revision__article")).order_by("-decided_at", "-pk")
    decisions = Decision.objects.filter(revision__article__in=by_pk, pk=Subquery(newest.values("pk")[:1]))
    return {
        decision.revision.article_id: decision
        for decision in decisions.select_related("revision").defer("revision__body")
        if _stands(decision, by_pk[decision.revision.article_id])
    }


@register.filter
def of(reasons: dict[int, Decision], article: Article) -> Decision | None:
    """The refusal of one article: `{{ reasons|of:article }}`."""
    return reasons.get(article.pk)


def _stands(decision: Decision, article: Article) -> bool:
    if decision.verdict == Decision.Verdict.HIDE:
        return article.state == Article.State.HIDDEN
    if decision.verdict != Decision.Verdict.RETURN or article.latest is None:
        return False
    # A text that is submitted again waits for a new word; a trusted author's is published without one.
    superseded = article.live is not None and article.live.number > decision.revision.number
    return not superseded and article.latest.state in {Revision.State.RETURNED, Revision.State.DRAFT}
