"""Pages of what came of promotions: the sponsor's own, and the public ledger."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any
from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from articles.promotion.access import promotion_with_results
from articles.promotion.models import LedgerHead, Placement, Promotion
from articles.promotion.public_ledger import PHASES, REQUESTED, Filters, Row, public_promotions, rows_of
from articles.promotion.results import results_of
from core.charts import chart
from core.pagination import cursor_from

PAGE = 20
# A file holds so many rows, and says where the next one is.
FILE = 1000


class ResultsView(LoginRequiredMixin, TemplateView):
    """What came of a promotion, for its sponsor and for moderators."""

    template_name = "promotion/results.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        promotion = promotion_with_results(self.request.user, kwargs["pk"])
        results = results_of(promotion)
        charts = [
            chart(results.days, _("Impressions"), lambda day: day.impressions),
            chart(results.days, _("Clicks"), lambda day: day.clicks),
            chart(results.days, _("Views of the article"), lambda day: day.article_views, lambda day: day.views),
        ]
        return super().get_context_data(
            promotion=promotion, article=promotion.article, results=results, charts=charts, **kwargs
        )


@login_required
@require_safe
def results_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The days of a promotion as a table for other programs."""
    results = results_of(promotion_with_results(request.user, pk))
    names = ["day", "impressions", "clicks", "click_through_percent", "views_from_promotion", "article_views"]
    rows = [
        [
            day.day.isoformat(),
            day.impressions,
            day.clicks,
            "" if day.click_through is None else f"{day.click_through:.2f}",
            day.views,
            day.article_views,
        ]
        for day in results.days
    ]
    return csv_answer(f"promotion-{pk}.csv", names, rows)


class LedgerView(TemplateView):
    """The public ledger: newest first, with filters."""

    template_name = "promotion/ledger.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filters, rows, following = asked_rows(self.request, PAGE)
        choices = [
            ("kind", _("Kind"), Promotion.Kind.choices, filters.kind),
            ("place", _("Place"), Placement.Code.choices, filters.place),
            ("state", _("State"), [(phase.value, phase.label) for phase in PHASES], filters.state),
        ]
        return super().get_context_data(
            rows=rows,
            choices=choices,
            filters=filters,
            query=urlencode(filters.query),
            next=urlencode({**filters.query, "after": following}) if following else "",
            is_first="after" not in self.request.GET,
            **kwargs,
        )


@require_safe
def ledger_csv(request: HttpRequest) -> HttpResponse:
    """The public ledger as a table; `Link: rel="next"` names the next file where there is more."""
    filters, rows, following = asked_rows(request, FILE)
    values = [row.values() for row in rows]
    names = list(values[0]) if values else ["promotion"]
    answer = csv_answer("promotions.csv", names, [list(one.values()) for one in values])
    if following:
        answer["Link"] = f'<{_next("promotion_ledger_csv", filters, following)}>; rel="next"'
    return answer


@require_safe
def ledger_json(request: HttpRequest) -> HttpResponse:
    """The public ledger with its rows and their hashes, and its head: whoever keeps that can prove a change."""
    filters, rows, following = asked_rows(request, FILE)
    head = LedgerHead.objects.filter(pk=1).first() or LedgerHead()
    return JsonResponse(
        {
            "promotions": [row.values_with_story() for row in rows],
            "next": _next("promotion_ledger_json", filters, following) if following else None,
            "head": {"number": head.number, "hash": head.hash},
        },
        json_dumps_params={"ensure_ascii": False},
    )


def asked_rows(request: HttpRequest, size: int) -> tuple[Filters, list[Row], str]:
    """The filters in the address, the rows that it asks for, and the cursor of what follows.

    Raises:
        Http404: a filter or a cursor that nobody gave out.
    """
    filters = Filters.of(request.GET)
    found: QuerySet[Promotion] = public_promotions(filters)
    if cursor := cursor_from(request):
        found = REQUESTED.filter_after(found, REQUESTED.decode_cursor(cursor))
    rows, following = rows_of(found, size=size)
    return filters, rows, following


def csv_answer(name: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A CSV file. What members wrote is never taken for a formula by a spreadsheet."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([[_harmless(value) for value in row] for row in rows])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _next(name: str, filters: Filters, following: str) -> str:
    query = urlencode({**filters.query, "after": following})
    return str(urljoin(settings.ORIGIN, f"{reverse(name)}?{query}"))
