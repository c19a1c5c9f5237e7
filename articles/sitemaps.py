"""The sitemap and robots.txt.

Each part of the sitemap is a range of primary keys, so that no part needs a COUNT or an OFFSET.
"""

from __future__ import annotations

from urllib.parse import urljoin
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles.models import Article, Section

# Keys per part. sitemaps.org allows 50,000 URLs in a file and 50,000 files in an index.
PART_SIZE = 1_000
_XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"
# With PART_SIZE keys in a part this still fits into a bigint.
_MAX_NUMBER = 10**15


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the parts, up to the highest primary key."""
    # reverse() takes 15 µs, and a million articles have a thousand parts.
    before, after = reverse("sitemap_part", kwargs={"number": 0}).split("0")
    urls = (f"{settings.ORIGIN}{before}{number}{after}" for number in range(_last_part() + 1))
    parts = "\n".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return _xml(f'<sitemapindex xmlns="{_XMLNS}">\n{parts}\n</sitemapindex>')


def _last_part() -> int:
    return (Article.objects.published().aggregate(highest=Max("pk"))["highest"] or 0) // PART_SIZE


@require_safe
def part(request: HttpRequest, number: int) -> HttpResponse:
    """List the published articles of one range of keys; the first part also has the other public pages."""
    if number > _MAX_NUMBER:
        raise Http404
    first = number * PART_SIZE
    articles = Article.objects.published().filter(pk__gte=first, pk__lt=first + PART_SIZE).order_by("pk")
    articles = articles.filter(live__canonical_url="")  # A sitemap lists canonical URLs only.
    articles = articles.select_related("live").only("language", "published_at", "live__title", "live__submitted_at")
    urls = [(article.canonical_path, article.modified_at) for article in articles]
    if number == 0:
        pages = [reverse("front"), reverse("hot"), reverse("top", args=["week"]), reverse("about"), reverse("rules")]
        pages.append(reverse("corrections"))
        pages += [section.get_absolute_url() for section in Section.all_cached()]
        urls = [(page, None) for page in pages] + urls
    if not urls:
        if number > _last_part():
            raise Http404
        urls = [(reverse("front"), None)]  # A sitemap is never empty.
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
    """Allow robots on all public pages and name the sitemap."""
    prefixes = ["" if code == settings.LANGUAGE_CODE else f"/{code}" for code, _name in settings.LANGUAGES]
    paths = ("/accounts/", "/admin/", "/my/articles/", "/beacon/")
    lines = ["User-agent: *", *(f"Disallow: {prefix}{path}" for prefix in prefixes for path in paths)]
    lines += [f"Sitemap: {urljoin(settings.ORIGIN, reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
