"""Record views and reads, and add them up."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

from django.db.models import QuerySet

from articles.models import Article
from articles.readership import tracking
from articles.readership.exits import MAX_SITES, OTHER, SITE_PREFIX
from articles.readership.models import (
    ArticleHit,
    DailyReferrer,
    DailyStats,
    PageExit,
    PageRead,
    PageView,
    PendingCount,
    PendingExitCount,
)
from articles.readership.salts import daily_salt, destroy_old_salts
from articles.readership.visitors import Visitor, classify_hit, today

# Days for which the sites that readers came from are stored.
REFERRER_DAYS = 400


class Beacon(NamedTuple):
    """A request to count a view, a read or an exit."""

    model: type[ArticleHit]
    article_id: int
    visitor: Visitor
    # What an exit adds to the statistics.
    metrics: tuple[str, ...] = ()


@tracking.retry_on_conflict
def ingest(beacons: Sequence[Beacon]) -> tuple[list[bool], int]:
    """Write the views, reads and exits of today that are new; they are committed on return.

    Returns:
        for each beacon, whether its article is published; and how many rows were new.
    """
    day = today()
    salt = daily_salt(day)
    found = _authors().filter(pk__in={beacon.article_id for beacon in beacons})
    authors = {pk: {author_id, *(key for key, *_names in coauthors)} for pk, author_id, coauthors in found}
    new = 0
    for model in {beacon.model: None for beacon in beacons}:
        hits = [
            classify_hit(visitor, target_id=pk, author_ids=authors[pk], day=day, salt=salt, metrics=metrics)
            for kind, pk, visitor, metrics in beacons
            if kind is model and pk in authors
        ]
        if hits:
            pending = PendingExitCount if model is PageExit else PendingCount
            new += tracking.record_hits(hits, model=model, pending_model=pending, metrics=model.metrics)
    return [beacon.article_id in authors for beacon in beacons], new


@cache
def _authors() -> QuerySet[Article, tuple[int, int, list[tuple[int, str, str]]]]:
    # Never evaluated itself; each filter copies it (see `articles.selectors`).
    return Article.objects.published().values_list("pk", "author_id", "coauthors")


def rollup(*, batch: int = 5000) -> int:
    """Add all pending counts to the statistics and the articles' counters. Returns the number of views and reads."""
    added = tracking.rollup(
        pending_model=PendingCount, stats_model=DailyStats, target="article", batch=batch, before=_add_to_articles
    )
    tracking.rollup(
        pending_model=PendingExitCount, stats_model=DailyStats, target="article", batch=batch, before=_add_referrers
    )
    return added


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


def _add_referrers(counts: tracking.DayCounts) -> None:
    """Take the sites out of the counts and add them to their own table."""
    # Two rollups of an article would not see each other's new rows.
    locked = Article.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    list(locked.filter(pk__in={article_id for article_id, _ in counts}).values_list("pk"))
    rows = DailyReferrer.objects.filter(
        article__in={article_id for article_id, _ in counts}, day__in={day for _, day in counts}
    )
    found: dict[tuple[int, date], dict[str, DailyReferrer]] = {key: {} for key in counts}
    for row in rows:
        if (row.article_id, row.day) in found:
            found[row.article_id, row.day][row.site] = row
    for (article_id, day), metrics in counts.items():
        sites = found[article_id, day]
        for metric in [metric for metric in metrics if metric.startswith(SITE_PREFIX)]:
            site = metric.removeprefix(SITE_PREFIX)
            if site not in sites and len(sites) >= MAX_SITES:
                site = OTHER
            row = sites.setdefault(site, DailyReferrer(article_id=article_id, day=day, site=site, visits=0))
            row.visits += metrics.pop(metric)
    changed = [row for sites in found.values() for row in sites.values()]
    DailyReferrer.objects.bulk_create([row for row in changed if row.pk is None], batch_size=500)
    DailyReferrer.objects.bulk_update([row for row in changed if row.pk is not None], ["visits"], batch_size=500)


def delete_old_data(*, batch: int = 1000) -> int:
    """Destroy old salts, delete the hits of past days, whose sums stay, and old sites. Returns the number of rows."""
    destroy_old_salts()
    deleted = sum(tracking.delete_old_hits(model=model, batch=batch) for model in (PageView, PageRead, PageExit))
    return deleted + tracking.delete_old_hits(model=DailyReferrer, batch=batch, keep_days=REFERRER_DAYS)
