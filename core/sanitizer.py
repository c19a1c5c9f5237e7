"""The last word on members' HTML: an allow-list, applied before storing and again before showing."""

from __future__ import annotations

import re
from html import escape, unescape

import nh3
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

TAGS = {"p", "h2", "h3", "strong", "em", "ul", "ol", "li", "blockquote", "a", "hr", "br"}
_BLOCK = re.compile(r"<(?:p|h[1-6]|ul|ol|blockquote|hr)[\s>/]", re.IGNORECASE)
# An inline element that we keep; any other "<" in plain text is the author's own.
_INLINE = re.compile(r"</?(?:a|strong|em|b|i|br)[\s>/]", re.IGNORECASE)
# What no document may hold, XML (our feeds) least of all.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_MOST_PASSES = 8
_EMPTY_PARAGRAPH = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>")


def _cleaner_with(link_rel: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags={"script", "style", "iframe", "object", "embed", "svg", "math", "template", "noscript"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=link_rel,
        strip_comments=True,
    )


_cleaner = _cleaner_with("nofollow ugc noopener")
_sponsored_cleaner = _cleaner_with("sponsored nofollow ugc noopener")
# Word processors and older editors write these; their meaning is kept.
_SYNONYMS = [
    (re.compile(r"<(/?)b(?=[\s>])", re.IGNORECASE), r"<\1strong"),
    (re.compile(r"<(/?)i(?=[\s>])", re.IGNORECASE), r"<\1em"),
    (re.compile(r"<(/?)h1(?=[\s>])", re.IGNORECASE), r"<\1h2"),
    (re.compile(r"<(/?)h[456](?=[\s>])", re.IGNORECASE), r"<\1h3"),
]


def sanitize(html: str) -> str:
    """`html` reduced to what an article may hold (SECURITY.md, 1–4); idempotent.

    Links keep http, https and mailto addresses and get `rel="nofollow ugc noopener"`; pictures, styles, classes and
    identifiers go; empty paragraphs go.
    """
    html = _CONTROLS.sub("", html)
    # What is taken away may leave elements in each other that a browser would read differently: clean until nothing
    # changes. Stored text needs one pass.
    for _ in range(_MOST_PASSES):
        cleaned = _cleaned(html)
        if cleaned == html:
            break
        html = cleaned
    return html


def _cleaned(html: str) -> str:
    for pattern, replacement in _SYNONYMS:
        html = pattern.sub(replacement, html)
    return _EMPTY_PARAGRAPH.sub("", _cleaner.clean(html)).strip()


def from_form(text: str) -> str:
    """What came from the editor, or from the plain text field that stands in for it without JavaScript.

    Text without any block element is taken as plain: a blank line ends a paragraph, a single line break stays.
    """
    if _BLOCK.search(text):
        return sanitize(text)
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return sanitize("".join(f"<p>{escape_text(part)}</p>" for part in paragraphs if part.strip()))


def escape_text(text: str) -> str:
    """One paragraph of plain text as HTML: inline mark-up is kept for `sanitize`, line breaks become `<br>`."""
    inline = text if _INLINE.search(text) else escape(text, quote=False)
    return inline.strip().replace("\n", "<br>")


def for_display(html: str, is_paid_for: bool = False) -> SafeString:
    """Stored HTML, sanitised once more, to be put into a page as it is.

    Args:
        is_paid_for: links also say `rel="sponsored"`.
    """
    clean = sanitize(html)
    if is_paid_for:
        clean = _sponsored_cleaner.clean(clean)
    return mark_safe(clean)  # noqa: S308 - the allow-list above is what makes it safe


def plain_text(html: str) -> str:
    """The words alone, for lengths, summaries and descriptions; blocks are separated by a space."""
    spaced = re.sub(r"</(?:p|h2|h3|li|blockquote)>|<br>|<hr>", " ", html)
    return " ".join(unescape(strip_tags(spaced)).split())
