"""Update, rebuild and check the search index. A published article is in it, and nothing else."""

from collections.abc import Callable, Collection

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from articles.models import Article
from articles.search import tasks
from articles.search.backends import get_backend
from articles.selectors import article_pk_ranges

# How many articles `rebuild` locks at a time: their authors, moderators and voters wait meanwhile.
REBUILD_BATCH = 100
# How many articles of a renamed author or tag are updated before the response, and in each task after it.
RENAME_BATCH = 500


def update_index(pks: Collection[int]) -> None:
    """Make the index match the database for these articles.

    Call it in the transaction that changes them: the entries are committed or rolled back with it.
    """
    get_backend().index(pks)


def update_many(pks: list[int]) -> None:
    """Update a batch now and the rest in tasks: a user who renames something does not wait for 10,000 articles."""
    update_index(pks[:RENAME_BATCH])
    for start in range(RENAME_BATCH, len(pks), RENAME_BATCH):
        batch = pks[start : start + RENAME_BATCH]
        tasks.update_index.enqueue(batch)


def rebuild(*, batch_size: int = REBUILD_BATCH, report: Callable[[str], object] = str) -> int:
    """Write all entries again while the site serves, remove surplus ones, and return how many articles are published.

    Each batch is a transaction that locks its articles: what is published, edited or hidden meanwhile is written before
    or after the batch, and never overwritten by it.

    Args:
        batch_size: the number of articles in a transaction.
        report: is called with a line of progress after each batch.
    """
    count = 0
    for pks in article_pk_ranges(batch_size):
        with transaction.atomic():
            locked = Article.objects.select_for_update(no_key=True).filter(pk__range=pks).order_by("pk")
            articles = list(locked.only("state", "published_at"))
            update_index([article.pk for article in articles])
        count += sum(article.is_public for article in articles)
        report(f"up to article {pks[1]}: {count} are in the index")
    _surplus().delete()
    return count


def check() -> tuple[int, int]:
    """Return how many published articles have no entry, and how many entries have no published article.

    Those whose time has come a moment ago get their entry when they are announced.
    """
    entries = get_backend().model._default_manager.filter(pk=OuterRef("pk"))
    announced = Article.objects.published().filter(is_unannounced=False)
    return announced.exclude(Exists(entries)).count(), _surplus().count()


def _surplus() -> QuerySet[Model]:
    """Return the entries of articles that are not published or were deleted."""
    published = Article.objects.published().filter(pk=OuterRef("pk"))
    return get_backend().model._default_manager.exclude(Exists(published))
