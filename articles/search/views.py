"""The search page and the suggestions below its field. Everything a search is made of stands in its address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from django.views.generic import TemplateView

from accounts.models import User
from articles.models import Article, Section
from articles.presenters import card_context
from articles.search.engine import TooSlow, engine
from articles.search.finding import SPANS, Found, Question, find
from articles.search.marking import Marker, text_of
from articles.search.suggesting import suggestions
from articles.search.tags import current_tags, near_tags
from articles.search.words import tidy, words_of

PARAMETERS = ("q", "section", "author", "language", "when", "order", "after")
SUGGESTION_PARAMETERS = ("q",)
SHOWN_TAGS = 12
TIMES = {
    "": gettext_lazy("Any time"),
    "day": gettext_lazy("Past day"),
    "week": gettext_lazy("Past week"),
    "month": gettext_lazy("Past month"),
    "year": gettext_lazy("Past year"),
}
ORDERS = {
    "": pgettext_lazy("order of search results", "Best match first"),
    "newest": pgettext_lazy("order of search results", "Newest first"),
}


@dataclass(frozen=True)
class Asked:
    """What an address asks for; what it asks in vain is said beside its field."""

    question: Question
    after: str
    author_typed: str
    author_unknown: str

    @classmethod
    def of(cls, request: HttpRequest) -> Asked:
        """Read the parameters; those with values that we never gave are as good as absent."""
        given = {name: request.GET.get(name, "") for name in PARAMETERS}
        sections = {section.slug: section for section in Section.all_cached()}
        typed = tidy(given["author"])[:60]
        author = author_named(typed) if typed else None
        question = Question(
            words=tidy(given["q"]),
            section=sections.get(given["section"]),
            author=author,
            language=given["language"] if given["language"] in dict(settings.LANGUAGES) else "",
            when=given["when"] if given["when"] in SPANS else "",
            newest_first=given["order"] == "newest",
        )
        return cls(question, given["after"], typed, _("Nobody here goes by this name.") if typed and not author else "")

    def address(self, *, after: str = "", **changes: Any) -> str:
        """The query string of this search, changed; only what is set stands in it."""
        question = replace(self.question, **changes)
        values = {
            "q": question.words,
            "section": question.section.slug if question.section else "",
            "author": question.author.username if question.author else "",
            "language": question.language,
            "when": question.when,
            "order": "newest" if question.newest_first else "",
            "after": after,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})


def author_named(name: str) -> User | None:
    """The person with this username, or with this name as it is shown, whatever the case."""
    people = User.objects.filter(is_active=True).only("username", "display_name")
    return people.filter(username__iexact=name).first() or people.filter(display_name__iexact=name).order_by().first()


class SearchView(TemplateView):
    """A form, what it found, and where nothing was found something near it."""

    template_name = "search/search.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, under one address for one search: a form also sends the fields that nobody filled."""
        given = {name: request.GET[name] for name in PARAMETERS if name in request.GET}
        tidied = {name: tidy(value) for name, value in given.items()}
        needed = {name: value for name, value in tidied.items() if value}
        if needed != given:
            return redirect(reverse("search") + (f"?{urlencode(needed)}" if needed else ""))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = Asked.of(self.request)
        context = {
            "asked": asked,
            "question": asked.question,
            "times": TIMES.items(),
            "orders": ORDERS.items(),
            "is_first": True,
            "without_filters": asked.address(section=None, author=None, language="", when=""),
        }
        if words_of(asked.question.words):
            context |= self._results(asked)
        elif asked.question.words:
            context |= {"only_signs": True, "tags": current_tags()[:SHOWN_TAGS]}
        else:
            context["tags"] = current_tags()[:SHOWN_TAGS]
        return super().get_context_data(**context, **kwargs)

    def _results(self, asked: Asked) -> dict[str, Any]:
        question, size = asked.question, settings.PAGE_SIZE
        try:
            with engine().bounded(question.words):
                found = find(question, after=asked.after, size=size)
                instead = Found([], "")
                if not found.articles and not asked.after:
                    instead = find(question.widened(), size=size // 2, any_word=True)
        except TooSlow:
            return {"too_slow": True, "tags": current_tags()[:SHOWN_TAGS]}
        context: dict[str, Any] = {
            "results": cards(question.words, found.articles),
            "instead": cards(question.words, instead.articles),
            "more": asked.address(after=found.after) if found.after else "",
            "is_first": not asked.after,
            "count": len(found.articles),
        }
        if not found.articles and not asked.after:
            near = near_tags(question.words)
            context |= {"tags": near or current_tags()[:SHOWN_TAGS], "tags_are_near": bool(near)}
            if not instead.articles:
                context["newest"] = Article.objects.published().new().for_list()[: size // 2]
        return context


def cards(words: str, articles: Sequence[Article]) -> list[SafeString]:
    """The articles as cards, the found words marked in the title and in the part of the text where they stand."""
    texts = {article.pk: text_of(article.live.body) for article in articles if article.live}
    marker = Marker(words, [*texts.values(), *(one for article in articles for one in _short_texts(article))])
    made = []
    for article in articles:
        title, summary = _short_texts(article)
        shown = {"title": marker.mark(title), "summary": marker.excerpt(texts[article.pk]) or marker.mark(summary)}
        made.append(render_to_string("articles/_card.html", {**card_context(article), **shown}))
    return made


def _short_texts(article: Article) -> tuple[str, str]:
    assert article.live is not None  # A published article has a live text: a constraint of the table.
    return article.live.title, article.live.summary


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Links for what is half typed, as a fragment for below the field."""
    found = suggestions(tidy(request.GET.get("q", "")), language=get_language() or "en")
    return render(request, "search/_suggestions.html", {"suggestions": found, "q": tidy(request.GET.get("q", ""))})


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """What lets a browser offer the site among its search engines (OpenSearch description document, draft 6)."""
    return render(request, "search/opensearch.xml", content_type="application/opensearchdescription+xml")
