"""What a search finds, what an incomplete query suggests, and tags to go on with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import cast

from django.core.cache import caches
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article, ArticleTag, Section, Tag
from articles.models.article import NEW
from articles.models.slugs import slug_of
from articles.search.backends import get_backend
from articles.search.query import SearchQuery, parse_terms, split_words

# A search by relevance ends after this many articles: each page of it ranks all matches again.
MAX_RESULTS = 120

MAX_SUGGESTIONS = 8
MAX_TAG_SUGGESTIONS = 3
MIN_SUGGESTION_LENGTH = 2

# Current tags are those of the newest articles.
CURRENT_ARTICLES = 300
MAX_CURRENT_TAGS = 200
CURRENT_TAGS_TIMEOUT = 60
MAX_SIMILAR_TAGS = 8


@dataclass(frozen=True)
class SearchPage:
    """A page of search results.

    Args:
        next_cursor: where the next page begins, for `search`; "" at the end.
        instead: where nothing matches, articles that match one of the words, without filters.
    """

    articles: Sequence[Article]
    next_cursor: str = ""
    instead: Sequence[Article] = ()


def search(query: SearchQuery, *, cursor: str = "", size: int) -> SearchPage:
    """Return a page of the published articles that have all words of the query.

    Args:
        cursor: the `next_cursor` of the page before; any other value means the first page.
        size: the number of articles in a page.

    Raises:
        SearchTimeout: the search took too long.
    """
    all_terms = parse_terms(query.words)
    if not all_terms:
        return SearchPage([])
    query = _at_cursor(query, cursor, size)
    backend = get_backend()
    with backend.open_search(all_terms) as terms:
        pks = backend.search(query, terms, limit=size + 1)
        if not pks and not cursor:
            some_words = replace(query.without_filters(), match_any=True)
            return SearchPage([], instead=_articles(backend.search(some_words, terms, limit=size // 2)))
        articles = _articles(pks[:size])
    if len(pks) <= size or not articles:
        return SearchPage(articles)
    if query.newest_first:
        return SearchPage(articles, NEW.encode_cursor(articles[-1]))
    end = query.offset + size
    return SearchPage(articles, str(end) if end + size <= MAX_RESULTS else "")


def _at_cursor(query: SearchQuery, cursor: str, size: int) -> SearchQuery:
    if query.newest_first:
        try:
            published_at, pk = NEW.decode_cursor(cursor)
        except Http404:
            return query
        return replace(query, before=(published_at, pk))
    is_valid = cursor.isascii() and cursor.isdigit() and int(cursor) <= MAX_RESULTS - size
    return replace(query, offset=int(cursor)) if is_valid else query


def _articles(pks: Sequence[int]) -> list[Article]:
    """Return these articles in this order; those that are not published are left out, whatever the index says."""
    articles = {article.pk: article for article in Article.objects.published().for_detail().filter(pk__in=pks)}
    return [articles[pk] for pk in pks if pk in articles]


# --- Suggestions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Suggestion:
    """A link to something whose name begins with what was typed.

    Args:
        kind: "Article", "Author" and so on, in the language of the interface.
        language: of the text, if it is not that of the interface.
    """

    url: str
    text: str
    kind: str
    language: str = ""


def suggest(typed: str, *, language: str) -> list[Suggestion]:
    """Return at most `MAX_SUGGESTIONS` sections, authors, tags and articles for an incomplete query.

    Args:
        language: of the interface; sections have a name in each.
    """
    words = split_words(typed)
    if sum(map(len, words)) < MIN_SUGGESTION_LENGTH:
        return []
    found = [*_suggest_sections(words, language), *_suggest_authors(typed), *_suggest_tags(typed)]
    return [*found, *_suggest_articles(words, limit=MAX_SUGGESTIONS - len(found))]


def _suggest_sections(words: list[str], language: str) -> Iterator[Suggestion]:
    for section in Section.all_cached():
        name = section.name_in(language)
        if all(any(part.startswith(word) for part in split_words(name)) for word in words):
            yield Suggestion(section.get_absolute_url(), name, _("Section"))
            return


def _suggest_authors(typed: str) -> list[Suggestion]:
    """Suggest users with published articles by the beginning of their display name or username."""
    published = Article.objects.published().filter(author=OuterRef("pk"))
    users = User.objects.filter(Exists(published), is_active=True).only("username", "display_name")
    found = [
        *users.filter(display_name__istartswith=typed.strip()).order_by()[:2],
        *users.filter(username__istartswith=typed.strip()).order_by()[:2],
    ]
    return [Suggestion(user.get_absolute_url(), user.name, _("Author")) for user in dict.fromkeys(found)][:2]


def _suggest_tags(typed: str) -> list[Suggestion]:
    slug = slug_of(typed, default="")
    tags = Tag.objects.filter(slug__startswith=slug).order_by("slug")[:MAX_TAG_SUGGESTIONS] if slug else []
    return [Suggestion(tag.get_absolute_url(), tag.name, _("Tag")) for tag in tags]


def _suggest_articles(words: list[str], *, limit: int) -> list[Suggestion]:
    pks = get_backend().search_titles(words, limit=limit)
    found = Article.objects.published().filter(pk__in=pks).select_related("live").defer("live__body").in_bulk()
    articles = [found[pk] for pk in pks if pk in found]
    return [
        Suggestion(article.get_absolute_url(), str(article), _("Article"), article.language) for article in articles
    ]


# --- Related tags ------------------------------------------------------------------------------


def current_tags() -> list[Tag]:
    """Return the tags of the newest articles, the most frequent first; cached for a minute."""
    return cast("list[Tag]", caches["local"].get_or_set("search:tags", _count_tags, CURRENT_TAGS_TIMEOUT))


def _count_tags() -> list[Tag]:
    newest = list(Article.objects.published().new().values_list("pk", flat=True)[:CURRENT_ARTICLES])
    counts = Counter(ArticleTag.objects.filter(article__in=newest).values_list("tag", flat=True))
    pks = [pk for pk, _count in counts.most_common(MAX_CURRENT_TAGS)]
    tags = Tag.objects.in_bulk(pks)
    return [tags[pk] for pk in pks if pk in tags]


def similar_tags(query: str) -> list[Tag]:
    """Return those of the current tags that have a word spelled like one of the query's, allowing for mistakes."""
    tags_by_word: dict[str, list[Tag]] = {}
    for tag in current_tags():
        for word in split_words(tag.name):
            tags_by_word.setdefault(word, []).append(tag)
    similar: dict[Tag, None] = {}
    for word in split_words(query):
        for match in get_close_matches(word, tags_by_word, n=MAX_SIMILAR_TAGS, cutoff=0.7):
            similar |= dict.fromkeys(tags_by_word[match])
    return list(similar)[:MAX_SIMILAR_TAGS]
