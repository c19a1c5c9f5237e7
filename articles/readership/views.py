"""The beacon, by which a page reports that it was seen, and the public explanation of an article's views.

The beacon sets no cookie, starts no session, and is never cached.
"""

from base64 import b64decode
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import BigAutoField
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import TemplateView

from articles.readership.beacon import count, group_commit
from articles.readership.exits import MAX_BODY_LENGTH, exit_metrics
from articles.readership.group_commit import NotWritten
from articles.readership.models import ArticleHit, DailyStats, PageExit, PageRead, PageView
from articles.readership.selectors import ArticleCounts, article_counts
from articles.readership.services import Beacon
from articles.readership.visitors import is_prefetch, is_same_origin, today, visitor_of
from articles.selectors import published_article
from core.charts import chart
from core.http_cache import is_anonymous

# One transparent pixel.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
RETRY_AFTER = 10
NO_STORE = {"Cache-Control": "no-store"}
# Days between two labels of the chart.
DAYS_PER_LABEL = 5


@csrf_exempt  # Headers say which page sends it: a cached page holds no token.
@require_POST
def beacon(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a view; 204 once the row is committed."""
    return _count(request, pk, PageView)


@csrf_exempt
@require_POST
def beacon_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a read: half a minute and three quarters of the text, which the page has measured."""
    return _count(request, pk, PageRead)


@csrf_exempt
@require_POST
def beacon_exit(request: HttpRequest, pk: int) -> HttpResponse:
    """Count how far the reader got when they left the page, and which site they came from."""
    metrics = exit_metrics(request.read(MAX_BODY_LENGTH + 1), own_host=str(urlsplit(settings.ORIGIN).hostname))
    return _count(request, pk, PageExit, metrics=metrics) if metrics else HttpResponse(status=400, headers=NO_STORE)


@require_safe
def beacon_image(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a view of a browser without JavaScript, by an image in the page."""
    response = _count(request, pk, PageView, is_image=True)
    is_counted = response.status_code == 204
    return HttpResponse(PIXEL, content_type="image/gif", headers=NO_STORE) if is_counted else response


def _count(
    request: HttpRequest, pk: int, model: type[ArticleHit], *, is_image: bool = False, metrics: tuple[str, ...] = ()
) -> HttpResponse:
    if not is_same_origin(request.META, origin=settings.ORIGIN, is_image=is_image):
        message = _("Only pages of this site can record views.")
        return HttpResponse(message, status=403, content_type="text/plain; charset=utf-8", headers=NO_STORE)
    if request.method == "HEAD" or is_prefetch(request.META):
        return HttpResponse(status=204, headers=NO_STORE)
    if pk > BigAutoField.MAX_BIGINT:
        return HttpResponse(status=404, headers=NO_STORE)
    try:
        is_published = count(Beacon(model=model, article_id=pk, visitor=visitor_of(request), metrics=metrics))
    except NotWritten:
        group_commit.refused += 1
        return HttpResponse(status=503, headers={**NO_STORE, "Retry-After": str(RETRY_AFTER)})
    return HttpResponse(status=204 if is_published else 404, headers=NO_STORE)


class CountsView(TemplateView):
    """An article's views per day. Only its author also sees the reads."""

    template_name = "readership/counts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        article = published_article(kwargs["pk"])
        counts = article_counts(article, until=today())
        return super().get_context_data(**kwargs) | {
            "article": article,
            "section": article.section,
            "counts": counts,
            "chart": chart(
                counts.days,
                _("Views by day"),
                lambda day: day.seen,
                lambda day: day.views,
                words=_bar_label,
                scaled=True,
            ),
            "marks": [day.day for day in counts.days[::DAYS_PER_LABEL]],
            "kinds": _kind_rows(counts),
            "is_author": not is_anonymous(self.request) and article.is_by(self.request.user),
        }


def _kind_rows(counts: ArticleCounts) -> list[dict[str, Any]]:
    """Return the kinds of views: their names and sums, and why they are counted or not."""
    explained = {
        "views": (_("Counted"), _("Each reader counts once a day.")),
        "by_author": (_("The author"), _("Authors often read their own text many times.")),
        "by_staff": (_("Staff"), _("Staff open articles as part of their work.")),
        "by_bots": (
            _("Declared bots"),
            _(
                "Programs that identify themselves as bots, or do not identify themselves: one view per "
                "address and day."
            ),
        ),
        "over_rate": (
            _("Too many from one address"),
            ngettext(
                "Views beyond %(number)d reader per address and day: one view per address and day.",
                "Views beyond %(number)d readers per address and day: one view per address and day.",
                settings.VIEWS_PER_ADDRESS,
            )
            % {"number": settings.VIEWS_PER_ADDRESS},
        ),
    }
    return [
        {"name": name, "why": why, "recent": getattr(counts.recent, column), "total": getattr(counts.total, column)}
        for column, (name, why) in explained.items()
    ]


def _bar_label(day: DailyStats) -> str:
    """Return the tooltip of a bar of the chart."""
    return _("%(day)s: %(views)s counted, %(others)s not counted") % {
        "day": date_format(day.day, _("j F")),
        "views": intcomma(day.views),
        "others": intcomma(day.not_counted),
    }
