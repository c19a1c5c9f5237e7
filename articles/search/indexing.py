"""Keeping the index true: what the verbs of publishing call, and what fills or mends all of it.

A published article is in the index and nothing else is. The database's own engines are written in the transaction that
publishes or hides, so a search is never behind. OpenSearch is told after the commit, by a task; whatever engine
answers, the articles themselves are then fetched with "is published" in the query (`articles.search.finding`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import connection, transaction
from django.tasks import task

from accounts.models import User
from articles.models import Article, Tag
from articles.search import entries
from articles.search.engine import engine

BATCH = 500

Say = Callable[[str], None]


def silent(line: str) -> None:
    """Say nothing."""


def update(*pks: int) -> None:
    """Make the index say what the database says of these articles: there while they are published, gone otherwise.

    To be called inside the transaction that changed them.
    """
    if engine().is_elsewhere:
        transaction.on_commit(lambda: update_later.enqueue(list(pks)))
    else:
        engine().update(pks)


@task
def update_later(pks: list[int]) -> None:
    """`update` in the background; says what the database says then, so it may run twice or late."""
    engine().update(pks)


def update_of_author(author: User) -> None:
    """An author has another name now ."""
    _update_many(list(Article.objects.published().by(author).new().values_list("pk", flat=True)))


def update_of_tag(tag: Tag) -> None:
    """A tag has another name now."""
    _update_many(list(tag.article_tags.order_by("-published_at").values_list("article", flat=True)))


def _update_many(pks: list[int]) -> None:
    """A batch at once, and the rest after the commit: who renames a thing need not wait for ten thousand articles."""
    if pks[:BATCH]:
        update(*pks[:BATCH])
    for start in range(BATCH, len(pks), BATCH):
        batch = pks[start : start + BATCH]
        transaction.on_commit(partial(update_later.enqueue, batch))


def fill_all(*, say: Say = silent, threads: int = 2) -> int:
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
