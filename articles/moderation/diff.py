"""The difference between two texts by paragraphs and words, as HTML for moderators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from html import unescape
from itertools import groupby

from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from articles.models import Revision

# Longer paragraphs are not compared by words, which takes quadratic time.
MAX_WORDS = 1500
MIN_SIMILARITY = 0.4

_BLOCK_TAG = re.compile(r"</?(?:p|h2|h3|ul|ol|li|blockquote|hr)>")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_WORDS = re.compile(r"\S+\s*")


def paragraphs(html: str) -> list[str]:
    """Return the paragraphs of sanitised HTML as plain text, each link followed by its URL, which can change too."""
    html = _LINK.sub(r"\2 [\1]", html.replace("<br>", " "))
    return [" ".join(unescape(strip_tags(text)).split()) for text in _BLOCK_TAG.split(html) if text.strip()]


def diff_fields(before: Revision, after: Revision) -> list[tuple[str, SafeString]]:
    """Return (label, difference as HTML) for each changed field except the body."""

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
    return [(name, _diff_words(old[name], new[name])) for name in old if old[name] != new[name]]


def diff_bodies(before: str, after: str) -> list[tuple[str, SafeString]]:
    """Return both bodies merged, as (kind, HTML) with kind "same", "changed", "added", "removed" or "gap".

    Of unchanged paragraphs only those next to a change are included; a "gap" says how many are left out. Empty when
    nothing changed.
    """
    blocks = list(_diff_paragraphs(paragraphs(before), paragraphs(after)))
    changes = {index for index, (kind, _html) in enumerate(blocks) if kind != "same"}
    shown = {neighbour for index in changes for neighbour in (index - 1, index, index + 1)}
    merged: list[tuple[str, SafeString]] = []
    for is_shown, group in groupby(enumerate(blocks), key=lambda item: item[0] in shown):
        items = [block for _index, block in group]
        if is_shown:
            merged += items
        else:
            text = ngettext("%(count)d unchanged paragraph", "%(count)d unchanged paragraphs", len(items))
            merged.append(("gap", format_html("{}", text % {"count": len(items)})))
    return merged if changes else []


def _diff_paragraphs(old: list[str], new: list[str]) -> Iterator[tuple[str, SafeString]]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            yield from (("same", format_html("{}", text)) for text in old[i:j])
            continue
        pairs = min(j - i, m - k)
        for before, after in zip(old[i : i + pairs], new[k : k + pairs], strict=True):
            if _are_similar(before, after):
                yield "changed", _diff_words(before, after)
            else:
                yield "removed", format_html("<del>{}</del>", before)
                yield "added", format_html("<ins>{}</ins>", after)
        yield from (("removed", format_html("<del>{}</del>", text)) for text in old[i + pairs : j])
        yield from (("added", format_html("<ins>{}</ins>", text)) for text in new[k + pairs : m])


def _are_similar(before: str, after: str) -> bool:
    words = _WORDS.findall(before), _WORDS.findall(after)
    if max(map(len, words)) > MAX_WORDS:
        return False
    return SequenceMatcher(None, *words, autojunk=False).ratio() > MIN_SIMILARITY


def _diff_words(before: str, after: str) -> SafeString:
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
