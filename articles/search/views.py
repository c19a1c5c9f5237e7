"""The search page and the suggestions below its field. The URL holds the whole search."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from articles.models import Article, Section
from articles.presenters import card_context
from articles.search import selectors, zero_results
from articles.search.backends import SearchTimeout, get_backend
from articles.search.highlight import Highlighter
from articles.search.query import PERIODS, SearchQuery, clean_query, extract_text, split_words
from core.ratelimit import check_rate_limit, client_address

PARAMETERS = ("q", "section", "author", "language", "when", "order", "after")
SUGGESTION_PARAMETERS = ("q",)
MAX_NAME_LENGTH = 60
SHOWN_TAGS = 12
# How much of a text is searched for an excerpt.
MAX_TEXT_LENGTH = 40_000
# All clients together can search as much as this many that are at their limit.
CLIENTS_AT_THE_LIMIT = 30
PERIOD_LABELS = {
    "": gettext_lazy("Any time"),
    "day": gettext_lazy("Past day"),
    "week": gettext_lazy("Past week"),
    "month": gettext_lazy("Past month"),
    "year": gettext_lazy("Past year"),
}
ORDER_LABELS = {
    "": pgettext_lazy("order of search results", "Best match first"),
    "newest": pgettext_lazy("order of search results", "Newest first"),
}


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show the form, its results, and where nothing matches something similar.

    Redirects to the canonical URL of the search: browsers also send the fields of a form that are empty.
    """
    _limit(request, "search", settings.SEARCHES_PER_MINUTE)
    given = {name: request.GET[name] for name in PARAMETERS if name in request.GET}
    cleaned = {name: clean_query(value) for name, value in given.items()}
    parameters = {name: value for name, value in cleaned.items() if value}
    if parameters != given:
        return redirect(reverse("search") + (f"?{urlencode(parameters)}" if parameters else ""))
    author_name = parameters.get("author", "")[:MAX_NAME_LENGTH]
    query = _read_query(parameters, author_name)
    context = {
        "query": query,
        "author_name": author_name,
        "author_error": _("No user with that name.") if author_name and not query.author else "",
        "periods": PERIOD_LABELS.items(),
        "orders": ORDER_LABELS.items(),
        "is_first": True,
        "unfiltered_url": _url(query.without_filters()),
    }
    if split_words(query.words):
        try:
            with get_backend().limit_time():
                context |= _results(query, parameters.get("after", ""))
            if parameters.keys() == {"q"} and not context["results"]:
                zero_results.note(query.words, client_address(request))
        except SearchTimeout:
            context |= {"timed_out": True, "tags": selectors.current_tags()[:SHOWN_TAGS]}
    else:
        context |= {"has_no_words": bool(query.words), "tags": selectors.current_tags()[:SHOWN_TAGS]}
    return render(request, "search/search.html", context)


def _limit(request: HttpRequest, action: str, limit: int) -> None:
    """Limit what is not answered from the page cache, of one client and of all who are not signed in."""
    check_rate_limit(request, action, limit=limit, seconds=60, total=CLIENTS_AT_THE_LIMIT * limit)


def _read_query(parameters: dict[str, str], author_name: str) -> SearchQuery:
    """Read a query from the URL; unknown values count as absent."""
    sections = {section.slug: section for section in Section.all_cached()}
    language, when = parameters.get("language", ""), parameters.get("when", "")
    return SearchQuery(
        words=parameters.get("q", ""),
        section=sections.get(parameters.get("section", "")),
        author=_author_named(author_name) if author_name else None,
        language=language if language in dict(settings.LANGUAGES) else "",
        when=when if when in PERIODS else "",
        newest_first=parameters.get("order") == "newest",
    )


def _author_named(name: str) -> User | None:
    """Return the user with this username or else with this display name, ignoring case."""
    users = User.objects.filter(is_active=True).only("username", "display_name")
    return users.filter(username__iexact=name).first() or users.filter(display_name__iexact=name).order_by().first()


def _url(query: SearchQuery, *, after: str = "") -> str:
    """Return the query string of a search, with only what is set."""
    values = {
        "q": query.words,
        "section": query.section.slug if query.section else "",
        "author": query.author.username if query.author else "",
        "language": query.language,
        "when": query.when,
        "order": "newest" if query.newest_first else "",
        "after": after,
    }
    return "?" + urlencode({name: value for name, value in values.items() if value})


def _results(query: SearchQuery, cursor: str) -> dict[str, Any]:
    """Return the template context of the results."""
    page = selectors.search(query, cursor=cursor, size=settings.PAGE_SIZE)
    context: dict[str, Any] = {
        "results": _cards(query.words, page.articles),
        "instead": _cards(query.words, page.instead),
        "more": _url(query, after=page.next_cursor) if page.next_cursor else "",
        "is_first": not cursor,
    }
    if not page.articles and not cursor:
        similar = selectors.similar_tags(query.words)
        context |= {"tags": similar or selectors.current_tags()[:SHOWN_TAGS], "tags_are_similar": bool(similar)}
        if not page.instead:
            context["newest"] = Article.objects.published().new().for_list()[: settings.PAGE_SIZE // 2]
    return context


def _cards(words: str, articles: Sequence[Article]) -> list[SafeString]:
    """Render the articles as cards, with the words highlighted in the title and in an excerpt."""
    texts = []
    for article in articles:
        assert article.live is not None  # The constraint article_published_has_time_and_text.
        texts.append((article.live.title, article.live.summary, extract_text(article.live.body)[:MAX_TEXT_LENGTH]))
    highlighter = Highlighter(words, [text for of_article in texts for text in of_article])
    cards = []
    for article, (title, summary, body) in zip(articles, texts, strict=True):
        values = {**card_context(article), "title": highlighter.highlight(title)}
        values["summary"] = highlighter.excerpt(body) or highlighter.highlight(summary)
        cards.append(render_to_string("articles/_card.html", values))
    return cards


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Return links for an incomplete query, as a fragment for the space below the field."""
    _limit(request, "suggestions", 2 * settings.SEARCHES_PER_MINUTE)
    found: list[selectors.Suggestion] = []
    with suppress(SearchTimeout), get_backend().limit_time():
        found = selectors.suggest(clean_query(request.GET.get("q", "")), language=get_language() or "en")
    return render(request, "search/_suggestions.html", {"suggestions": found})
