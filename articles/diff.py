"""The difference between two texts by paragraphs and words, as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from itertools import groupby, zip_longest

from django.core.cache import cache
from django.db.models import Field
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext

from articles.models import Revision
from articles.models.content import Content
from articles.models.disclosure import DISCLOSURE_FIELDS
from core.diff import Change, changes
from core.zones import in_zones

# Paragraphs with fewer words in common are shown as removed and added.
MIN_SIMILARITY = 0.4
# So are the paragraphs after this many that differ: each comparison takes some time, however short they are.
MAX_COMPARED = 2_000
FIELDS = [
    *("title", "summary", "section", "language", "tag_names", "image", "caption", "alternative_text", "credit"),
    *(*DISCLOSURE_FIELDS, "canonical_url", "correction", "publish_at"),
]
# Seconds.
DIFFERENCE_TIMEOUT = 24 * 3600

_BLOCK_TAG = re.compile(r"</?(?:p|h2|h3|ul|ol|li|blockquote|hr|figure|figcaption)(?: [^>]*)?>")
_IMAGE = re.compile(r"<img ([^>]*)>")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<(?:\"[^\"]*\"|[^\">])*>")  # The HTML is well-formed; `strip_tags` parses it again.
_WORDS = re.compile(r"\S+\s*")


def difference(before: Revision, after: Revision) -> tuple[list[tuple[str, SafeString]], list[tuple[str, SafeString]]]:
    """Return `diff_fields` and `diff_bodies` of two submitted versions, computed once for each pair and language."""
    versions = [f"{one.pk}.{one.version}" for one in (before, after)]
    key = "difference-" + "-".join([*versions, get_language() or ""])
    found = cache.get(key)
    if found is None:
        found = diff_fields(before, after), diff_bodies(before.body, after.body)
        cache.set(key, found, DIFFERENCE_TIMEOUT)
    return found  # type: ignore[no-any-return]


def paragraphs(html: str) -> list[str]:
    """Return the paragraphs of sanitised HTML as plain text.

    A link is followed by its URL, which can change too; an image is its number and what the text says about it, and a
    footnote stands in brackets.
    """
    html = _IMAGE.sub(r"[\1]", html).replace("<foot-note>", " [").replace("</foot-note>", "]")
    html = _LINK.sub(r"\2 [\1]", html.replace("<br>", " "))
    return [" ".join(unescape(_TAG.sub("", text)).split()) for text in _BLOCK_TAG.split(html) if text.strip()]


def diff_fields(before: Content, after: Content) -> list[tuple[str, SafeString]]:
    """Return (label, difference as HTML) for each changed field except the body."""
    rows = []
    for name in FIELDS:
        field, old, new = Revision._meta.get_field(name), _value(before, name), _value(after, name)
        if name == "correction":
            old = before.pending_correction  # The next version begins without what readers were told.
        if old != new:
            assert isinstance(field, Field)
            rows.append((capfirst(str(field.verbose_name)), SafeString(_merge(_diff_words(escape(old), escape(new))))))
    return rows


def _value(content: Content, name: str) -> str:
    display = getattr(content, f"get_{name}_display", None)  # Of a field with choices.
    value = display() if display else getattr(content, name)
    if isinstance(value, datetime):
        return in_zones(value)
    return ", ".join(value) if isinstance(value, list) else str(value or "")


def diff_bodies(before: str, after: str) -> list[tuple[str, SafeString]]:
    """Return both bodies merged, as (kind, HTML) with kind "same", "changed", "added", "removed" or "gap".

    Of unchanged paragraphs only those next to a change are included; a "gap" says how many are left out. Empty when
    nothing changed.
    """
    blocks = list(_diff_paragraphs(_escaped_paragraphs(before), _escaped_paragraphs(after)))
    changed = [index for index, (kind, _html) in enumerate(blocks) if kind != "same"]
    shown = {neighbour for index in changed for neighbour in (index - 1, index, index + 1)}
    merged: list[tuple[str, SafeString]] = []
    for is_shown, group in groupby(enumerate(blocks), key=lambda item: item[0] in shown):
        items = [(kind, SafeString(html)) for _index, (kind, html) in group]
        if is_shown:
            merged += items
        else:
            text = ngettext("%(count)d unchanged paragraph", "%(count)d unchanged paragraphs", len(items))
            merged.append(("gap", format_html("{}", text % {"count": len(items)})))
    return merged if changed else []


def side_by_side(before: str, after: str) -> tuple[SafeString, SafeString]:
    """Return both texts as HTML, in each the words marked that the other one does not have."""
    old = new = ""
    for equal, removed, added in _diff_words(escape(before), escape(after)):
        old += "".join(equal) + _mark(removed)
        new += "".join(equal) + _mark(added)
    return SafeString(old), SafeString(new)


def _mark(words: list[str]) -> str:
    text = "".join(words)
    return f"<mark>{text.rstrip()}</mark>{text[len(text.rstrip()) :]}" if text else ""


def _escaped_paragraphs(html: str) -> list[str]:
    """Return the paragraphs as HTML, escaped all at once, which takes a fraction of the time."""
    return escape("\n".join(paragraphs(html))).split("\n")


def _diff_paragraphs(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    compared = 0
    for equal, removed, added in changes(old, new):
        yield from (("same", text) for text in equal)
        for before, after in zip_longest(removed, added, fillvalue=""):
            compared += 1
            if (
                before
                and after
                and compared <= MAX_COMPARED
                and _similarity(words := _diff_words(before, after)) > MIN_SIMILARITY
            ):
                yield "changed", _merge(words)
                continue
            if before:
                yield "removed", f"<del>{before}</del>"
            if after:
                yield "added", f"<ins>{after}</ins>"


def _diff_words(before: str, after: str) -> list[Change]:
    return list(changes(_WORDS.findall(before), _WORDS.findall(after)))


def _similarity(words: list[Change]) -> float:
    """Return which share of the words is in both texts."""
    in_both = 2 * sum(len(equal) for equal, _removed, _added in words)
    return in_both / (in_both + sum(len(removed) + len(added) for _equal, removed, added in words))


def _merge(words: list[Change]) -> str:
    """Return the HTML of the differences between two texts that are escaped."""
    html = ""
    for equal, removed, added in words:
        html += "".join(equal)
        if removed:
            html += f"<del>{''.join(removed).rstrip()}</del> "
        if added:
            html += f"<ins>{''.join(added).rstrip()}</ins> "
    return html
