"""What a half typed query may mean: a section, an author, a tag, a title."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article, Section, Tag
from articles.models.slugs import slug_of
from articles.search.engine import engine
from articles.search.models import SearchedArticle
from articles.search.words import words_of

MOST = 8
MOST_OF_A_KIND = 3
FEWEST_LETTERS = 2


@dataclass(frozen=True)
class Suggestion:
    """A link: its address, its words, and what kind of thing it is."""

    address: str
    text: str
    kind: str
    language: str = ""


def suggestions(typed: str, *, language: str) -> list[Suggestion]:
    """At most `MOST` things whose names begin with what was typed.

    Args:
        language: of the interface; sections have a name in each.
    """
    words = words_of(typed)
    if sum(map(len, words)) < FEWEST_LETTERS:
        return []
    found = [*_sections(words, language), *_authors(typed), *_tags(typed)]
    titles = [
        Suggestion(article.get_absolute_url(), str(article), _("Article"), article.language)
        for article in _titled(words)[: MOST - len(found)]
    ]
    return [*found, *titles]


def _sections(words: list[str], language: str) -> Iterator[Suggestion]:
    for section in Section.all_cached():
        name = section.name_in(language)
        if all(any(part.startswith(word) for part in words_of(name)) for word in words):
            yield Suggestion(section.get_absolute_url(), name, _("Section"))
            return


def _authors(typed: str) -> list[Suggestion]:
    """By the beginning of the name or of the username, whoever has published anything."""
    published = Article.objects.published().filter(author=OuterRef("pk"))
    people = User.objects.filter(Exists(published), is_active=True).only("username", "display_name")
    found = [
        *people.filter(display_name__istartswith=typed.strip()).order_by()[:2],
        *people.filter(username__istartswith=typed.strip()).order_by()[:2],
    ]
    return [Suggestion(one.get_absolute_url(), one.name, _("Author")) for one in dict.fromkeys(found)][:2]


def _tags(typed: str) -> list[Suggestion]:
    slug = slug_of(typed, default="")
    tags = Tag.objects.filter(slug__startswith=slug).order_by("slug")[:MOST_OF_A_KIND] if slug else []
    return [Suggestion(tag.get_absolute_url(), tag.name, _("Tag")) for tag in tags]


def _titled(words: list[str]) -> list[Article]:
    keys = engine().titled(words, most=MOST)
    found = {one.pk: one for one in SearchedArticle.objects.published().filter(pk__in=keys).select_related("live")}
    return [found[key] for key in keys if key in found]
