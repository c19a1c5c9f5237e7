"""Invent the votes and views of the demonstration's articles."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from articles.models import Article
from articles.readership.exits import NO_REFERRER, SAME_SITE
from articles.readership.models import ArticleHit, DailyReferrer, DailyStats, PageRead, PageView
from articles.readership.visitors import today
from articles.voting.services import Choice, cast_vote
from demo.users import VOTERS

# The sites that readers come from, with their shares of the exits that are reported.
SITES = {
    NO_REFERRER: 0.38,
    SAME_SITE: 0.24,
    "google.com": 0.16,
    "t.me": 0.12,
    "facebook.com": 0.07,
    "forum.example.org": 0.03,
}


def add_votes_and_views(*, article: Article, published_at: datetime, rng: random.Random) -> None:
    """Cast votes on a published article and write the views of each day since its publication."""
    age = timezone.now() - published_at
    votes = _votes(rng, author=article.author.username, age=age)
    voters = User.objects.in_bulk(votes, field_name="username")
    for username, value in votes.items():
        cast_vote(article=article, user=voters[username], value=value)
    first, last = timezone.localdate(published_at), today()
    views = _daily_views(rng, age=age, days=(last - first).days + 1, minimum=4 * len(votes) + 9)
    read_share = rng.uniform(0.25, 0.6)
    days = [
        DailyStats(
            article=article,
            day=first + timedelta(days=index),
            views=count,
            reads=round(count * read_share),
            by_author=1 if index == 0 else 0,
            by_staff=1 if index < 2 else 0,
            by_bots=round(count * rng.uniform(0.1, 0.4)),
            quarter_1=round(count * (1 - read_share) * 0.5),
            quarter_2=round(count * (1 - read_share) * 0.25),
            quarter_3=round(count * (1 - read_share) * 0.15),
            quarter_4=round(count * read_share),
        )
        for index, count in enumerate(views)
        if count
    ]
    DailyStats.objects.bulk_create(days)
    DailyReferrer.objects.bulk_create(
        DailyReferrer(article=article, day=stats.day, site=site, visits=visits)
        for stats in days
        for site, share in SITES.items()
        if (visits := round(stats.views * 0.9 * share))
    )
    Article.objects.filter(pk=article.pk).update(views=sum(day.views for day in days))
    # The site stores the rows of two days, and `recount` compares them with the statistics.
    for stats in days:
        if stats.day < last - timedelta(days=1):
            continue
        kinds = {
            ArticleHit.Kind.COUNTED: stats.views,
            ArticleHit.Kind.AUTHOR: stats.by_author,
            ArticleHit.Kind.STAFF: stats.by_staff,
            ArticleHit.Kind.BOT: stats.by_bots,
        }
        PageView.objects.bulk_create(_visits(PageView, stats, kinds, rng))
        PageRead.objects.bulk_create(_visits(PageRead, stats, {ArticleHit.Kind.COUNTED: stats.reads}, rng))


def _votes(rng: random.Random, *, author: str, age: timedelta) -> dict[str, Choice]:
    """Return username → 1 or −1: most articles are liked, a few are divisive, the newest have few votes yet."""
    others = [user.username for user in VOTERS if user.username != author]
    turnout = rng.betavariate(2.2, 3) * _share_of_readers(age)
    approval = rng.choice([0.55, 0.72, 0.82, 0.88, 0.92, 0.95, 0.97])
    voters = rng.sample(others, round(turnout * len(others)))
    return {voter: 1 if rng.random() < approval else -1 for voter in voters}


def _daily_views(rng: random.Random, *, age: timedelta, days: int, minimum: int) -> list[int]:
    """Return the counted views of each day since publication, fewer on every day; their sum is at least `minimum`."""
    total = max(minimum, round(rng.lognormvariate(math.log(520), 0.65) * _share_of_readers(age)))
    weights = [0.6**day * rng.uniform(0.7, 1.3) + 0.004 for day in range(days)]
    views = [math.floor(total * weight / sum(weights)) for weight in weights]
    views[0] += total - sum(views)
    return views


def _share_of_readers(age: timedelta) -> float:
    """Return the share of an article's readers who have read it by now."""
    return 1 - 0.85 * math.exp(-age / timedelta(hours=16))


def _visits[Row: ArticleHit](
    model: type[Row], stats: DailyStats, kinds: dict[ArticleHit.Kind, int], rng: random.Random
) -> Iterator[Row]:
    """Return the rows that the view beacon would have written on a day, with random visitors."""
    for kind, count in kinds.items():
        for _ in range(count):
            visitor, source = (UUID(bytes=rng.randbytes(16)) for _ in range(2))
            yield model(article=stats.article, day=stats.day, visitor=visitor, source=source, kind=kind)
