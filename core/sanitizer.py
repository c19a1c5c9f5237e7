"""Sanitise the HTML that users write, by an allow-list, before it is stored and again before it is displayed."""

import re
from contextlib import suppress
from html import escape, unescape
from urllib.parse import urljoin

import nh3
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

from core.text import without_forbidden

_BLOCKS = {"p", "h2", "h3", "ul", "ol", "li", "blockquote", "hr", "pre", "table", "thead", "tbody", "tr", "td", "th"}
TAGS = _BLOCKS | {"strong", "em", "a", "br", "sub", "sup", "code"}
_BLOCK = re.compile(r"<(?:p|h[1-6]|ul|ol|blockquote|hr|pre|table)[\s>/]", re.IGNORECASE)
# An allowed inline element; any other "<" in plain text is text.
_INLINE = re.compile(r"</?(?:a|strong|em|b|i|br|sub|sup|code)[\s>/]", re.IGNORECASE)
MAX_PASSES = 8
# Elements in each other. A parser looks through all that are open for each new block: 12,000 take seconds.
MAX_DEPTH = 100
# All but those that end by themselves.
_NESTED = re.compile(r"<(/?)(?!(?:p|li|t(?:[rdh]|body|head)|d[td]|option|br|hr|img|input)\b)[a-z][^>]*>", re.IGNORECASE)
_EMPTY_PARAGRAPH = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>")


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "start" or re.fullmatch(r"\d{1,4}", value, re.ASCII) else None


def _cleaner_with(link_rel: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags={"script", "style", "iframe", "object", "embed", "svg", "math", "template", "noscript"},
        attributes={"a": {"href"}, "ol": {"start"}},
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=link_rel,
        strip_comments=True,
    )


LINK_REL = "nofollow ugc noopener"
_cleaner = _cleaner_with(LINK_REL)
_sponsored_cleaner = _cleaner_with(f"sponsored {LINK_REL}")
# Written by word processors and older editors.
_SYNONYMS = [
    (re.compile(r"<(/?)b(?=[\s>])", re.IGNORECASE), r"<\1strong"),
    (re.compile(r"<(/?)i(?=[\s>])", re.IGNORECASE), r"<\1em"),
    (re.compile(r"<(/?)h1(?=[\s>])", re.IGNORECASE), r"<\1h2"),
    (re.compile(r"<(/?)h[456](?=[\s>])", re.IGNORECASE), r"<\1h3"),
]


def sanitize(html: str) -> str:
    """Return `html` reduced to the elements and attributes that articles allow. Idempotent.

    Links can have http, https and mailto URLs and get `rel="nofollow ugc noopener"`. Images, styles, classes, ids and
    empty paragraphs are removed.
    """
    html = without_forbidden(html)
    # Removing elements can leave a nesting that browsers parse differently: repeat until nothing changes. Stored text
    # needs one pass.
    for _ in range(MAX_PASSES):
        cleaned = _cleaned(_flattened(html))
        if cleaned == html:
            break
        html = cleaned
    return html


def _flattened(html: str) -> str:
    """Drop the start tags that are deeper than `MAX_DEPTH`."""
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        if match[1]:
            depth = max(depth - 1, 0)
        elif depth == MAX_DEPTH:
            return ""
        else:
            depth += 1
        return match[0]

    return _NESTED.sub(keep, html)


def _cleaned(html: str) -> str:
    for pattern, replacement in _SYNONYMS:
        html = pattern.sub(replacement, html)
    # Browsers drop a line break at the start of a preformatted block, each time that they parse it.
    html = re.sub(r"<pre>\n+", "<pre>", _cleaner.clean(html))
    return _EMPTY_PARAGRAPH.sub("", html).strip()


def from_form(text: str) -> str:
    """Return sanitised HTML for the value of an editor, or of the plain text field without JavaScript.

    Text without a block element counts as plain text: a blank line ends a paragraph, a single line break stays.
    """
    if _BLOCK.search(text):
        return sanitize(text)
    html = ""
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        inline = paragraph if _INLINE.search(paragraph) else escape(paragraph, quote=False)
        html += f"<p>{inline.strip().replace('\n', '<br>')}</p>"
    return sanitize(html)


def for_display(html: str, is_paid_for: bool = False) -> SafeString:
    """Return stored HTML, sanitised again, marked as safe for templates.

    Args:
        is_paid_for: give links `rel="sponsored"` too.
    """
    clean = sanitize(html)
    if is_paid_for:
        clean = _sponsored_cleaner.clean(clean)
    return mark_safe(clean)  # noqa: S308 - sanitised above


def with_absolute_links(html: str, url: str) -> str:
    """Return sanitised HTML with the relative links made absolute, for feeds of the page at `url`."""

    def absolute(match: re.Match[str]) -> str:
        target = unescape(match[1])
        with suppress(ValueError):  # An invalid address stays as it is.
            target = urljoin(url, target)
        return f'<a href="{escape(target)}"'

    return re.sub(r'<a href="([^"]*)"', absolute, html)


def plain_text(html: str) -> str:
    """Return the text alone, with a space between blocks, for lengths, summaries and descriptions."""
    spaced = re.sub(r"</(?:p|h2|h3|li|blockquote|pre|td|th|tr)>|<br>|<hr>", " ", html)
    return " ".join(unescape(strip_tags(spaced)).split())
