"""Fill the search index of a database whose articles were not written by the product's service functions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

from django.db import connection

from articles.search import services
from articles.selectors import article_pk_ranges
from bench.benchmark_data import django_process
from spokesperson.operations.progress import Progress

SPAN = 2_000  # articles that one process indexes at a time


def index_articles() -> None:
    """Index all published articles in the current transaction."""
    for first, last in article_pk_ranges():
        index_span((first, last))


def fill_search_index(*, progress: Progress, processes: int) -> None:
    """Index all published articles on PostgreSQL in several processes; commits as it goes.

    Processes, because Python takes more time to normalize a text than PostgreSQL to parse it. Not for a site that is in
    use: while this runs, searches have no index.
    """
    spans = list(article_pk_ranges(SPAN))
    database = connection.settings_dict["NAME"]
    with (
        rebuilt_index(),
        ProcessPoolExecutor(
            processes, mp_context=get_context("spawn"), initializer=django_process.use_database, initargs=(database,)
        ) as pool,
    ):
        for number, _ in enumerate(pool.map(partial(django_process.call, f"{__name__}.index_span"), spans), 1):
            progress.status(f"  search: {number} of {len(spans)} parts")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_searchentry")


def index_span(span: tuple[int, int]) -> None:
    """Index the published articles from the first to the last primary key."""
    first, last = span
    services.update_index(range(first, last + 1))


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
