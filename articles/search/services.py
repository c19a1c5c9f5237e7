"""Update, rebuild and check the search index. A published article is in it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from accounts.models import User
from articles.models import Article, Tag
from articles.search import tasks
from articles.search.backends import get_backend

# How many articles `rebuild` locks at a time: their authors, moderators and voters wait meanwhile.
REBUILD_BATCH = 100
# How many articles of a renamed author or tag are updated before the response, and in each task after it.
RENAME_BATCH = 500


def update_index(pks: Collection[int]) -> None:
    """Make the index match the database for these articles.

    Call it in the transaction that changes them: the entries are committed or rolled back with it.
    """
    get_backend().index(pks)


def update_author(author: User) -> None:
    """Update the articles of an author whose name changed."""
    _update_many(list(Article.objects.published().by(author).new().values_list("pk", flat=True)))


def update_tag(tag: Tag) -> None:
    """Update the articles with a tag whose name changed."""
    _update_many(list(tag.article_tags.order_by("-published_at").values_list("article", flat=True)))


def _update_many(pks: list[int]) -> None:
    """Update a batch now and the rest in tasks: a user who renames something does not wait for 10,000 articles."""
    update_index(pks[:RENAME_BATCH])
    for start in range(RENAME_BATCH, len(pks), RENAME_BATCH):
        batch = pks[start : start + RENAME_BATCH]
        transaction.on_commit(partial(tasks.update_index.enqueue, batch))


def rebuild(
    *, first: int = 0, last: int | None = None, batch_size: int = REBUILD_BATCH, report: Callable[[str], object] = str
) -> int:
    """Write the entries of all articles again and remove entries that do not belong, while the site serves.

    Each batch is a transaction that locks its articles: what is published, edited or hidden meanwhile is written before
    or after the batch, and never overwritten by it.

    Args:
        first: the primary key to start from.
        last: the last primary key. With `first`, several processes can share the work.
        batch_size: the number of articles in a transaction.
        report: is called with a line of progress after each batch.

    Returns:
        The number of published articles.
    """
    backend = get_backend()
    articles = Article.objects.order_by("pk")
    if last is not None:
        articles = articles.filter(pk__lte=last)
    count = 0
    while pks := list(articles.filter(pk__gte=first).values_list("pk", flat=True)[:batch_size]):
        with transaction.atomic():
            locked = Article.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
            states = list(locked.values_list("state", flat=True))
            backend.index(pks)
        count += states.count(Article.State.PUBLISHED)
        first = pks[-1] + 1
        report(f"up to article {pks[-1]}: {count} are in the index")
    _surplus().delete()
    return count


@dataclass(frozen=True, kw_only=True)
class IndexCheck:
    """The numbers of published articles with and without an entry, and of entries without a published article."""

    indexed: int
    missing: int
    surplus: int


def check() -> IndexCheck:
    """Compare the published articles with the entries; changes nothing."""
    entries = get_backend().model._default_manager.filter(pk=OuterRef("pk"))
    published = Article.objects.published()
    return IndexCheck(
        indexed=published.filter(Exists(entries)).count(),
        missing=published.exclude(Exists(entries)).count(),
        surplus=_surplus().count(),
    )


def _surplus() -> QuerySet[Model]:
    """Return the entries of articles that are not published or were deleted."""
    published = Article.objects.published().filter(pk=OuterRef("pk"))
    return get_backend().model._default_manager.exclude(Exists(published))
