"""Search on SQLite: an FTS5 table, ranked by BM25, with prefixes instead of stems."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, F, FloatField, Func, Lookup, QuerySet, When

from articles.models import Article
from articles.search.backends.base import Backend, normalized_texts
from articles.search.models import FTSEntry
from articles.search.query import SearchQuery, Term, normalize, parse_terms, shorten
from core.pagination import KeysetOrdering

NEWEST = KeysetOrdering({"article__published_at": datetime, "article_id": int})


class Match(Lookup[str]):
    """FTS5's MATCH: the entries that match an expression of its query syntax, which names the columns."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        expression, parameters = self.process_rhs(compiler, connection)
        return f'"search_ftsentry" MATCH {expression}', parameters


class BM25(Func):
    """FTS5's rank of an entry, the best first, with the weights of title, names, summary and body."""

    template = 'bm25("search_ftsentry", 10.0, 4.0, 2.0, 1.0)'
    output_field = FloatField()


class SQLiteBackend(Backend):
    """The engine of a site whose database is SQLite."""

    model = FTSEntry

    def write(self, articles: Sequence[Article]) -> None:
        # A virtual table knows no upsert.
        with transaction.atomic():
            self.remove([article.pk for article in articles])
            FTSEntry.objects.bulk_create(FTSEntry(article=article, **normalized_texts(article)) for article in articles)

    @contextmanager
    def stop_at(self, deadline: float) -> Iterator[None]:
        connection.ensure_connection()
        # Asked every 10,000 steps of SQLite's virtual machine; True ends the statement.
        connection.connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        try:
            yield
        finally:
            connection.connection.set_progress_handler(None, 0)

    def search(self, query: SearchQuery, terms: Sequence[Term], *, limit: int) -> list[int]:
        expression = (" OR " if query.match_any else " AND ").join(
            _term(term, shortened=query.match_any) for term in terms
        )
        entries = _matching(expression)
        if query.section:
            entries = entries.filter(article__section=query.section)
        if query.author:
            entries = entries.filter(article__in=Article.objects.all_pks_of(query.author))
        if query.language:
            entries = entries.filter(article__language=query.language)
        if since := query.published_since:
            entries = entries.filter(article__published_at__gte=since)
        if query.before:
            entries = NEWEST.filter_after(entries, query.before)
        if not query.newest_first:
            # First the articles whose title is the query; a title may consist of words that every text has.
            has_other_title = Case(When(title=normalize(query.words), then=0), default=1)
            entries = entries.order_by(has_other_title, BM25(), *NEWEST.names)
        return list(entries.values_list("pk", flat=True)[query.offset : query.offset + limit])

    def search_titles(self, words: Sequence[str], *, limit: int) -> list[int]:
        entries = _matching("title : (" + " AND ".join(map(_prefix, words)) + ")")
        return list(entries.values_list("pk", flat=True)[:limit])

    def matched_terms(self, candidates: Collection[str], query: str) -> set[str]:
        words = [word for term in parse_terms(query) for alternative in term for word in alternative]
        return _beginning_with(candidates, words) or _beginning_with(candidates, shorten(words))


def _matching(expression: str) -> QuerySet[FTSEntry]:
    """Return the entries of published articles that match, newest first."""
    entries = FTSEntry.objects.filter(Match(F("body"), expression), article__state=Article.State.PUBLISHED)
    return NEWEST.sort(entries)


def _prefix(word: str) -> str:
    return f'"{word}"*'


def _term(term: Term, *, shortened: bool) -> str:
    alternatives = (shorten(words) if shortened else words for words in term)
    return "(" + " OR ".join("(" + " AND ".join(map(_prefix, words)) + ")" for words in alternatives) + ")"


def _beginning_with(candidates: Collection[str], prefixes: Sequence[str]) -> set[str]:
    return {word for word in candidates if word.startswith(tuple(prefixes))}
