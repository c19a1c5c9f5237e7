"""The statistics of moderation: charts and tables by month and by moderator, and a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from articles.moderation.models import MonthlyFigures
from articles.moderation.services import DECIDE
from articles.moderation.services.figures import last_months
from articles.moderation.waiting import format_wait
from core.admin import is_pk
from core.charts import Chart, chart
from core.csv_files import csv_response

VIEW_STATISTICS = "core.view_statistics"
COLUMNS = (
    *("publish", "returned", "hide", "restore", "correct", "keep"),
    *("median_wait", "long_wait", "appeals", "appeals_granted"),
)


class Month(NamedTuple):
    """A month with its figures."""

    day: date
    figures: MonthlyFigures


@require_safe
def moderation_statistics(request: HttpRequest) -> HttpResponse:
    """Show the last months of all moderators or of one, and all moderators in one month."""
    found = _figures(request)
    moderators = {row.moderator.pk: row.moderator for row in found if row.moderator}
    chosen = request.GET.get("moderator", "")
    moderator = moderators.get(int(chosen)) if is_pk(chosen) else None
    of_moderator = {row.month: row for row in found if row.moderator_id == (moderator and moderator.pk)}
    months = [Month(day, of_moderator.get(day) or MonthlyFigures(month=day)) for day in last_months()]
    month = next((one.day for one in months if f"{one.day:%Y-%m}" == request.GET.get("month")), months[-1].day)
    in_month = [row for row in found if row.month == month and row.moderator]
    context = {
        **admin.site.each_context(request),
        "title": _("Statistics of moderation"),
        "moderator": moderator,
        "moderators": sorted(moderators.values(), key=lambda user: user.name.casefold()),
        "month": month,
        "charts": _charts(months),
        "months": months[::-1],
        "rows": sorted(in_month, key=lambda row: (-row.decisions, row.moderator_id)),
    }
    return render(request, "admin/moderation/statistics.html", context)


@require_safe
def moderation_statistics_csv(request: HttpRequest) -> HttpResponse:
    """Return the figures of each moderator, and of all of them together, in each month."""
    rows: list[Sequence[object]] = [("month", "moderator", *COLUMNS)]
    for row in _figures(request):
        values = ["" if (value := getattr(row, name)) is None else value for name in COLUMNS]
        rows.append((f"{row.month:%Y-%m}", row.moderator.username if row.moderator else "", *values))
    return csv_response("moderation.csv", rows)


def _figures(request: HttpRequest) -> list[MonthlyFigures]:
    """Return the figures of the last months in one query, if the user may see them."""
    assert isinstance(request.user, User)
    if not (request.user.has_perm(VIEW_STATISTICS) or request.user.has_perm(DECIDE)):
        raise PermissionDenied
    found = MonthlyFigures.objects.filter(month__in=last_months()).select_related("moderator")
    return list(found.order_by("month", F("moderator").asc(nulls_first=True)))


def _charts(months: Sequence[Month]) -> list[tuple[Chart, str]]:
    """Return each chart with the figure of the present month in words."""

    def count(value: int | None) -> str:
        return str(value or 0)

    def share(value: int | None) -> str:
        return "–" if value is None else f"{value} %"

    def wait(value: int | None) -> str:
        return "–" if value is None else format_wait(timedelta(seconds=value))

    shown: list[tuple[str, str, Callable[[int | None], str]]] = [
        ("decisions", _("Decisions"), count),
        ("share_returned", _("Share returned"), share),
        ("median_wait", _("Median waiting time"), wait),
        ("long_wait", _("Nine in ten waited at most"), wait),
        ("appeals", _("Appeals decided"), count),
        ("share_granted", _("Appeals granted"), share),
    ]
    return [_chart(months, *one) for one in shown]


def _chart(months: Sequence[Month], field: str, name: str, in_words: Callable[[int | None], str]) -> tuple[Chart, str]:
    def value(month: Month) -> int | None:
        found: int | None = getattr(month.figures, field)
        return found

    def words(month: Month) -> str:
        return f"{date_format(month.day, _('F Y'))}: {in_words(value(month))}"

    return chart(months, name, lambda month: value(month) or 0, words=words), in_words(value(months[-1]))
