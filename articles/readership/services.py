"""Record views and reads, and add them up."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from django.db.models import QuerySet

from articles.models import Article
from articles.readership import tracking
from articles.readership.models import ArticleHit, DailyStats, PageRead, PageView, PendingCount
from articles.readership.salts import daily_salt, destroy_old_salts
from articles.readership.visitors import Visitor, classify_hit, today


class Beacon(NamedTuple):
    """A request to count a view or a read."""

    model: type[ArticleHit]
    article_id: int
    visitor: Visitor


@tracking.retry_on_conflict
def ingest(beacons: Sequence[Beacon]) -> tuple[list[bool], int]:
    """Write the views and reads of today that are new; they are committed on return.

    Returns:
        for each beacon, whether its article is published; and how many rows were new.
    """
    day = today()
    salt = daily_salt(day)
    authors = dict(_authors().filter(pk__in={beacon.article_id for beacon in beacons}))
    new = 0
    for model in (PageView, PageRead):
        hits = [
            classify_hit(visitor, target_id=pk, author_id=authors[pk], day=day, salt=salt)
            for kind, pk, visitor in beacons
            if kind is model and pk in authors
        ]
        if hits:
            new += tracking.record_hits(hits, model=model, pending_model=PendingCount, metrics=model.metrics)
    return [beacon.article_id in authors for beacon in beacons], new


@cache
def _authors() -> QuerySet[Article, tuple[int, int]]:
    # Never evaluated itself; each filter copies it (see `articles.selectors`).
    return Article.objects.published().values_list("pk", "author_id")


def rollup(*, batch: int = 5000) -> int:
    """Add all pending views and reads to the daily statistics and the articles' counters. Returns their number."""
    return tracking.rollup(
        pending_model=PendingCount, stats_model=DailyStats, target="article", batch=batch, before=_add_to_articles
    )


def _add_to_articles(counts: tracking.DayCounts) -> None:
    # Lock the articles first, even without views to add: recount takes the same lock.
    views: Counter[int] = Counter()
    for (article_id, _), metrics in counts.items():
        views[article_id] += metrics["views"]
    locked = Article.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=views).order_by("pk")
    articles = list(locked.only("views"))
    for article in articles:
        article.views += views[article.pk]
    Article.objects.bulk_update([one for one in articles if views[one.pk]], ["views"], batch_size=500)


def delete_old_data(*, batch: int = 1000) -> int:
    """Destroy old salts and delete the hits of past days, whose sums stay. Returns the number of rows deleted."""
    destroy_old_salts()
    return sum(tracking.delete_old_hits(model=model, batch=batch) for model in (PageView, PageRead))
