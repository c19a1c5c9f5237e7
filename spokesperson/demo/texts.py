"""The texts of the demonstration, read from `content/`: HTML under TOML between two lines of `+++`."""

from __future__ import annotations

import random
import tomllib
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

CONTENT = Path(__file__).parent / "content"
# The article that stands at the top of the front page.
NEWEST = "street-lamps"


@dataclass(frozen=True, kw_only=True)
class Text:
    """One file. The fields after `body` are for the texts in `content/states`, which show the life of an article."""

    file: str
    title: str
    section: str
    author: str
    summary: str
    caption: str
    alt: str
    credit: str
    picture: str
    language: str
    body: str
    tags: list[str] = field(default_factory=list)
    state: str = "published"
    age_hours: float = 0
    rule: str = ""
    reason: str = ""
    open_edit: str = ""

    @property
    def form_key(self) -> uuid.UUID:
        """The key that lets a start after an interrupted one find the article that is there already."""
        return uuid.uuid5(uuid.NAMESPACE_URL, f"spokesperson-demo/{self.file}")

    @property
    def luck(self) -> random.Random:
        """This text's own dice: the same votes, views and picture at every filling."""
        return random.Random(self.file)


def read(file: Path) -> Text:
    """The text in one file. Its language is its folder's name, or what it says itself, or English."""
    _, head, body = file.read_text(encoding="utf-8").split("+++\n", 2)
    language = file.parent.name if file.parent.name in {"ru", "hy"} else "en"
    return Text(file=file.stem, body=body.strip(), **{"language": language, **tomllib.loads(head)})


def every_text() -> list[Text]:
    """All of them, in the order of their files."""
    return [read(file) for file in sorted(CONTENT.glob("*/*.html"))]


def published_with_ages(texts: list[Text]) -> list[tuple[Text, timedelta]]:
    """The published ones with the time since their publication, oldest first.

    The languages alternate, several are of today, and the oldest is some five weeks old.
    """
    dice = random.Random("order")
    places: list[tuple[float, Text]] = []
    for language in ("en", "ru", "hy"):
        of_language = [text for text in texts if text.state == "published" and text.language == language]
        dice.shuffle(of_language)
        of_language.sort(key=lambda text: text.file != NEWEST)
        places += [((index + 0.3) / len(of_language), text) for index, text in enumerate(of_language)]
    ordered = [text for _, text in sorted(places, key=lambda place: (place[1].file != NEWEST, place[0]))]
    last = len(ordered) - 1
    aged = [
        (text, timedelta(hours=0.6 + 1.1 * index + 840 * (index / last) ** 2.2, minutes=dice.randrange(20)))
        for index, text in enumerate(ordered)
    ]
    return aged[::-1]
