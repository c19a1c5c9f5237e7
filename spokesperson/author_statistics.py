"""An author's statistics, of one article or of all: charts by day with their table, and CSV files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, cast

from django.contrib.auth.decorators import login_required
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.models import User
from articles.models import Article
from articles.readership.author_selectors import ReaderCounts, Sites, counts_by_day, sites
from articles.readership.exits import MIN_VISITS, site_shown
from articles.readership.services import REFERRER_DAYS
from articles.readership.visitors import today
from articles.selectors import own_article
from articles.voting.selectors import votes_by_day
from core.charts import Chart, chart
from core.csv_files import csv_response

ALL = "all"
# Name → number of days; with all days, the page shows months.
PERIODS: dict[str, int | None] = {"7": 7, "30": 30, "90": 90, ALL: None}
DEFAULT_PERIOD = "30"
# Labels below a chart.
MARKS = 6
MAX_MONTHS = 240
# What can be downloaded.
TABLES = ("days", "sites")


class Row(NamedTuple):
    """A day, or the month that begins with it."""

    day: date
    readers: ReaderCounts = ReaderCounts()
    likes: int = 0
    dislikes: int = 0

    def plus(self, other: "Row") -> "Row":
        """Return this day or month with another one added."""
        readers = self.readers.plus(other.readers)
        return Row(self.day, readers, self.likes + other.likes, self.dislikes + other.dislikes)

    @property
    def is_empty(self) -> bool:
        return not (self.readers.views or self.readers.reads or self.readers.exits or self.likes or self.dislikes)

    @property
    def quarters(self) -> Sequence[int] | None:
        """Where readers stopped; None if they are too few, or if it was not counted yet."""
        return self.readers.quarters if self.readers.exits >= MIN_VISITS else None


class Statistics(NamedTuple):
    """What the page shows of a period."""

    rows: Sequence[Row]  # Every day or month, oldest first.
    days: Sequence[Row]  # Days with numbers, oldest first.
    total: Row
    sites: Sites
    # The first day for which it is known where readers stopped; None if that is the whole period.
    exits_since: date | None


@require_safe
@login_required
def article_statistics(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the statistics of one of the user's own articles."""
    article = own_article(request.user, pk, or_as_coauthor=True)
    return _page(request, {"article": article.pk}, article)


@require_safe
@login_required
def all_statistics(request: HttpRequest) -> HttpResponse:
    """Show the sums of all articles of the user."""
    return _page(request, _written_by(cast("User", request.user)), None)


@require_safe
@login_required
def article_statistics_csv(request: HttpRequest, pk: int, table: str) -> HttpResponse:
    """Return a table of one of the user's own articles as a file: "days" or "sites"."""
    article = own_article(request.user, pk, or_as_coauthor=True)
    return _csv(request, {"article": article.pk}, table, f"{table}-{article.pk}")


@require_safe
@login_required
def all_statistics_csv(request: HttpRequest, table: str) -> HttpResponse:
    """Return a table of all articles of the user as a file."""
    return _csv(request, _written_by(cast("User", request.user)), table, table)


def _written_by(user: User) -> dict[str, Any]:
    """Return the condition for the articles of which the user is the author or a co-author."""
    return {"article__in": Article.objects.all_pks_of(user)}


def statistics(articles: Mapping[str, Any], *, period: str) -> Statistics:
    """Return the statistics of a period that ends today, in four queries.

    Args:
        articles: which articles, as arguments for `filter` of models with an `article`.
        period: a key of `PERIODS`.
    """
    until, number = today(), PERIODS[period]
    since = until - timedelta(days=number - 1) if number else None
    readers = counts_by_day(articles, since=since, until=until)
    votes = votes_by_day(articles, since=since)
    empty = ReaderCounts()
    days = [
        Row(day, readers.get(day, empty), *votes.get(day, (0, 0)))
        for day in sorted(readers.keys() | votes.keys())
        if day <= until
    ]
    rows = {day: Row(day) for day in (_days(since, until) if since else _months(days, until))}
    for row in days:
        day = row.day if since else row.day.replace(day=1)
        if day in rows:
            rows[day] = rows[day].plus(row)
    total = Row(until)
    for row in days:
        total = total.plus(row)
    counted = [row.day for row in days if row.readers.quarters is not None]
    is_partial = any(row.readers.quarters is None and row.readers.views for row in days)
    found = sites(articles, since=since, until=until)
    return Statistics(list(rows.values()), days, total, found, min(counted, default=until) if is_partial else None)


def _days(since: date, until: date) -> Iterator[date]:
    return (since + timedelta(days=n) for n in range((until - since).days + 1))


def _months(days: Sequence[Row], until: date) -> list[date]:
    """Return the first days of the months since the first day, and of some before: a multiple of `MARKS`."""
    first = days[0].day if days else until
    number = 12 * (until.year - first.year) + until.month - first.month + 1
    number = min(-(-number // MARKS) * MARKS, MAX_MONTHS)
    last = 12 * until.year + until.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(last - number + 1, last + 1)]


def _period(request: HttpRequest) -> str:
    period = request.GET.get("days", "")
    return period if period in PERIODS else DEFAULT_PERIOD


def _page(request: HttpRequest, articles: Mapping[str, Any], article: Article | None) -> HttpResponse:
    period = _period(request)
    found = statistics(articles, period=period)
    labels = {"7": _("7 days"), "30": _("30 days"), "90": _("90 days"), ALL: pgettext("period", "All time")}
    values: list[tuple[str, str, Callable[[Row], int]]] = [
        ("views", _("Views"), lambda row: row.readers.views),
        ("reads", _("Reads"), lambda row: row.readers.reads),
        ("likes", _("Likes"), lambda row: row.likes),
        ("dislikes", _("Dislikes"), lambda row: row.dislikes),
    ]
    step = 1 if period == "7" else len(found.rows) // MARKS
    context = {
        "article": article,
        "here": "my_articles",
        "period": period,
        "periods": labels.items(),
        "is_all": period == ALL,
        "charts": {key: _chart(found.rows, name, value, period) for key, name, value in values},
        "marks": [row.day for row in found.rows[::step]],
        "quarters": _bars(_quarters(found.total), found.total.readers.exits),
        "sites": _bars(_sites(found.sites), found.sites.total),
        "statistics": found,
        "rows": [row for row in reversed(found.rows) if not row.is_empty],
        "min_visits": MIN_VISITS,
        "site_months": REFERRER_DAYS // 30,
        "pages": {table: _url(article, table) for table in ("", *TABLES)},
    }
    return render(request, "articles/my/statistics.html", context)


def _url(article: Article | None, table: str) -> str:
    name = "my_article_statistics" if article else "my_statistics"
    return reverse(f"{name}_{table}" if table else name, kwargs={"pk": article.pk} if article else None)


def _chart(rows: Sequence[Row], name: str, value: Callable[[Row], int], period: str) -> Chart:
    form = _("F Y") if period == ALL else _("j F")
    return chart(
        rows, name, value, words=lambda row: f"{date_format(row.day, form)}: {intcomma(value(row))}", scaled=True
    )


def _quarters(total: Row) -> list[tuple[str, int]]:
    names = (_("First quarter"), _("Second quarter"), _("Third quarter"), _("Last quarter"))
    return list(zip(names, total.quarters or (), strict=False))


def _sites(found: Sites) -> list[tuple[str, int]]:
    rows = [
        *((site_shown(site), visits) for site, visits in found.named),
        (_("This site"), found.same_site),
        (_("Unknown, or opened directly"), found.unknown),
        (_("Other sites"), found.other),
    ]
    return [(name, visits) for name, visits in rows if visits]


def _bars(rows: Sequence[tuple[str, int]], total: int) -> list[tuple[str, int, int]]:
    """Return name, number and share in percent."""
    return [(name, number, round(100 * number / total)) for name, number in rows]


def _csv(request: HttpRequest, articles: Mapping[str, Any], table: str, filename: str) -> HttpResponse:
    found = statistics(articles, period=_period(request))
    rows: list[Sequence[object]]
    if table == "sites":
        unnamed = [
            ("(this site)", found.sites.same_site),
            ("(unknown)", found.sites.unknown),
            ("(other)", found.sites.other),
        ]
        rows = [("site", "visits"), *found.sites.named, *unnamed]
    else:
        rows = [("day", "views", "reads", "likes", "dislikes", *(f"stopped_in_quarter_{n}" for n in range(1, 5)))]
        for row in found.days:
            quarters: Sequence[object] = row.quarters or [""] * 4
            rows.append((row.day, row.readers.views, row.readers.reads, row.likes, row.dislikes, *quarters))
    return csv_response(f"{filename}.csv", rows)
