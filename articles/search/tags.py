"""Tags to go on with: what is written about now, and what is spelled much like what was looked for."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import cast

from django.core.cache import caches

from articles.models import Article, ArticleTag, Tag
from articles.search.words import words_of

# The newest articles, whose tags are counted; the result is kept for a minute.
COUNTED = 300
KEPT = 200
KEPT_SECONDS = 60
MOST_NEAR = 8


def current_tags() -> list[Tag]:
    """The tags of the newest articles, the most frequent first."""
    return cast("list[Tag]", caches["local"].get_or_set("search:tags", _count, KEPT_SECONDS))


def _count() -> list[Tag]:
    newest = list(Article.objects.published().new().values_list("pk", flat=True)[:COUNTED])
    counted = Counter(ArticleTag.objects.filter(article__in=newest).values_list("tag", flat=True))
    tags = Tag.objects.in_bulk([pk for pk, _ in counted.most_common(KEPT)])
    return [tags[pk] for pk, _ in counted.most_common(KEPT) if pk in tags]


def near_tags(query: str) -> list[Tag]:
    """Those among the current tags with a word that is spelled like one of the query's, mistakes allowed for."""
    spelled: dict[str, list[Tag]] = {}
    for tag in current_tags():
        for word in words_of(tag.name):
            spelled.setdefault(word, []).append(tag)
    near: dict[Tag, None] = {}
    for word in words_of(query):
        for alike in get_close_matches(word, spelled, n=MOST_NEAR, cutoff=0.7):
            near |= dict.fromkeys(spelled[alike])
    return list(near)[:MOST_NEAR]
