"""Compare `likes`, `dislikes` and `hot` of every article with its votes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from articles.models import Article
from articles.models.article import ArticleQuerySet
from articles.models.ranking import hot
from articles.selectors import article_pk_ranges
from articles.voting.models import Vote
from core.recount import CounterMismatch


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare every article with its votes, a batch at a time.

    Args:
        repair: write what was counted, each article under its lock.
    """
    for first, last in article_pk_ranges():
        wrong = [
            article.pk
            for article in _with_counts(Article.objects.filter(pk__range=(first, last)))
            if any(_mismatches(article))
        ]
        for pk in wrong:
            yield from _recount_article(pk, repair=repair)


def _recount_article(pk: int, *, repair: bool) -> Iterator[CounterMismatch]:
    with transaction.atomic():
        # Lock before counting, so that no vote is counted by halves.
        if not Article.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).exists():
            return
        article = _with_counts(Article.objects.filter(pk=pk)).get()
        mismatches = list(_mismatches(article))
        if repair and mismatches:
            counted: Any = article
            Article.objects.filter(pk=pk).update(
                likes=counted.counted_likes, dislikes=counted.counted_dislikes, hot=_hot(article)
            )
    yield from mismatches


def _with_counts(articles: ArticleQuerySet) -> ArticleQuerySet:
    # One statement, so that counters and rows are of the same moment.
    votes = Vote.objects.filter(article=OuterRef("pk")).order_by().values("article")
    return articles.only("likes", "dislikes", "hot", "published_at").annotate(
        counted_likes=Coalesce(Subquery(votes.annotate(n=Count("pk", filter=Q(value=1))).values("n")), 0),
        counted_dislikes=Coalesce(Subquery(votes.annotate(n=Count("pk", filter=Q(value=-1))).values("n")), 0),
    )


def _mismatches(article: Any) -> Iterator[CounterMismatch]:
    name = f"article {article.pk}"
    if article.likes != article.counted_likes:
        yield CounterMismatch(what=f"{name} likes", stored=article.likes, counted=article.counted_likes)
    if article.dislikes != article.counted_dislikes:
        yield CounterMismatch(what=f"{name} dislikes", stored=article.dislikes, counted=article.counted_dislikes)
    if abs(article.hot - _hot(article)) > 1e-6:
        yield CounterMismatch(what=f"{name} hot", stored=article.hot, counted=_hot(article))


def _hot(article: Any) -> float:
    if article.published_at is None:
        return 0.0
    return hot(article.counted_likes, article.counted_dislikes, article.published_at)
