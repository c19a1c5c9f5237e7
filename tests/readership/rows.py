"""Rows as the beacon writes them."""

from __future__ import annotations

from datetime import date
from itertools import count
from uuid import UUID

from articles.models import Article
from articles.readership.models import ArticleHit, PageView, PendingCount
from articles.readership.visitors import today

_numbers = count(1)


def waiting(
    article: Article,
    number: int,
    *,
    model: type[ArticleHit] = PageView,
    kind: str = PageView.Kind.COUNTED,
    day: date | None = None,
) -> None:
    """Create hits that are not rolled up yet, each written by itself."""
    when = day or today()
    model._default_manager.bulk_create(
        model(article=article, day=when, visitor=UUID(int=next(_numbers)), source=UUID(int=0), kind=kind)
        for _ in range(number)
    )
    if metric := model.metrics.get(kind):
        PendingCount.objects.bulk_create(
            PendingCount(article=article, day=when, metric=metric, number=1) for _ in range(number)
        )
