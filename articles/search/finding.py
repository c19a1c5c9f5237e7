"""What a reader asks, and what is found: the one question that the page, its suggestions and the checks put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from modelsearch.query import PlainText

from accounts.models import User
from articles.models import Article, Section
from articles.models.article import NEW, ArticleQuerySet
from articles.search.engine import engine
from articles.search.models import SearchedArticle

# By relevance a search goes so far and no further: nobody reads on, and each page ranks all of it.
MOST_RANKED = 120

SPANS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
    "year": timedelta(days=366),
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is looked for, narrowed by what is set.

    Args:
        words: what was typed, tidied (`articles.search.words.tidy`).
        when: a key of `SPANS`, or "" for any time.
        newest_first: in the order of publication, not of relevance.
    """

    words: str
    section: Section | None = None
    author: User | None = None
    language: str = ""
    when: str = ""
    newest_first: bool = False

    @property
    def is_narrowed(self) -> bool:
        return bool(self.section or self.author or self.language or self.when)

    def widened(self) -> Question:
        """The same words, everywhere."""
        return Question(words=self.words, newest_first=self.newest_first)


@dataclass(frozen=True)
class Found:
    """A part of what was found.

    Args:
        after: where the next part begins, for `find`; "" at the end.
    """

    articles: Sequence[Article]
    after: str


def find(question: Question, *, after: str = "", size: int, any_word: bool = False) -> Found:
    """A part of the published articles that hold all words of the question.

    Args:
        after: the `Found.after` of the part before; anything else is the beginning.
        size: articles in one part.
        any_word: one of the words is enough.
    """
    articles = _narrowed(question)
    if question.newest_first:
        if place := _place(after):
            moment, pk = place
            # Not a comparison of row values, which modelsearch does not read.
            articles = articles.filter(Q(published_at__lt=moment) | Q(published_at=moment, id__lt=pk))
        start = 0
        articles = articles.order_by("-published_at", "-id")
    else:
        start = int(after) if after.isascii() and after.isdigit() and int(after) <= MOST_RANKED - size else 0
    results = engine().search(
        PlainText(question.words, operator="or" if any_word else "and"),
        articles.for_detail(),
        order_by_relevance=not question.newest_first,
    )
    found: list[Article] = list(results[start : start + size + 1])
    if len(found) <= size:
        return Found(found, "")
    found = found[:size]
    if question.newest_first:
        return Found(found, NEW.encode_cursor(found[-1]))
    end = start + size
    return Found(found, str(end) if end + size <= MOST_RANKED else "")


def _narrowed(question: Question) -> ArticleQuerySet:
    articles = SearchedArticle.objects.published()
    if question.section:
        articles = articles.in_section(question.section)
    if question.author:
        articles = articles.by(question.author)
    if question.language:
        articles = articles.filter(language=question.language)
    if span := SPANS.get(question.when):
        articles = articles.filter(published_at__gte=timezone.now() - span)
    return articles


def _place(after: str) -> tuple[datetime, int] | None:
    try:
        moment, pk = NEW.decode_cursor(after)
    except Http404:  # Nobody gave out this cursor: the search begins at its beginning.
        return None
    return moment, pk
