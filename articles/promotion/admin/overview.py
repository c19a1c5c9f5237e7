"""Two pictures of all promotions: what runs where, and what came of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.promotion.admin.accounts import income_by_month, outstanding, results_by_day, results_by_place
from articles.promotion.admin.drawing import TOOK_PLACE, Window, draw, when_stood
from articles.promotion.models import Placement, Promotion
from articles.promotion.schedule import start_of
from core.charts import chart

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Promotion]
else:
    _Base = object

REACH = timedelta(days=30)
# Bars in one picture; more than that nobody could tell apart.
MOST_BARS = 400
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)


class Overview(_Base):
    """The calendar and the results, beside the list of promotions."""

    def get_urls(self) -> list[URLPattern]:
        calendar = require_safe(self.admin_site.admin_view(self.calendar_view))
        results = require_safe(self.admin_site.admin_view(self.results_view))
        return [
            path("calendar/", calendar, name="promotion_promotion_calendar"),
            path("results/", results, name="promotion_promotion_results"),
            *super().get_urls(),
        ]

    def calendar_view(self, request: HttpRequest) -> HttpResponse:
        """What stands where, thirty days back and ahead; `?around=` names another day for the middle."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        day = _day(request.GET.get("around", "")) or timezone.localdate(now)
        window = Window(start_of(day - REACH), start_of(day + REACH + timedelta(days=1)))
        found = list(
            Promotion.objects.filter(state__in=TOOK_PLACE, starts_at__lt=window.until, ends_at__gt=window.since)
            .for_list()
            .order_by("starts_at", "pk")[: MOST_BARS + 1]
        )
        stood = [one for one in found[:MOST_BARS] if (times := when_stood(one)) and window.shows(*times)]
        image = draw(promotions=stood, placements=Placement.objects.all(), window=window, now=now)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What runs where"),
            "picture": image,
            "promotions": stood,
            "is_cut": len(found) > MOST_BARS,
            "is_now": day == timezone.localdate(now),
            "earlier": day - REACH if day - REACH > EARLIEST else None,
            "later": day + REACH if day + REACH < LATEST else None,
            "last_day": timezone.localtime(window.until) - timedelta(days=1),
        }
        return TemplateResponse(request, "admin/promotion/calendar.html", context)

    def results_view(self, request: HttpRequest) -> HttpResponse:
        """Income by month and currency, what is owed, and what readers made of promotions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        days = results_by_day(now=now)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Income and results"),
            "income": income_by_month(now=now),
            "outstanding": outstanding(),
            "days": days,
            "charts": [
                chart(days, _("Impressions"), lambda day: day.impressions),
                chart(days, _("Clicks"), lambda day: day.clicks),
                chart(days, _("Views from promotions"), lambda day: day.views),
            ],
            "places": results_by_place(now=now),
        }
        return TemplateResponse(request, "admin/promotion/results.html", context)


def _day(text: str) -> date | None:
    """The day that an address names, or None for anything else."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None
