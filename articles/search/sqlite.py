"""modelsearch's engine for SQLite (FTS5), with the order of its own ranking, prefixes instead of stems, and filters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection
from modelsearch.backends.database.sqlite.sqlite import SQLiteIndex, SQLiteSearchBackend
from modelsearch.models import IndexEntry
from modelsearch.utils import get_content_type_pk

from articles.models import Article
from articles.search.conditions import ConditionsCompiler, FetchedResults
from articles.search.engine import ByObjects
from articles.search.models import SearchedArticle
from articles.search.words import shortened, starting_alike, words_of


class SQLiteCompiler(ConditionsCompiler):
    """Primary keys of the matches, in order of relevance (BM25) or of publication."""

    columns = {
        "id": "a.id",
        "state": "a.state",
        "section_id": "a.section_id",
        "author_id": "a.author_id",
        "language": "a.language",
        "published_at": "a.published_at",
    }

    def keys(self, start: int, stop: int) -> list[int]:
        found = words_of(self.words)
        if self.any_of_them:
            found = shortened(found)
        match = (" OR " if self.any_of_them else " AND ").join(f'"{prefix}"*' for prefix in found)
        return self.keys_of(f"{{title body}} : ({match})", start, stop) if found else []

    def keys_of(self, match: str, start: int, stop: int) -> list[int]:
        """The articles that a query of FTS5 finds."""
        conditions = self.conditions()
        # The columns of modelsearch's table: autocomplete, body, title.
        order = "bm25(modelsearch_indexentry_fts, 0, 1, 10), " if self.order_by_relevance else ""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a.id FROM modelsearch_indexentry_fts "
                "JOIN modelsearch_indexentry i ON i.id = modelsearch_indexentry_fts.rowid "
                "JOIN articles_article a ON a.id = CAST(i.object_id AS INTEGER) "
                "WHERE modelsearch_indexentry_fts MATCH %s AND i.content_type_id = %s "
                f"AND {conditions.sql} ORDER BY {order}a.published_at DESC, a.id DESC LIMIT %s OFFSET %s",
                [match, get_content_type_pk(Article), *conditions.parameters, stop - start, start],
            )
            return [row[0] for row in cursor.fetchall()]


class FTSIndex(SQLiteIndex):  # type: ignore[misc]
    """modelsearch's rows, without the norms of titles, which it computes over the whole table and we do not use."""

    def _refresh_title_norms(self, full: bool = False) -> None:
        pass


class SearchBackend(ByObjects, SQLiteSearchBackend):  # type: ignore[misc]
    """The engine of a site whose database is SQLite."""

    is_elsewhere = False
    query_compiler_class = SQLiteCompiler
    autocomplete_query_compiler_class = None
    index_class = FTSIndex
    results_class = FetchedResults
    rebuilder_class = atomic_rebuilder_class = None

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__({**params, "ATOMIC_REBUILD": False})

    def titled(self, words: Sequence[str], *, most: int) -> list[int]:
        newest = SQLiteCompiler(SearchedArticle.objects.published(), " ".join(words), order_by_relevance=False)
        return newest.keys_of("{title} : (" + " AND ".join(f'"{word}"*' for word in words) + ")", 0, most)

    def entries_among(self, pks: Sequence[int]) -> set[int]:
        entries = _entries().filter(object_id__in=[str(pk) for pk in pks])
        return {int(key) for key in entries.values_list("object_id", flat=True)}

    def count(self) -> int:
        return int(_entries().count())

    def matching(self, words: Collection[str], query: str) -> set[str]:
        beginnings = words_of(query)
        return starting_alike(words, beginnings) or starting_alike(words, beginnings, loosely=True)


def _entries() -> Any:
    return IndexEntry.objects.filter(content_type=get_content_type_pk(Article))
