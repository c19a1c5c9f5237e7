"""Compare `likes`, `dislikes` and `hot` of every article with its votes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from articles.models import Article, CoAuthor
from articles.models.ranking import hot
from articles.selectors import article_pk_ranges
from articles.voting.models import Vote
from core.recount import CounterMismatch


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare every article with its votes, a batch at a time, after the votes of co-authors on their own.

    Args:
        repair: write what was counted, each article under its lock.
    """
    yield from _votes_of_coauthors(repair=repair)
    for pks in article_pk_ranges():
        for pk in sorted({pk for pk, *_rest in _wrong_counters(pks)}):
            with transaction.atomic():
                # Locked first, counted after: no vote is half in.
                Article.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
                wrong = list(_wrong_counters((pk, pk)))
                if repair and wrong:
                    Article.objects.filter(pk=pk).update(**{name: counted for _pk, name, _stored, counted in wrong})
            for _pk, name, stored, counted in wrong:
                yield CounterMismatch(what=f"article {pk} {name}", stored=stored, counted=counted)


def _votes_of_coauthors(*, repair: bool) -> Iterator[CounterMismatch]:
    """Find votes of co-authors on their own articles; joining removes them. A repair does so before it counts."""
    votes = Vote.objects.filter(article=OuterRef("article"), voter=OuterRef("user"))
    for row in list(CoAuthor.objects.accepted().filter(Exists(votes))):
        if repair:
            Vote.objects.filter(article=row.article_id, voter=row.user_id).delete()
        yield CounterMismatch(what=f"article {row.article_id} votes of its co-author", stored=1, counted=0)


def _wrong_counters(pks: tuple[int, int]) -> Iterator[tuple[int, str, float, float]]:
    """Yield article, counter, stored and counted number where the last two differ."""
    votes = Vote.objects.filter(article=OuterRef("pk")).order_by().values("article")
    # One statement, so that counters and rows are of the same moment.
    articles: Any = Article.objects.filter(pk__range=pks).only("likes", "dislikes", "hot", "published_at")
    for article in articles.annotate(
        counted_likes=Coalesce(Subquery(votes.annotate(n=Count("pk", filter=Q(value=1))).values("n")), 0),
        counted_dislikes=Coalesce(Subquery(votes.annotate(n=Count("pk", filter=Q(value=-1))).values("n")), 0),
    ):
        likes, dislikes = article.counted_likes, article.counted_dislikes
        counted_hot = hot(likes, dislikes, article.published_at) if article.published_at else 0.0
        if article.likes != likes:
            yield article.pk, "likes", article.likes, likes
        if article.dislikes != dislikes:
            yield article.pk, "dislikes", article.dislikes, dislikes
        if abs(article.hot - counted_hot) > 1e-6:
            yield article.pk, "hot", article.hot, counted_hot
