"""Compare two texts of one article by paragraphs, and make one text of what the author chose from each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from articles.models.disclosure import DISCLOSURE_FIELDS
from articles.services.revisions import ArticleContent
from core.diff import changes

MINE, THEIRS, BOTH = "mine", "theirs", "both"
# With more differing places, a whole text is chosen.
MAX_PLACES = 200
# In the order of the form. The body is compared by paragraphs.
FIELDS = (
    *("title", "section", "language", "tag_names", "summary"),
    *("image", "alternative_text", "caption", "credit"),
    *(*DISCLOSURE_FIELDS, "canonical_url", "correction", "publish_at"),
)
# The HTML is sanitised, so every element is closed except these.
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^>]*>")
_VOID = {"br", "hr", "img"}
_INLINE = {"a", "br", "code", "em", "strong", "sub", "sup", "foot-note"}


@dataclass(frozen=True)
class Place:
    """Paragraphs that both texts have, or one place where they differ."""

    theirs: list[str]
    mine: list[str]

    @property
    def is_same(self) -> bool:
        return self.theirs == self.mine


def blocks(html: str) -> list[str]:
    """Split sanitised HTML into its outermost elements; text between them counts as one."""
    found: list[str] = []
    depth = start = 0
    for tag in _TAG.finditer(html):
        closes, name = bool(tag[1]), tag[2]
        is_outermost = depth == 0 and name not in _INLINE
        if is_outermost and html[start : tag.start()].strip():
            found.append(html[start : tag.start()].strip())
        if is_outermost:
            start = tag.start()
        if name not in _VOID:
            depth += -1 if closes else 1
        if depth == 0 and name not in _INLINE:
            found.append(html[start : tag.end()])
            start = tag.end()
    rest = html[start:].strip()
    return [*found, rest] if rest else found


def places(theirs: str, mine: str) -> list[Place]:
    """Return both bodies as a list of places, the same for the same texts."""
    return list(_places(blocks(theirs), blocks(mine)))


def _places(theirs: list[str], mine: list[str]) -> Iterator[Place]:
    for equal, removed, added in changes(theirs, mine):
        if equal:
            yield Place(equal, equal)
        if removed or added:
            yield Place(removed, added)


def differing(compared: list[Place]) -> list[Place]:
    return [place for place in compared if not place.is_same]


def changed_fields(theirs: ArticleContent, mine: ArticleContent) -> list[str]:
    """Return the names of the fields that differ, without the body."""
    return [name for name in FIELDS if getattr(theirs, name) != getattr(mine, name)]


def merge(theirs: ArticleContent, mine: ArticleContent, choice_of: Callable[[str], str]) -> ArticleContent:
    """Return the text that the author chose.

    Args:
        choice_of: returns `MINE`, `THEIRS` or `BOTH` for the name of a field or for "place-0", the first place where
            the bodies differ. `BOTH` is possible for places only; a field is `MINE` then.
    """
    number = 0
    parts: list[str] = []
    for place in places(theirs.body, mine.body):
        choice = MINE
        if not place.is_same:
            choice = choice_of(f"place-{number}")
            number += 1
        parts += place.theirs if choice in {THEIRS, BOTH} else []
        parts += place.mine if choice != THEIRS else []
    taken: dict[str, Any] = {
        name: getattr(theirs, name) for name in changed_fields(theirs, mine) if choice_of(name) == THEIRS
    }
    return replace(mine, body="".join(parts), **taken)
