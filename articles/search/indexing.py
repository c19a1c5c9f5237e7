"""Keeping the index true: what the verbs of publishing call.

A published article is in the index and nothing else is. The database's own engines are written in the transaction that
publishes or hides, so a search is never behind. OpenSearch is told after the commit, by a task; whatever engine
answers, the articles themselves are then fetched with "is published" in the query (`articles.search.finding`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.db import transaction
from django.tasks import task

from accounts.models import User
from articles.models import Article, Tag
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
