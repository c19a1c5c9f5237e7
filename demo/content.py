"""Read the demonstration's articles: Markdown files with a `key: value` header, `content/<language>/<name>.md`.

Knows nothing of Django: `bench` loads it in processes without settings.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

CONTENT = Path(__file__).parent / "content"
LANGUAGES = ("en", "ru", "hy")
# The first article of the front page.
NEWEST = "street-lamps"


@dataclass(frozen=True, kw_only=True)
class ArticleSource:
    """One Markdown file.

    Args:
        name: the file's name without its suffix.
        body: HTML.
        image: the name of a file in `content/images`.
        state: the state in which the article ends.
        age_hours: since when an article that is not published has been in its state.
        rule, reason: of the decision that returns or hides the article.
        pending_edit: a paragraph (HTML) that is added after publication and waits for a moderator.
    """

    name: str
    language: str
    title: str
    section: str
    author: str
    image: str
    caption: str
    alt: str
    credit: str
    body: str
    summary: str = ""
    tags: list[str] = field(default_factory=list)
    state: str = "published"
    age_hours: float = 0
    rule: str = ""
    reason: str = ""
    pending_edit: str = ""

    @property
    def form_key(self) -> uuid.UUID:
        """The key by which a start after an interrupted one finds the article that exists already."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"spokesperson-demo/{self.name}")

    @property
    def image_path(self) -> Path:
        return CONTENT / "images" / self.image

    def random(self) -> random.Random:
        """Return the article's own generator, so that each run creates the same votes and views."""
        return random.Random(self.name)


def to_html(markdown: str) -> str:
    """Convert Markdown to HTML."""
    return str(MarkdownIt("commonmark").render(markdown)).strip()


def read_article(file: Path) -> ArticleSource:
    """Read one file. The name of its folder is its language."""
    _, header, body = file.read_text(encoding="utf-8").split("---\n", 2)
    fields: dict[str, Any] = dict(line.split(": ", 1) for line in header.splitlines())
    fields["tags"] = fields["tags"].split(", ")
    fields["age_hours"] = float(fields.get("age_hours", 0))
    fields["pending_edit"] = to_html(fields.get("pending_edit", ""))
    return ArticleSource(name=file.stem, language=file.parent.name, body=to_html(body), **fields)


def read_articles() -> list[ArticleSource]:
    """Read all files, ordered by path."""
    return [read_article(file) for file in sorted(CONTENT.glob("*/*.md"))]


def published_with_ages(articles: list[ArticleSource]) -> list[tuple[ArticleSource, timedelta]]:
    """Return the published articles with the time since their publication, oldest first.

    The languages alternate, several articles are of today, and the oldest is about five weeks old.
    """
    rng = random.Random("order")
    positions: list[tuple[float, ArticleSource]] = []
    for language in LANGUAGES:
        published = [one for one in articles if one.state == "published" and one.language == language]
        rng.shuffle(published)
        positions += [((index + 0.3) / len(published), one) for index, one in enumerate(published)]
    ordered = [one for _, one in sorted(positions, key=lambda item: (item[1].name != NEWEST, item[0]))]
    last = len(ordered) - 1
    aged = [
        (one, timedelta(hours=0.6 + 1.1 * index + 840 * (index / last) ** 2.2, minutes=rng.randrange(20)))
        for index, one in enumerate(ordered)
    ]
    return aged[::-1]
