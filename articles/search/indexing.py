"""Keeping the index true: what the verbs of publishing call, and what fills or mends all of it.

A published article is in the index and nothing else is. The database's own engines are written in the transaction that
publishes or hides, so a search is never behind. OpenSearch is told after the commit, by a task; whatever engine
answers, the articles themselves are then fetched with "is published" in the query (`articles.search.finding`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction
from django.tasks import task

from accounts.models import User
from articles.models import Article, Tag
from articles.search import entries
from articles.search.engine import engine

BATCH = 500

Say = Callable[[str], None]


def update(*pks: int) -> None:
    """Make the index say what the database says of these articles: there while they are published, gone otherwise.

    To be called inside the transaction that changed them.
    """
    if engine().is_elsewhere:
        transaction.on_commit(lambda: update_elsewhere.enqueue(list(pks)))
    else:
        engine().update(pks)


@task
def update_elsewhere(pks: list[int]) -> None:
    """Tell a service what the database says of these articles now; may run twice or late."""
    engine().update(pks)


def update_of_author(author: User) -> None:
    """An author has another name now."""
    _update_many(Article.objects.published().by(author).values_list("pk", flat=True).order_by("pk").iterator())


def update_of_tag(tag: Tag) -> None:
    """A tag has another name now."""
    _update_many(tag.article_tags.values_list("article", flat=True).order_by("article").iterator())


def _update_many(pks: Iterator[int]) -> None:
    batch: list[int] = []
    for pk in pks:
        batch.append(pk)
        if len(batch) == BATCH:
            update(*batch)
            batch = []
    if batch:
        update(*batch)


def fill_all(*, say: Say = str, threads: int = 2) -> int:
    """Index every published article of a database that was filled past the verbs (`seed_load`); PostgreSQL alone.

    Commits as it goes. Must not run beside publishing: where the index is empty it is built when the rows are there,
    which is several times as quick as row by row.

    Args:
        say: takes a line of progress.
        threads: connections that work at the same time.

    Returns:
        how many entries there are then.
    """
    spans = list(entries.spans())
    say(f"search: {len(spans)} parts to read")
    with entries.index_at_the_end(), ThreadPoolExecutor(threads) as pool:
        for number, _ in enumerate(pool.map(entries.fill_span_and_close, spans), 1):
            say(f"search: {number} of {len(spans)} parts")
    say("search: the index stands")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_searchentry")
        cursor.execute("SELECT count(*) FROM search_searchentry")
        return int(cursor.fetchone()[0])
