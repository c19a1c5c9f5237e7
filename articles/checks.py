"""What a moderator would return a text for, told to its author before the submission. Nothing here forbids it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import islice
from typing import Any, NamedTuple, cast

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from articles.body import images_in
from articles.models import Revision
from articles.models.content import Content
from articles.models.image import Licence
from core import events
from core.text import shorten

MAX_FINDINGS = 10  # of each kind
MAX_EXCERPT = 80  # characters
# Abbreviations and short exclamations are not a title in capitals.
MIN_TITLE_CHARACTERS = 10
MAX_CAPITALS = 0.8
# The words of links that say nothing alone. Case and punctuation do not matter.
LINK_WORDS = {
    "en": (
        *("here", "click here", "see here", "this", "this link", "link", "the link", "more", "read more", "see more"),
        *("learn more", "this page", "this site", "this article", "source"),
    ),
    "ru": (
        *("здесь", "тут", "вот", "вот здесь", "сюда", "ссылка", "ссылке", "по ссылке", "эта ссылка", "по этой ссылке"),
        *("нажмите здесь", "подробнее", "ещё", "далее", "читать далее", "читать дальше", "источник"),
    ),
    "hy": (
        *("այստեղ", "սեղմեք այստեղ", "այստեղից", "այս հղումով", "այս հղումը", "հղում", "հղումը", "հղումով", "ավելին"),
        *("կարդալ ավելին", "մանրամասն", "աղբյուր", "աղբյուրը"),
    ),
}
_DASH = re.compile(r"\s*(?:[—–―]|--?\s)")
_BLOCKS = {"p", "h2", "h3", "li", "pre", "td", "th"}


class Kind(TextChoices):
    """The kinds of findings, with what is wrong."""

    ALTERNATIVE_TEXT = "alternative_text", _("An image has no alternative text.")
    CREDIT = "credit", _("An image has no credit.")
    HEADING = "heading", _("A subheading stands before the first heading.")
    LINK = "link", _("The words of a link do not say where it leads.")
    CAPITALS = "capitals", _("The title is in capital letters.")
    QUOTATION = "quotation", _("A quotation has no source.")
    SIMILAR_TEXT = "similar_text", _("Much of this text is already on the site.")


ADVICE = {
    Kind.ALTERNATIVE_TEXT: _("Describe what it shows for readers who cannot see it."),
    Kind.CREDIT: _("Name the photographer or artist."),
    Kind.HEADING: _("Begin with a heading, so that readers can follow the outline."),
    Kind.LINK: _("Link the words that name the page: some readers go from link to link."),
    Kind.CAPITALS: _("Write it as in a sentence: capital letters are hard to read."),
    Kind.QUOTATION: _("Say who said or wrote it: before the quotation, in its last line, by a link or by a footnote."),
    Kind.SIMILAR_TEXT: _("Edit your earlier article instead, or quote a part of the other one and name its author."),
}


class Finding(NamedTuple):
    """One place that a moderator would object to.

    Args:
        field: the field of the form in which the author fixes it.
        place: in the field "body", what it is and its number among all of these: "link-2" (static/js/editor.js).
        words: what is there now.
        url: of the page that the words name.
    """

    kind: Kind
    field: str = "body"
    place: str = ""
    words: str = ""
    url: str = ""


def find(revision: Revision) -> dict[Kind, list[Finding]]:
    """Return what is found in a text by kind, also by the receivers of `pre_submit`; at most `MAX_FINDINGS` of each."""
    found = list(find_in(revision))
    for _receiver, more in events.pre_submit.send(Revision, revision=revision):
        found += cast("list[Finding]", more)
    by_kind = {kind: [finding for finding in found if finding.kind == kind] for kind in Kind}
    return {kind: findings for kind, findings in by_kind.items() if findings}


def find_in(content: Content) -> Iterator[Finding]:
    """Return what is found in the text alone, at most `MAX_FINDINGS` of each kind."""
    outline = Outline()
    outline.feed(content.body)
    outline.close()
    for findings in (
        images_without_alternative_text(content),
        images_without_credit(content),
        jumping_headings(outline),
        links_that_say_nothing(outline, content.language),
        title_in_capitals(content),
        quotations_without_source(outline),
    ):
        yield from islice(findings, MAX_FINDINGS)


def images_without_alternative_text(content: Content) -> Iterator[Finding]:
    if content.image_id and not content.alternative_text:
        yield Finding(Kind.ALTERNATIVE_TEXT, "alternative_text", words=_excerpt(content.caption))
    for number, image in enumerate(images_in(content.body), start=1):
        if not image.alternative_text:
            yield Finding(Kind.ALTERNATIVE_TEXT, place=f"alt-{number}", words=_excerpt(image.caption))


def images_without_credit(content: Content) -> Iterator[Finding]:
    if content.image_id and not content.credit:
        yield Finding(Kind.CREDIT, "credit", words=_excerpt(content.caption))
    for number, image in enumerate(images_in(content.body), start=1):
        if not image.credit and image.licence != Licence.OWN:
            yield Finding(
                Kind.CREDIT, place=f"credit-{number}", words=_excerpt(image.caption or image.alternative_text)
            )


def jumping_headings(outline: Outline) -> Iterator[Finding]:
    """Return the headings that are more than one level below the one before; the title of the article is the first."""
    before = 1
    for number, (level, text) in enumerate(outline.headings, start=1):
        if level > before + 1:
            yield Finding(Kind.HEADING, place=f"heading-{number}", words=_excerpt(text))
        before = level


def links_that_say_nothing(outline: Outline, language: str) -> Iterator[Finding]:
    words = {_words(text) for text in LINK_WORDS.get(language, ())}
    for number, text in enumerate(outline.links, start=1):
        if _words(text) in words:
            yield Finding(Kind.LINK, place=f"link-{number}", words=_excerpt(text))


def title_in_capitals(content: Content) -> Iterator[Finding]:
    cased = [character for character in content.title if character.isupper() or character.islower()]
    if len(cased) >= MIN_TITLE_CHARACTERS and sum(map(str.isupper, cased)) > MAX_CAPITALS * len(cased):
        yield Finding(Kind.CAPITALS, "title", words=content.title)


def quotations_without_source(outline: Outline) -> Iterator[Finding]:
    for number, quotation in enumerate(outline.quotations, start=1):
        if not quotation.has_source and quotation.lines:
            yield Finding(Kind.QUOTATION, place=f"quotation-{number}", words=_excerpt(quotation.lines[0]))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _excerpt(text: str) -> str:
    return shorten(text, MAX_EXCERPT)


@dataclass
class Quotation:
    """A quotation with its lines.

    Its source is a link or footnote in it, what introduces it with a colon, or a line with a dash at its end or after
    it. A pull quote repeats the text, so it needs none; neither does a quotation inside of another one.
    """

    has_source: bool
    lines: list[str] = field(default_factory=list)


class Outline(HTMLParser):
    """The headings, links and quotations of a sanitised text, each in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[tuple[int, str]] = []
        self.links: list[str] = []
        self.quotations: list[Quotation] = []
        self._open: list[Quotation] = []
        self._is_figure = False
        self._is_link = False
        self._line = ""
        # The last line outside of quotations, or the quotation that has ended since.
        self._before = ""
        self._ended: Quotation | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._is_figure:
            return
        match tag:
            case "figure":
                self._is_figure = True
            case "br":
                self._end_line()
            case "h2" | "h3":
                self.headings.append((int(tag[1]), ""))
            case "a":
                self.links.append("")
                self._is_link = True
            case "blockquote":
                self._end_line()
                self._start_quotation(dict(attrs))
        if tag in {"a", "foot-note"} and self._open:
            self._open[0].has_source = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "figure":
            self._is_figure = False
        elif tag == "a":
            self._is_link = False
        elif tag == "blockquote" and self._open:
            self._end_line()
            self._end_quotation()
        elif tag in _BLOCKS:
            if tag in {"h2", "h3"} and self.headings:
                self.headings[-1] = (int(tag[1]), self._line)
            self._end_line()

    def handle_data(self, data: str) -> None:
        if self._is_figure:
            return
        self._line += data
        if self._is_link:
            self.links[-1] += data

    def _start_quotation(self, attributes: dict[str, Any]) -> None:
        is_introduced = self._before.rstrip().endswith((":", "՝"))
        is_inner = bool(self._open)
        quotation = Quotation(attributes.get("class") == "pull-quote" or is_introduced or is_inner)
        self.quotations.append(quotation)
        self._open.append(quotation)

    def _end_quotation(self) -> None:
        quotation = self._open.pop()
        if len(quotation.lines) > 1 and _DASH.match(quotation.lines[-1]):
            quotation.has_source = True
        self._before, self._ended = "", quotation

    def _end_line(self) -> None:
        line, self._line = self._line, ""
        if not line.strip():
            return
        for quotation in self._open:
            quotation.lines.append(line)
        if not self._open:
            if self._ended and _DASH.match(line):
                self._ended.has_source = True
            self._before, self._ended = line, None
