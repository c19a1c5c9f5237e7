"""Counters are derived from rows: how the rooms compare them (`manage.py recount`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from articles.models import Article

BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A counter that does not say what its rows say."""

    what: str
    stored: float
    counted: float

    def __str__(self) -> str:
        return f"{self.what}: {self.stored} stored, {self.counted} counted"


def spans_of_articles(size: int | None = None) -> Iterator[tuple[int, int]]:
    """All articles in parts of `size`: (first, last) primary key of each, found by keyset and never held together."""
    size = size or BATCH
    last = 0
    while pks := list(Article.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        yield pks[0], pks[-1]
        last = pks[-1]
