"""What changed between two texts, paragraph by paragraph and word by word, for a moderator to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from html.parser import HTMLParser

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from articles.models import Revision

BLOCKS = {"p", "h2", "h3", "li", "blockquote"}
# Beyond this a paragraph is shown as a whole: comparing words takes time with the square of their number.
MOST_WORDS = 1500
ALIKE = 0.4

_WORDS = re.compile(r"\S+\s*")


class _Paragraphs(HTMLParser):
    """The text of each block, with the address behind each link, which a change could hide in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = [""]
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.found.append("")
        elif tag == "br":
            self.found[-1] += " "
        elif tag == "a":
            self._href = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.found.append("")
        elif tag == "a" and self._href:
            self.found[-1] += f" [{self._href}]"
            self._href = ""

    def handle_data(self, data: str) -> None:
        self.found[-1] += data


def paragraphs(html: str) -> list[str]:
    """The paragraphs of sanitised HTML as plain text."""
    parser = _Paragraphs()
    parser.feed(html)
    parser.close()
    return [" ".join(one.split()) for one in parser.found if one.strip()]


def fields_changed(before: Revision, after: Revision) -> list[tuple[str, SafeString]]:
    """What differs beside the body: (name of the field, both values as HTML)."""

    def values(revision: Revision) -> dict[str, str]:
        return {
            _("Title"): revision.title,
            pgettext("of an article", "Summary"): revision.summary,
            _("Section"): revision.section.name,
            _("Language"): revision.get_language_display(),
            _("Tags"): ", ".join(revision.tag_names),
            _("Image"): str(revision.image or ""),
            _("Caption"): revision.caption,
            _("Alternative text"): revision.alternative_text,
            _("Credit"): revision.credit,
        }

    old, new = values(before), values(after)
    return [(name, _words(old[name], new[name])) for name in old if old[name] != new[name]]


def body_changed(before: str, after: str) -> list[tuple[str, SafeString]]:
    """Both bodies in one reading: (kind, HTML) with kind "same", "changed", "added" or "removed".

    Of what is the same, the paragraphs beside a change are kept; the rest is a "gap" that says how long it is.
    """
    blocks = list(_blocks(paragraphs(before), paragraphs(after)))
    changes = {index for index, (kind, _html) in enumerate(blocks) if kind != "same"}
    shown = {near for index in changes for near in (index - 1, index, index + 1)}
    reading: list[tuple[str, SafeString]] = []
    gap = 0
    for index, block in enumerate([*blocks, ("end", SafeString())]):
        if index < len(blocks) and index not in shown:
            gap += 1
            continue
        if gap:
            words = ngettext("%(count)d paragraph is the same", "%(count)d paragraphs are the same", gap)
            reading.append(("gap", format_html("{}", words % {"count": gap})))
            gap = 0
        if index < len(blocks):
            reading.append(block)
    return reading if changes else []


def _blocks(old: list[str], new: list[str]) -> Iterator[tuple[str, SafeString]]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            yield from (("same", format_html("{}", one)) for one in old[i:j])
            continue
        pairs = min(j - i, m - k)
        for before, after in zip(old[i : i + pairs], new[k : k + pairs], strict=True):
            if _alike(before, after):
                yield "changed", _words(before, after)
            else:
                yield "removed", format_html("<del>{}</del>", before)
                yield "added", format_html("<ins>{}</ins>", after)
        yield from (("removed", format_html("<del>{}</del>", one)) for one in old[i + pairs : j])
        yield from (("added", format_html("<ins>{}</ins>", one)) for one in new[k + pairs : m])


def _alike(before: str, after: str) -> bool:
    words = _WORDS.findall(before), _WORDS.findall(after)
    if max(map(len, words)) > MOST_WORDS:
        return False
    return SequenceMatcher(None, *words, autojunk=False).ratio() > ALIKE


def _words(before: str, after: str) -> SafeString:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    parts = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(format_html("{}", "".join(old[i:j])))
            continue
        if i < j:
            parts.append(format_html("<del>{}</del> ", "".join(old[i:j]).rstrip()))
        if k < m:
            parts.append(format_html("<ins>{}</ins> ", "".join(new[k:m]).rstrip()))
    return format_html_join("", "{}", ((part,) for part in parts))
