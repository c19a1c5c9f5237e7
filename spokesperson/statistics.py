"""What happens on the site by day, and what waits: for administrators, and for the metrics."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Aggregate, Count, F, Max, Min, Model, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Submission
from articles.readership.models import DailyStats
from articles.search import zero_results
from articles.voting.models import Vote
from core.charts import Chart, chart
from core.models import DailyFigure, PendingEmail

PERMISSION = "core.view_statistics"
# The page shows this many days; the second choice is the maximum.
SPANS = (30, 90)
# A longer queue is reported as this long.
MAX_QUEUE = 100_000
# Their rows are written in the order of their days, so those of a day come after the last row of the day before. No
# index on the day is needed.
ORDERED: dict[str, type[Model]] = {"last_user": User, "last_vote": Vote, "last_stats": DailyStats}
# Figures that are counted from rows.
COUNTED = ("articles", "authors", "views", "reads", "votes", "users")


class Queue(NamedTuple):
    """How much waits, and since when the oldest does."""

    number: int
    since: datetime | None

    @property
    def oldest_seconds(self) -> int:
        return max(0, int((timezone.now() - self.since).total_seconds())) if self.since else 0


class Day(NamedTuple):
    """The figures of a day by name."""

    day: date
    figures: Mapping[str, int]


def queues() -> dict[str, Queue]:
    """Return what waits: tasks that are due, emails, emails that were given up, and submissions."""
    return {
        "tasks": _queue(DBTaskResult.objects.ready(), "enqueued_at"),
        "emails": _queue(PendingEmail.objects.filter(next_attempt_at__isnull=False), "created_at"),
        "emails_given_up": _queue(PendingEmail.objects.filter(next_attempt_at__isnull=True), "created_at"),
        "submissions": _queue(Submission.objects.waiting(), "submitted_at"),
    }


def _queue(rows: QuerySet[Any], since: str) -> Queue:
    found = rows.order_by(since).only("pk", since)[:MAX_QUEUE].aggregate(number=Count("pk"), oldest=Min(since))
    return Queue(found["number"], found["oldest"])


# --- A row for each day ------------------------------------------------------------------------


def record() -> None:
    """Write the figures of today and yesterday, and of the days that have none; runs every hour.

    Days before the first run are counted from the rows that are there.
    """
    today = timezone.localdate()
    span = [today - timedelta(days=ago) for ago in range(SPANS[-1])]
    recorded = DailyFigure.objects.filter(name="articles", day__range=(span[-1], span[2]))
    found = set(recorded.values_list("day", flat=True))
    figures = _count([day for day in span if day not in found])
    figures[today, "submissions_waiting"] = queues()["submissions"].number
    for name, model in ORDERED.items():
        figures[today, name] = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
    DailyFigure.objects.bulk_create(
        [DailyFigure(day=day, name=name, number=number) for (day, name), number in figures.items()],
        update_conflicts=True,
        unique_fields=["day", "name"],
        update_fields=["number"],
    )
    zero_results.delete_old()


def _count(wanted: list[date]) -> dict[tuple[date, str], int]:
    """Return the figures of days that are counted from rows, in a query for each table."""
    first = min(wanted)
    start = timezone.make_aware(datetime.combine(first, time.min))
    before = DailyFigure.objects.filter(name__in=ORDERED, day__range=(first - timedelta(days=SPANS[-1]), first))
    last = dict(before.exclude(day=first).values_list("name").annotate(Max("number")))
    later = {name: model._default_manager.filter(pk__gt=last.get(name, 0)) for name, model in ORDERED.items()}
    articles = Article.objects.published().filter(published_at__gte=start)
    queries = (
        _by_day(articles, TruncDate("published_at"), articles=Count("pk"), authors=Count("author", distinct=True)),
        _by_day(later["last_stats"].filter(day__gte=first), F("day"), views=Sum("views"), reads=Sum("reads")),
        _by_day(later["last_vote"].filter(created_at__gte=start), TruncDate("created_at"), votes=Count("pk")),
        _by_day(later["last_user"].filter(date_joined__gte=start), TruncDate("date_joined"), users=Count("pk")),
    )
    figures = {(day, name): 0 for day in wanted for name in COUNTED}
    for rows in queries:
        for row in rows:
            day = row.pop("on")
            figures |= {(day, name): number or 0 for name, number in row.items() if (day, name) in figures}
    return figures


def _by_day(rows: QuerySet[Any], day: Combinable, **figures: Aggregate) -> QuerySet[Any, dict[str, Any]]:
    found: QuerySet[Any, dict[str, Any]] = rows.order_by().annotate(on=day).values("on").annotate(**figures)
    return found


def days(number: int) -> list[Day]:
    """Return the figures of the last days, oldest first, in one query."""
    today = timezone.localdate()
    found: dict[date, dict[str, int]] = {today - timedelta(days=ago): {} for ago in reversed(range(number))}
    rows = DailyFigure.objects.filter(day__range=(min(found), today)).exclude(name__in=ORDERED)
    for day, name, value in rows.values_list("day", "name", "number"):
        found[day][name] = value
    return [Day(day, figures) for day, figures in found.items()]


# --- The page ----------------------------------------------------------------------------------


@require_safe
def site_statistics(request: HttpRequest) -> HttpResponse:
    """Show the figures of the last days as charts and in a table."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    span = SPANS[-1] if request.GET.get("days") == str(SPANS[-1]) else SPANS[0]
    names = {
        "articles": _("Articles published"),
        "authors": _("Authors who published"),
        "views": _("Views"),
        "reads": _("Reads"),
        "votes": _("Votes"),
        "users": _("New users"),
        "submissions_waiting": _("Submissions waiting"),
        "emails_sent": _("Emails sent"),
        "emails_failed": _("Emails that failed"),
    }
    shown = days(span)
    context = {
        **admin.site.each_context(request),
        "title": _("Site statistics"),
        "is_long": span == SPANS[-1],
        "charts": [_chart(shown, name, label) for name, label in names.items()],
        "names": names.values(),
        "rows": [(day.day, [day.figures.get(name, 0) for name in names]) for day in reversed(shown)],
        "queues": queues(),
        "words": zero_results.most_frequent(since=shown[0].day),
        "min_clients": zero_results.MIN_CLIENTS,
        "word_days": zero_results.KEEP_DAYS,
    }
    return render(request, "admin/statistics.html", context)


def _chart(shown: list[Day], name: str, label: str) -> Chart:
    def value(day: Day) -> int:
        return day.figures.get(name, 0)

    found = chart(shown, label, value, words=lambda day: f"{date_format(day.day, _('j F'))}: {value(day)}")
    # Lengths of a queue have no sum.
    return found._replace(total=value(shown[-1])) if name == "submissions_waiting" else found
