"""The sitemap: an index of parts, each a range of article numbers, so that no part is counted or skipped through."""

from __future__ import annotations

from urllib.parse import urljoin

from django.conf import settings
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles.models import Article, Section

# The protocol allows 50,000 addresses a file (sitemaps.org); the first part holds the pages that are no article too.
PART = 20_000


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list of parts."""
    highest = Article.objects.published().aggregate(highest=Max("pk"))["highest"] or 0
    parts = [
        {"location": urljoin(settings.ORIGIN, reverse("sitemap_part", kwargs={"number": number}))}
        for number in range(highest // PART + 1)
    ]
    return render(request, "sitemap_index.xml", {"sitemaps": parts}, content_type="application/xml")


@require_safe
def part(request: HttpRequest, number: int) -> HttpResponse:
    """The published articles with numbers from `number`·PART on, with the time of their last text."""
    if number > 2**63 // PART - 1:
        raise Http404
    first = number * PART
    articles = (
        Article.objects.published().filter(pk__gte=first, pk__lt=first + PART).order_by("pk").select_related("live")
    ).only("language", "live__title", "live__submitted_at")
    urls = [
        {"location": urljoin(settings.ORIGIN, one.canonical_path), "lastmod": one.live and one.live.submitted_at}
        for one in articles
    ]
    if number == 0:
        pages = [reverse("front"), reverse("about"), reverse("rules")]
        pages += [section.get_absolute_url() for section in Section.all_cached()]
        urls = [{"location": urljoin(settings.ORIGIN, page)} for page in pages] + urls
    elif not urls:
        raise Http404
    return render(request, "sitemap.xml", {"urlset": urls}, content_type="application/xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What robots may fetch: everything that readers see, and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in ("/accounts/", "/admin/", "/desk/", "/beacon/"))]
    lines += [f"Sitemap: {urljoin(settings.ORIGIN, reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
