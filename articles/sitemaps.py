"""The sitemap: an index of parts, each a range of article numbers, so that no part is counted or skipped through."""

from __future__ import annotations

from urllib.parse import urljoin
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles.models import Article, Section

# The protocol allows 50,000 addresses a file and 50,000 files an index (sitemaps.org). A small part costs the same
# however many articles there are; the first one holds the pages that are no article too.
PART = 1_000
_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"
# Sixteen digits: more than `bigint` has articles for, and still a number that it holds.
_LAST = 10**15


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list of parts: one question for the highest number, nothing is counted."""
    highest = Article.objects.published().aggregate(highest=Max("pk"))["highest"] or 0
    # Every address differs in its number alone, so it is made once.
    before, after = urljoin(settings.ORIGIN, reverse("sitemap_part", kwargs={"number": _LAST})).split(str(_LAST))
    parts = "\n".join(f"<sitemap><loc>{before}{n}{after}</loc></sitemap>" for n in range(highest // PART + 1))
    return _xml(f'<sitemapindex xmlns="{_XMLNS}">\n{parts}\n</sitemapindex>')


@require_safe
def part(request: HttpRequest, number: int) -> HttpResponse:
    """The published articles with numbers from `number`·PART on, with the time of their last text."""
    if number > _LAST:
        raise Http404
    first = number * PART
    articles = (
        Article.objects.published().filter(pk__gte=first, pk__lt=first + PART).order_by("pk").select_related("live")
    ).only("language", "live__title", "live__submitted_at")
    urls = [(one.canonical_path, one.live.submitted_at if one.live else None) for one in articles]
    if number == 0:
        pages = [reverse("front"), reverse("hot"), reverse("top", args=["week"]), reverse("about"), reverse("rules")]
        pages += [section.get_absolute_url() for section in Section.all_cached()]
        urls = [(page, None) for page in pages] + urls
    elif not urls:
        raise Http404
    lines = "\n".join(
        f"<url><loc>{escape(urljoin(settings.ORIGIN, path))}</loc>"
        f"{f'<lastmod>{changed:%Y-%m-%d}</lastmod>' if changed else ''}</url>"
        for path, changed in urls
    )
    return _xml(f'<urlset xmlns="{_XMLNS}">\n{lines}\n</urlset>')


def _xml(text: str) -> HttpResponse:
    return HttpResponse(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', content_type="application/xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What robots may fetch: everything that readers see, and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in ("/accounts/", "/admin/", "/my/articles/", "/beacon/"))]
    lines += [f"Sitemap: {urljoin(settings.ORIGIN, reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
