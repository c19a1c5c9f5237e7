"""modelsearch's engine for PostgreSQL, on an index that a million articles do not slow down (`entries`).

modelsearch's own index on PostgreSQL ranks every match, joins through a text column, and reads the whole table at each
change. Here a search looks at a bounded number of the newest matches: `RANKED` of them are ranked, `ABOUT` of which may
have the words in title, tags or author. For a frequent word those are in the newest span of time, so the search asks
for that span first and goes further back only while it has too few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from modelsearch.backends.database.postgres.postgres import PostgresIndex, PostgresSearchBackend

from articles.models import Article
from articles.search import entries
from articles.search.conditions import Condition, ConditionsCompiler, FetchedResults
from articles.search.engine import TooSlow
from articles.search.entries import CONFIGURATION, SPANS
from articles.search.models import SearchedArticle, SearchEntry
from articles.search.words import shortened, words_of

# A search that takes longer is given up.
MOST_MILLISECONDS = 2000
QUERY_CANCELED = "57014"
RANKED = 250
ABOUT = 150
# How much a word weighs in text, summary, tags and author, title.
WEIGHTS = "{0.05, 0.15, 0.5, 1.0}"
# How many spans back from the newest each level takes: about 2 to 3 days, 7 to 10 weeks, 1 to 2 years.
_TAKEN = (2, 3, 2)


def quoted(lexeme: str) -> str:
    """A lexeme as it stands in the text of a tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


# The words that the present block of `bounded` looks for, and their lexemes.
_stemmed: ContextVar[tuple[str, list[str]]] = ContextVar("stemmed", default=("", []))
_STEMS = f"tsvector_to_array(to_tsvector('{CONFIGURATION}', {entries.normal('%s::text')}))"


def stems(text: str) -> list[str]:
    """The lexemes of a query; words that every text has ("the", "и") have none."""
    known, found = _stemmed.get()
    if known == text:
        return found
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_STEMS}", [text])
        return list(cursor.fetchone()[0])


@contextmanager
def bounded(words: str) -> Iterator[None]:
    """A block that looks for `words` in bounded time, with plans for a few rows.

    Raises:
        TooSlow: the time was over.
    """
    try:
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_STEMS}, set_config('statement_timeout', %s, true), set_config('jit', 'off', true), "
                "set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)",
                [words, str(MOST_MILLISECONDS)],
            )
            token = _stemmed.set((words, list(cursor.fetchone()[0])))
            try:
                yield
            finally:
                _stemmed.reset(token)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == QUERY_CANCELED:
            raise TooSlow from error
        raise


class PostgresCompiler(ConditionsCompiler):
    """Primary keys of the newest matches, in order of relevance or of publication."""

    columns = {"id": "e.article_id", "published_at": "e.published_at"}
    # These stand in the index as lexemes, so that they narrow a search before any row is read.
    lexemes = {"section_id": "§s", "author_id": "§a", "language": "§l"}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.newest: datetime | None = None
        self.oldest: datetime | None = None

    def _process_lookup(self, field_path: list[Any], lookup: str, value: Any) -> Condition | None:
        name = field_path[0].get_attname(Article)
        if name == "state" and lookup == "exact" and value == Article.State.PUBLISHED:
            return Condition("TRUE")  # Nothing else has an entry.
        if name in self.lexemes and lookup == "exact":
            return Condition("e.words @@ %s::tsquery", (quoted(f"{self.lexemes[name]}{value}"),))
        if name == "published_at" and lookup in {"lt", "lte"}:
            self.newest = min(value, self.newest or value)
        if name == "published_at" and lookup in {"gt", "gte"}:
            self.oldest = max(value, self.oldest or value)
        return super()._process_lookup(field_path, lookup, value)

    def keys(self, start: int, stop: int) -> list[int]:
        found = stems(self.words)
        if not found and not self.any_of_them:
            return []
        joined = (" | " if self.any_of_them else " & ").join
        alike = [f"{quoted('~' + start)}:*" for start in shortened(words_of(self.words))] if self.any_of_them else []
        query = joined([*map(quoted, found), *alike])
        if not self.order_by_relevance:
            return self.keys_of(query, stop)[start:]
        about = joined(quoted(f"^{stem}") for stem in found)
        return self._run(
            *self._newest("about", about, ABOUT),
            ", ",
            [],
            *self._newest("anywhere", query, RANKED),
            "SELECT e.article_id FROM (SELECT article_id FROM about UNION SELECT article_id FROM anywhere) AS f "
            "JOIN search_searchentry e USING (article_id) "
            "ORDER BY ts_rank(%s::float4[], e.words, %s::tsquery, 1) DESC, e.published_at DESC, e.article_id DESC "
            "OFFSET %s LIMIT %s",
            [WEIGHTS, query, start, stop - start],
        )

    def keys_of(self, query: str, most: int) -> list[int]:
        """The newest articles whose lexemes match a tsquery."""
        return self._run(*self._newest("found", query, most), "SELECT article_id FROM found", [])

    def _run(self, *pieces: Any) -> list[int]:
        sql = "WITH " + "".join(pieces[0::2])
        parameters = [parameter for piece in pieces[1::2] for parameter in piece]
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return [row[0] for row in cursor.fetchall()]

    def _newest(self, name: str, query: str, most: int) -> tuple[str, list[Any]]:
        """SQL of a WITH table `name`: the `most` newest matches, newest first, in one span of time after the other."""
        conditions = self.conditions()
        levels: list[str] = []
        parameters: list[Any] = []
        for number, span in enumerate(self._spans()):
            where = ["e.words @@ %s::tsquery", conditions.sql]
            values = [query, *conditions.parameters]
            # Once one level has enough, none behind it is run: PostgreSQL looks at these conditions first.
            where[:0] = [f"(SELECT count(*) FROM {name}{before}) < {most:d}" for before in range(number)]
            if span:
                where.insert(0, "e.words @@ %s::tsquery")
                values.insert(0, span)
            levels.append(
                f"{name}{number} AS MATERIALIZED (SELECT e.article_id, e.published_at FROM search_searchentry e "
                f"WHERE {' AND '.join(where)} ORDER BY e.published_at DESC, e.article_id DESC LIMIT {most:d})"
            )
            parameters += values
        union = " UNION ".join(f"SELECT * FROM {name}{number}" for number in range(len(levels)))
        levels.append(
            f"{name} AS MATERIALIZED (SELECT * FROM ({union}) AS u ORDER BY published_at DESC, article_id DESC "
            f"LIMIT {most:d}) "
        )
        return ", ".join(levels), parameters

    def _spans(self) -> list[str]:
        """The levels: a tsquery of spans of time each, and "" for all of it where none holds what is asked for."""
        end = int((self.newest or timezone.now()).timestamp())
        levels = []
        for level, (bits, taken) in enumerate(zip(SPANS, _TAKEN, strict=True)):
            last = end >> bits
            levels.append(" | ".join(quoted(f"§{level}.{last - back}") for back in range(taken)))
            if self.oldest is not None and (last - taken + 1) << bits <= self.oldest.timestamp():
                return levels
        return [*levels, ""]


class EntryIndex(PostgresIndex):  # type: ignore[misc]
    """Entries instead of modelsearch's rows."""

    def add_items(self, model: type[Article], objs: Sequence[Article]) -> None:
        entries.write([one.pk for one in objs])

    def delete_item(self, item: Article) -> None:
        entries.remove([item.pk])

    def reset(self) -> None:
        entries.remove_all()


class SearchBackend(PostgresSearchBackend):  # type: ignore[misc]
    """The engine of a site whose database is PostgreSQL."""

    is_elsewhere = False
    query_compiler_class = PostgresCompiler
    autocomplete_query_compiler_class = None
    index_class = EntryIndex
    results_class = FetchedResults
    # `manage.py rebuild_search` does it while the site serves.
    rebuilder_class = atomic_rebuilder_class = None

    def prepare(self) -> None:
        pass

    def entries_among(self, pks: Sequence[int]) -> set[int]:
        return set(SearchEntry.objects.filter(pk__in=pks).values_list("pk", flat=True))

    def count(self) -> int:
        return SearchEntry.objects.count()

    def update(self, pks: Collection[int]) -> None:
        entries.write(list(pks))

    def titled(self, words: Sequence[str], *, most: int) -> list[int]:
        query = " & ".join(quoted(f"~{word}") for word in words) + ":*"
        newest = PostgresCompiler(SearchedArticle.objects.published(), " ".join(words), order_by_relevance=False)
        with bounded(""):
            return newest.keys_of(query, most)

    def bounded(self, words: str) -> AbstractContextManager[None]:
        return bounded(words)

    def matching(self, words: Collection[str], query: str) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH q AS (SELECT tsvector_to_array(to_tsvector("
                f"'{CONFIGURATION}', {entries.normal('%s::text')})) AS stems) "
                "SELECT w FROM q, unnest(%s::text[]) AS w "
                f"WHERE tsvector_to_array(to_tsvector('{CONFIGURATION}', {entries.normal('w')})) && q.stems",
                [query, list(words)],
            )
            return {row[0] for row in cursor.fetchall()}
