"""Rows of readers who came, as a beacon leaves them."""

from __future__ import annotations

from datetime import date
from itertools import count

from articles.models import Article
from articles.readership.models import Tally, View, Visit
from articles.readership.visitors import today

_numbers = count(1)


def waiting(
    article: Article,
    how_many: int,
    *,
    of: type[Visit] = View,
    kind: str = View.Kind.COUNTED,
    day: date | None = None,
) -> None:
    """So many rows that are not rolled up yet, each written by itself."""
    when = day or today()
    of._default_manager.bulk_create(
        of(article=article, day=when, visitor=next(_numbers).to_bytes(16), source=bytes(16), kind=kind)
        for _ in range(how_many)
    )
    Tally.objects.bulk_create(
        Tally(article=article, day=when, what=of.what, kind=kind, number=1) for _ in range(how_many)
    )
