"""Fill the search index of a database whose articles were not written by the product's service functions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

from articles.search import services
from articles.selectors import article_pk_ranges
from demo.progress import Progress

SPAN = 10_000  # articles that one thread indexes at a time


def index_articles() -> None:
    """Index all published articles in the current transaction."""
    for first, last in article_pk_ranges():
        services.update_index(range(first, last + 1))


def fill_search_index(*, progress: Progress, threads: int) -> None:
    """Index all published articles on PostgreSQL, with one connection per thread; commits as it goes.

    Not for a site that is in use: while this runs, searches have no index.
    """
    spans = list(article_pk_ranges(SPAN))
    with rebuilt_index(), ThreadPoolExecutor(threads) as pool:
        for number, _ in enumerate(pool.map(_index_span, spans), 1):
            progress.status(f"  search: {number} of {len(spans)} parts")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_searchentry")


def _index_span(span: tuple[int, int]) -> None:
    first, last = span
    try:
        services.update_index(range(first, last + 1))
    finally:
        connection.close()


@contextmanager
def rebuilt_index() -> Iterator[None]:
    """Drop the GIN index during the block: building it at the end is several times faster than adding row by row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'search_entry_words'")
        (definition,) = cursor.fetchone()
        cursor.execute("DROP INDEX search_entry_words")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SHOW maintenance_work_mem")
            (memory,) = cursor.fetchone()
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute(definition)
            cursor.execute(f"SET maintenance_work_mem = '{memory}'")
