"""Sanitise the HTML that users write, by an allow-list, before it is stored and again before it is displayed."""

import re
from collections.abc import Callable
from contextlib import suppress
from html import escape, unescape
from urllib.parse import urljoin

import nh3
from django.utils.safestring import SafeString, mark_safe

from core.text import without_forbidden

_BLOCKS = {"p", "h2", "h3", "ul", "ol", "li", "blockquote", "hr", "pre", "table", "thead", "tbody", "tr", "td", "th"}
# In a text, a footnote stands where it belongs: `articles.body` numbers it and moves it to the end.
FOOTNOTE = "foot-note"
_FIGURES = {"figure", "figcaption", "img"}
TAGS = _BLOCKS | _FIGURES | {"strong", "em", "a", "br", "sub", "sup", "code", FOOTNOTE}
CLASSES = {"figure": {"embed"}, "blockquote": {"pull-quote"}}
# What each attribute can be. `data-image` is the primary key of an image, of which the text knows no address.
_ANY = re.compile(r".*", re.DOTALL)
_SPAN = re.compile(r"[2-9]|[1-9]\d", re.ASCII)
ATTRIBUTES = {
    "a": {"href": _ANY},
    "ol": {"start": re.compile(r"\d{1,4}", re.ASCII)},
    "td": {"colspan": _SPAN, "rowspan": _SPAN},
    "th": {"colspan": _SPAN, "rowspan": _SPAN},
    "img": {
        "data-image": re.compile(r"[1-9]\d{0,17}", re.ASCII),
        "alt": _ANY,
        "data-credit": _ANY,
        "data-licence": re.compile(r"[a-z0-9-]{1,20}"),
    },
}
# Characters of the texts of an image, and of a footnote.
MAX_LENGTHS = {"alt": 200, "data-credit": 120, "figcaption": 300, FOOTNOTE: 1000}
MAX_PASSES = 8
# Elements in each other. A parser looks through all that are open for each new block: 12,000 take seconds.
MAX_DEPTH = 100
# All but those that end by themselves.
_NESTED = re.compile(r"<(/?)(?!(?:p|li|t(?:[rdh]|body|head)|d[td]|option|br|hr|img|input)\b)[a-z][^>]*>", re.IGNORECASE)
_EMPTY_PARAGRAPH = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>")
# The cleaner writes well-formed HTML with double quotes, so these patterns can read it. None of them is nested.
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_IMG = re.compile(r'<img((?: [a-z-]+="[^"]*")*)>')
_FIGURE = re.compile(r'<figure(?: class="(embed)")?>((?:(?!</?figure\b).)*)</figure>', re.DOTALL)
_IMAGE_AND_CAPTION = re.compile(r'\s*(<img(?: [a-z-]+="[^"]*")*>)\s*(?:<figcaption>(.*?)</figcaption>)?\s*', re.DOTALL)
_LINK_ALONE = re.compile(r'\s*(?:<p>)?(<a href="https?://[^"]*"[^>]*>)(.*?)</a>(?:</p>)?\s*', re.DOTALL)
_NOTE = re.compile(r"<foot-note>((?:(?!</?foot-note\b).)*)</foot-note>", re.DOTALL)
# Also for text that is not sanitised yet: each attempt ends at the next opening tag, so that the time is linear.
_ASIDE = re.compile(r"<figure\b(?:(?!<figure\b).)*?</figure>|<foot-note>(?:(?!<foot-note>).)*?</foot-note>", re.DOTALL)
_TAG = re.compile(r"<(?:\"[^\"]*\"|[^\">])*>")


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    pattern = ATTRIBUTES.get(tag, {}).get(attribute)
    if pattern is None:  # The cleaner's own: `rel`, and `class` with one of `CLASSES`.
        return value if attribute in {"rel", "class"} else None
    if not pattern.fullmatch(value):
        return None
    length = MAX_LENGTHS.get(attribute)
    return " ".join(value.split())[:length].strip() if length else value


def _cleaner_with(link_rel: str) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags={"script", "style", "iframe", "object", "embed", "svg", "math", "template", "noscript"},
        attributes={tag: set(patterns) for tag, patterns in ATTRIBUTES.items()},
        allowed_classes=CLASSES,
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=link_rel,
        strip_comments=True,
    )


LINK_REL = "nofollow ugc noopener"
_REL = f' rel="{LINK_REL}"'
_cleaner = _cleaner_with(LINK_REL)
_sponsored_cleaner = _cleaner_with(f"sponsored {LINK_REL}")
# Written by word processors and older editors.
_SYNONYMS = {"b": "strong", "i": "em", "h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}
_SYNONYM = re.compile(r"<(/?)(b|i|h[1456])(?=[\s>])", re.IGNORECASE)


class SanitizedHTML(str):
    """What `sanitize` has returned. Whatever is made of it is an ordinary `str` again, which has to be sanitised."""

    __slots__ = ()


def sanitize(html: str) -> SanitizedHTML:
    """Return `html` reduced to the elements and attributes that articles allow. Idempotent.

    Links can have http, https and mailto URLs and get `rel="nofollow ugc noopener"`. Images are those of the site: in a
    `figure`, without an address (`articles.body` gives it to them). Other images and classes, and all styles, ids and
    empty paragraphs are removed.
    """
    if isinstance(html, SanitizedHTML):
        return html
    html = without_forbidden(html)
    # Removing elements can leave a nesting that browsers parse differently: repeat until nothing changes. Stored text
    # needs one pass.
    for _ in range(MAX_PASSES):
        cleaned = _cleaned(_flattened(html))
        # A new `rel` of a link changes no nesting.
        is_same = cleaned == html or cleaned.replace(_REL, "") == html.replace(_REL, "")
        html = cleaned
        if is_same:
            break
    return SanitizedHTML(html)


def _flattened(html: str) -> str:
    """Drop the start tags that are deeper than `MAX_DEPTH`."""
    depth = deepest = 0
    for slash in _NESTED.findall(html):
        depth = max(depth - 1, 0) if slash else depth + 1
        deepest = max(deepest, depth)
    if deepest <= MAX_DEPTH:
        return html
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
    html = _SYNONYM.sub(lambda match: f"<{match[1]}{_SYNONYMS[match[2].lower()]}", html)
    # Browsers drop a line break at the start of a preformatted block, each time that they parse it.
    html = re.sub(r"<pre>\n+", "<pre>", _cleaner.clean(html))
    html = _replace_alone(_FIGURE, html, _figure, _without_figures)
    html = _replace_alone(_NOTE, html, _note, lambda rest: re.sub("</?foot-note>", "", rest))
    return _EMPTY_PARAGRAPH.sub("", html).strip()


def _replace_alone(
    pattern: re.Pattern[str],
    html: str,
    replacement: Callable[[re.Match[str]], str],
    other: Callable[[str], str],
) -> str:
    """Replace what matches, and apply `other` to the text around it."""
    parts, end = [], 0
    for match in pattern.finditer(html):
        parts += [other(html[end : match.start()]), replacement(match)]
        end = match.end()
    return "".join(parts) + other(html[end:])


def _figure(match: re.Match[str]) -> str:
    """Return a figure in its one form, or its content if it is neither an image nor an embedded page."""
    if match[1] and (link := _LINK_ALONE.fullmatch(match[2])):
        return f'<figure class="embed">{link[1]}{_one_line(link[2], 200) or escape(_href(link[1]))}</a></figure>'
    found = None if match[1] else _IMAGE_AND_CAPTION.fullmatch(match[2])
    attributes = dict(_ATTRIBUTE.findall(found[1])) if found else {}
    if not found or "data-image" not in attributes:
        return _without_figures(match[2])
    written = {"data-image": "", "alt": "", **attributes}
    image = "".join(f' {name}="{value}"' for name, value in written.items() if value or name == "alt")
    caption = _one_line(found[2] or "", MAX_LENGTHS["figcaption"])
    return f"<figure><img{image}>{caption and f'<figcaption>{caption}</figcaption>'}</figure>"


def _href(tag: str) -> str:
    return unescape(dict(_ATTRIBUTE.findall(tag))["href"])


def _without_figures(html: str) -> str:
    """Drop images and the tags of figures; a caption becomes a paragraph."""
    html = re.sub(r"</?figure(?: [^>]*)?>", "", _IMG.sub("", html))
    return html.replace("<figcaption>", "<p>").replace("</figcaption>", "</p>")


def _note(match: re.Match[str]) -> str:
    text = _one_line(match[1], MAX_LENGTHS[FOOTNOTE])
    return text and f"<foot-note>{text}</foot-note>"


def _one_line(html: str, max_length: int) -> str:
    """Return the text of inline HTML in one line, escaped."""
    text = " ".join(unescape(_TAG.sub("", html)).split())[:max_length].strip()
    return escape(text, quote=False)


def for_display(html: str) -> SafeString:
    """Return stored HTML, sanitised again, marked as safe for templates: without images and footnotes."""
    return mark_safe(without_asides(sanitize(html)))  # noqa: S308 - sanitised above


def without_asides(html: str) -> str:
    """Return sanitised HTML without figures and footnotes."""
    return _ASIDE.sub("", html)


def with_sponsored_links(html: str) -> str:
    """Return sanitised HTML whose links have `rel="sponsored"` too."""
    return _sponsored_cleaner.clean(html)


def with_absolute_links(html: str, url: str) -> str:
    """Return sanitised HTML with the relative links made absolute, for feeds of the page at `url`."""

    def absolute(match: re.Match[str]) -> str:
        target = unescape(match[1])
        with suppress(ValueError):  # An invalid address stays as it is.
            target = urljoin(url, target)
        return f'<a href="{escape(target)}"'

    return re.sub(r'<a href="([^"]*)"', absolute, html)


def plain_text(html: str) -> str:
    """Return the text of sanitised HTML alone, with a space between blocks, for lengths, summaries and descriptions.

    Images with their captions, embedded pages and footnotes are not part of it.
    """
    spaced = re.sub(r"</(?:p|h2|h3|li|blockquote|pre|td|th|tr)>|<br>|<hr>", " ", without_asides(html))
    return " ".join(unescape(_TAG.sub("", spaced)).split())
