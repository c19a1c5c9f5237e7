"""The engine that settings chose, and what the site asks of every engine beyond modelsearch's own interface."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any, Protocol, cast

from django.conf import settings
from modelsearch.backends import get_search_backend

from articles.models.article import ArticleQuerySet
from articles.search.models import SearchedArticle


class TooSlow(Exception):
    """A search was given up, because it took longer than a page may take."""


class Engine(Protocol):
    """A modelsearch backend of ours."""

    # Whether it is a service of its own, and not the site's database.
    is_elsewhere: bool

    def search(self, query: Any, model_or_queryset: Any, **options: Any) -> Any:
        """modelsearch's own: what matches, in slices."""

    def update(self, pks: Collection[int]) -> None:
        """Index these articles anew; those that are not published leave the index."""

    def titled(self, words: Sequence[str], *, most: int) -> list[int]:
        """Primary keys of articles with these words in the title, newest first; the last word may be half typed."""

    def bounded(self, words: str) -> AbstractContextManager[None]:
        """A block in which `words` are looked for; `TooSlow` leaves it where that takes too long."""

    def prepare(self) -> None:
        """Make the index where there is none."""

    def entries_among(self, pks: Sequence[int]) -> set[int]:
        """Those of these articles that are in the index."""

    def count(self) -> int:
        """How many entries there are."""

    def matching(self, words: Collection[str], query: str) -> set[str]:
        """Those among `words` (of a text) that the engine takes for one of the query's words."""


def engine() -> Engine:
    """The engine that settings chose (`SEARCH_URL`; the database's own without one)."""
    chosen = settings.MODELSEARCH_BACKENDS["default"]
    # The client of a service keeps connections open; the database's engines hold nothing.
    return _service(str(chosen)) if "URLS" in chosen else cast("Engine", get_search_backend())


@lru_cache(maxsize=1)
def _service(settings_in_words: str) -> Engine:
    return cast("Engine", get_search_backend())


class ByObjects:
    """What is common to the engines that index what Python hands them."""

    def bounded(self, words: str) -> AbstractContextManager[None]:
        return nullcontext()

    def prepare(self) -> None:
        pass

    def update(self, pks: Collection[int]) -> None:
        published = list(_indexed().filter(pk__in=pks))
        if published:
            self.add_bulk(SearchedArticle, published)  # type: ignore[attr-defined]
        for pk in set(pks) - {article.pk for article in published}:
            self.delete(SearchedArticle(pk=pk))  # type: ignore[attr-defined]


def _indexed() -> ArticleQuerySet:
    return SearchedArticle.get_indexed_objects()
