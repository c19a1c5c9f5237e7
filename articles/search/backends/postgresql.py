"""Search on PostgreSQL: one GIN index answers every search in time that does not grow with the number of articles.

A row's `words` is a tsvector with these lexemes, told apart by their first character (no word begins with one):

    word     a stem of title (weight A), tags and author (B), summary (C) or body (D), with its positions;
    ^word    the same stem in title, tags or author: the few articles that are *about* it;
    ~word    a word of the title as it is written, for incomplete words;
    =title   a whole title that has only stop words ("It", "The Who");
    §…       filters: §s section, §a author, §l language, and §0. §1. §2. spans of time.

A search ranks a bounded number of the newest matches: `MAX_RANKED`, and `MAX_ABOUT` that have the words in title, tags
or author. For a frequent word those are in the newest span of time, so each search reads that span first, and an older
one only while it has too few.

The configuration `russian` stems words in Latin letters as English and all others as Russian, which leaves Armenian
words as they are. So texts that mix languages are right word by word.

docs/decisions/0011-search-engines.md says why this is SQL and what was measured.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery as TSQuery
from django.contrib.postgres.search import SearchRank
from django.db import connection, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, QuerySet
from django.utils import timezone

from articles.models import Article
from articles.search.backends.base import Backend, normalized_texts
from articles.search.models import SearchEntry
from articles.search.query import SearchQuery, Term, normalize, shorten, split_words
from core.pagination import KeysetOrdering

MAX_RANKED = 250
MAX_ABOUT = 150
# The weights of body, summary, tags and author, title.
WEIGHTS = [0.05, 0.15, 0.5, 1.0]
# PostgreSQL refuses a vector of more than 1 MB; a text of this many characters never reaches it (100 pages of a book).
MAX_CHARACTERS = 150_000
# Spans of time as bits of the seconds since 1970 (1.5 days, 24 days, 1 year and 3 weeks), and how many spans back from
# the newest a level takes (2 to 3 days, 7 to 10 weeks, 1 to 2 years).
SPANS = ((17, 2), (21, 3), (25, 2))

NEWEST = KeysetOrdering({"published_at": datetime, "article_id": int})

# OFFSET 0 keeps the planner from computing the vectors again wherever they are used.
_WRITE = """
INSERT INTO search_searchentry (article_id, published_at, words)
SELECT v.article_id, v.published_at,
  setweight(v.title, 'A') || setweight(v.names, 'B') || setweight(v.summary, 'C') || array_to_tsvector(
    string_to_array(v.lexemes, ' ')
    || ARRAY(SELECT '^' || stem FROM unnest(tsvector_to_array(v.title || v.names)) stem)
    || CASE WHEN length(v.title) = 0 THEN ARRAY['=' || v.whole_title] END) || v.body
FROM (
  SELECT d.article_id, d.published_at, d.lexemes, d.title AS whole_title,
    to_tsvector('russian', d.title) AS title,
    to_tsvector('russian', d.names) AS names,
    to_tsvector('russian', d.summary) AS summary,
    to_tsvector('russian', d.body) AS body
  FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS d(article_id, published_at, lexemes, title, names, summary, body)
  OFFSET 0
) v
ON CONFLICT (article_id) DO UPDATE SET published_at = EXCLUDED.published_at, words = EXCLUDED.words
"""
# The plans are for a few rows: no compilation, no parallel workers, and the index however many rows are estimated.
_PLANNING = """
SELECT set_config('jit', 'off', true), set_config('enable_seqscan', 'off', true),
  set_config('max_parallel_workers_per_gather', '0', true)
"""
_STEMS = """
SELECT ARRAY(
  SELECT array_to_string(tsvector_to_array(to_tsvector('russian', word)), ' ')
  FROM unnest(%s::text[]) WITH ORDINALITY AS words(word, position) ORDER BY position
)
"""
_MATCHED = """
SELECT word FROM unnest(%s::text[]) AS word
WHERE tsvector_to_array(to_tsvector('russian', word))
  && (SELECT tsvector_to_array(to_tsvector('russian', %s)))
"""


class Lexemes(TSQuery):
    """A query of lexemes as they are stored, which no configuration changes."""

    template = "%(expressions)s::tsquery"


class PostgreSQLBackend(Backend):
    """The engine of a site whose database is PostgreSQL."""

    model = SearchEntry

    def write(self, articles: Sequence[Article]) -> None:
        rows = []
        for article in articles:
            texts = normalized_texts(article)
            lexemes = " ".join(_lexemes(article, texts["title"]))
            body = texts["body"][:MAX_CHARACTERS]
            rows.append(
                (article.pk, article.published_at, lexemes, texts["title"], texts["names"], texts["summary"], body)
            )
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])

    @contextmanager
    def stop_at(self, deadline: float) -> Iterator[None]:
        def limit(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            milliseconds = max(0, int((deadline - time.monotonic()) * 1000)) + 1
            context["connection"].connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
            return execute(sql, params, many, context)

        connection = _connection_for_read()
        with transaction.atomic(using=connection.alias, savepoint=False), connection.execute_wrapper(limit):
            with connection.cursor() as cursor:
                cursor.execute(_PLANNING)
            yield

    def stem(self, terms: Sequence[Term]) -> list[Term]:
        words = list({word for term in terms for alternative in term for word in alternative})
        with _connection_for_read().cursor() as cursor:
            cursor.execute(_STEMS, [words])
            stems = dict(zip(words, cursor.fetchone()[0], strict=True))
        return [stemmed for term in terms if (stemmed := _stem(term, stems))]

    def search(self, query: SearchQuery, terms: Sequence[Term], *, limit: int) -> list[int]:
        join = (" | " if query.match_any else " & ").join
        parts = [_tsquery(term) for term in terms]
        if query.match_any:
            parts += [f"{_quote(f'~{word}')}:*" for word in shorten(split_words(query.words))]
        elif not terms:
            parts = [_quote(f"={normalize(query.words)}")]
        if query.newest_first:
            return _newest(query, join(parts), limit=limit)
        pks = _newest(query, join(parts), limit=MAX_RANKED)
        # Where there are more matches, those among them that are about the words.
        if len(pks) == MAX_RANKED and terms:
            about = join(_tsquery(term, prefix="^") for term in terms)
            pks += _newest(query, about, limit=MAX_ABOUT)
        rank = SearchRank(F("words"), Lexemes(join(parts)), weights=WEIGHTS, normalization=1)
        ranked = SearchEntry.objects.filter(pk__in=pks).order_by(rank.desc(), *NEWEST.names)
        return list(ranked.values_list("pk", flat=True)[query.offset : query.offset + limit])

    def search_titles(self, words: Sequence[str], *, limit: int) -> list[int]:
        lexemes = " & ".join(_quote(f"~{word}") for word in words) + ":*"
        return _newest(SearchQuery(words=""), lexemes, limit=limit)

    def matched_terms(self, candidates: Collection[str], query: str) -> set[str]:
        with _connection_for_read().cursor() as cursor:
            cursor.execute(_MATCHED, [list(candidates), normalize(query)])
            return {row[0] for row in cursor.fetchall()}


def _connection_for_read() -> BaseDatabaseWrapper:
    """Return the connection that querysets use in this request: perhaps a replica's (`core.replicas`)."""
    return connections[router.db_for_read(SearchEntry)]


def _lexemes(article: Article, title: str) -> Iterator[str]:
    """Yield the lexemes of an entry that are no stems; `title` is normalized."""
    assert article.published_at is not None  # The constraint article_published_has_time_and_text.
    yield from (f"§s{article.section_id}", f"§l{article.language}")
    for pk in sorted(article.author_pks):
        yield f"§a{pk}"
    for level, (bits, _taken) in enumerate(SPANS):
        yield f"§{level}.{int(article.published_at.timestamp()) >> bits}"
    for word in title.split():
        yield f"~{word}"


def _stem(term: Term, stems: dict[str, str]) -> Term:
    """Return the term with stems for words; without stop words, which have none."""
    alternatives = (" ".join(stems[word] for word in words).split() for words in term)
    return tuple(tuple(words) for words in alternatives if words)


def _quote(lexeme: str) -> str:
    """Return a lexeme in the syntax of a tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _tsquery(term: Term, *, prefix: str = "") -> str:
    return "(" + " | ".join(" & ".join(_quote(prefix + word) for word in words) for words in term) + ")"


def _filter(query: SearchQuery) -> QuerySet[SearchEntry]:
    """Return the entries that the filters of a query leave. Lexemes narrow a search before any row is read."""
    entries = SearchEntry.objects.all()
    if query.section:
        entries = entries.filter(words=Lexemes(f"§s{query.section.pk}"))
    if query.author:
        entries = entries.filter(words=Lexemes(f"§a{query.author.pk}"))
    if query.language:
        entries = entries.filter(words=Lexemes(f"§l{query.language}"))
    if since := query.published_since:
        entries = entries.filter(published_at__gte=since)
    return entries


def _newest(query: SearchQuery, lexemes: str, *, limit: int) -> list[int]:
    """Return the keys of the newest entries that match a tsquery and the query's filters.

    It is one statement, which ends in the span of time that has enough.
    """
    entries = NEWEST.sort(_filter(query))
    if query.before:
        entries = NEWEST.filter_after(entries, query.before)
    # PostgreSQL executes the parts of UNION ALL one after the other, and only until the limit is reached.
    first, *wider = (
        entries.filter(words=Lexemes(f"({lexemes}) & {span}")).values_list("pk", flat=True)[:limit]
        for span in _spans(query.before[0] if query.before else timezone.now(), query.published_since)
    )
    return list(first.union(*wider, all=True)[:limit])


def _spans(newest: datetime, oldest: datetime | None) -> Iterator[str]:
    """Yield tsqueries of spans of time that do not overlap, newest first, until one reaches back to `oldest`."""
    newer = ""
    for level, (bits, taken) in enumerate(SPANS):
        last = int(newest.timestamp()) >> bits
        span = "(" + " | ".join(_quote(f"§{level}.{last - back}") for back in range(taken)) + ")"
        yield span + newer
        if oldest is not None and (last - taken + 1) << bits <= oldest.timestamp():
            return
        newer = f" & !{span}"
    yield newer.removeprefix(" & ")
