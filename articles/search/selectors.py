"""What a search finds, what an incomplete query suggests, and tags to go on with."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import chain
from typing import NamedTuple, cast

from django.core.cache import caches
from django.db.models import Count, Exists, OuterRef
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article, CoAuthor, Section, Tag
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
    """Search results and the cursor of the next page; without results, articles that match one of the words."""

    articles: Sequence[Article]
    next_cursor: str = ""
    instead: Sequence[Article] = ()


def search(query: SearchQuery, *, cursor: str = "", size: int) -> SearchPage:
    """Return a page of the published articles that have all words of the query.

    Args:
        cursor: the `next_cursor` of the page before; any other value means the first page.
        size: the number of articles in a page.
    """
    all_terms = parse_terms(query.words)
    if not all_terms:
        return SearchPage([])
    query = _at_cursor(query, cursor, size)
    backend = get_backend()
    terms = backend.stem(all_terms)
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
    articles = Article.objects.published().for_detail().in_bulk(pks)
    return [articles[pk] for pk in pks if pk in articles]


# --- Suggestions -------------------------------------------------------------------------------


class Suggestion(NamedTuple):
    """A link to something whose name begins with what was typed; its kind is in the language of the interface."""

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
    sections = [section for section in Section.all_cached() if _has_words(section.name_in(language), words)]
    found = [
        *(Suggestion(one.get_absolute_url(), one.name_in(language), _("Section")) for one in sections[:1]),
        *(Suggestion(author.get_absolute_url(), author.name, _("Author")) for author in _authors(typed.strip())),
        *(Suggestion(tag.get_absolute_url(), tag.name, _("Tag")) for tag in _tags(typed)),
    ]
    pks = get_backend().search_titles(words, limit=MAX_SUGGESTIONS - len(found))
    articles = Article.objects.published().select_related("live").defer("live__body").in_bulk(pks)
    return found + [
        Suggestion(article.get_absolute_url(), str(article), _("Article"), article.language)
        for article in (articles[pk] for pk in pks if pk in articles)
    ]


def _has_words(name: str, beginnings: list[str]) -> bool:
    """Return whether a name has words with all of these beginnings."""
    words = split_words(name)
    return all(any(word.startswith(beginning) for word in words) for beginning in beginnings)


def _authors(typed: str) -> list[User]:
    """Return authors and co-authors of published articles by the beginning of their display name or username."""
    published = Article.objects.published().filter(author=OuterRef("pk"))
    written_with_others = CoAuthor.objects.published().filter(user=OuterRef("pk"))
    users = User.objects.filter(Exists(published) | Exists(written_with_others), is_active=True)
    users = users.only("username", "display_name").order_by()
    by_name, by_username = users.filter(display_name__istartswith=typed), users.filter(username__istartswith=typed)
    return list(dict.fromkeys([*by_name[:2], *by_username[:2]]))[:2]


def _tags(typed: str) -> list[Tag]:
    slug = slug_of(typed, default="")
    return list(Tag.objects.filter(slug__startswith=slug).order_by("slug")[:MAX_TAG_SUGGESTIONS]) if slug else []


# --- Related tags ------------------------------------------------------------------------------


def current_tags() -> list[Tag]:
    """Return the tags of the newest articles, the most frequent first; cached for a minute."""
    return cast("list[Tag]", caches["local"].get_or_set("search:tags", _count_tags, CURRENT_TAGS_TIMEOUT))


def _count_tags() -> list[Tag]:
    newest = Article.objects.published().new().values("pk")[:CURRENT_ARTICLES]
    tags = Tag.objects.filter(article_tags__article__in=newest).annotate(count=Count("pk"))
    return list(tags.order_by("-count", "pk")[:MAX_CURRENT_TAGS])


def similar_tags(query: str) -> list[Tag]:
    """Return those of the current tags that have a word spelled like one of the query's, allowing for mistakes."""
    tags_by_word: dict[str, list[Tag]] = defaultdict(list)
    for tag in current_tags():
        for word in split_words(tag.name):
            tags_by_word[word].append(tag)
    matches = (get_close_matches(word, tags_by_word, n=MAX_SIMILAR_TAGS, cutoff=0.7) for word in split_words(query))
    return list(dict.fromkeys(tag for match in chain(*matches) for tag in tags_by_word[match]))[:MAX_SIMILAR_TAGS]
