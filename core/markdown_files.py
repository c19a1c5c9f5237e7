"""Markdown files: the lines before the text, and what the dialect of `core.markdown` does not have."""

import re
from collections import Counter
from typing import NamedTuple

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^([A-Za-z_]{1,30})[ \t]*:[ \t]*(.*)$")
_ITEM = re.compile(r"^[ \t]*-[ \t]+(.*)$")
_NAMES = {"title": "title", "summary": "summary", "description": "summary", "tags": "tags", "keywords": "tags"}
_NAMES |= {"lang": "language", "language": "language"}
_CODE_SPAN = re.compile(r"(`[^`\n]+`)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_IMAGE_TAG = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_EMBEDDED = re.compile(r"<(iframe|video|audio|object|svg|script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:p|div|span|center|figure|figcaption|section|article|details|summary|font|small|u|s|del|ins|picture|source|"
    r"h[1-6]|ul|ol|li|table|thead|tbody|tr|td|th|dl|dt|dd|blockquote|pre|hr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_HEADING = re.compile(r"\A\s*(?:(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$|(\S[^\n]*)\n(?:=+|-{2,})[ \t]*$)\s*", re.MULTILINE)
# An image of another site as `core.markdown` writes it, which shows images of this site only.
_IMAGE_LINK = re.compile(r'!<a href="[^"]*"[^>]*>[^<]*</a>')


class MarkdownFile(NamedTuple):
    """The lines before the text of a Markdown file, and the text."""

    title: str
    summary: str
    language: str
    tags: list[str]
    text: str


def parse(text: str) -> MarkdownFile:
    """Read a Markdown file with `name: value` lines between two lines of three hyphens at its beginning, or without.

    The names are title, summary or description, tags or keywords, and lang or language; others are left out. Without a
    title, the heading at the beginning of the text is the title.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    fields: dict[str, list[str]] = {}
    if match := _FRONT_MATTER.match(text):
        fields, text = _fields(match[1]), text[match.end() :]
    title = " ".join(fields.get("title", []))
    heading = _HEADING.match(text)
    if heading and (not title or (heading[2] or heading[3]).strip() == title):
        title, text = (heading[2] or heading[3]).strip(), text[heading.end() :]
    tags = [tag for value in fields.get("tags", []) for tag in map(_unquoted, value.strip("[]").split(",")) if tag]
    return MarkdownFile(
        title=title,
        summary=" ".join(fields.get("summary", [])),
        language="".join(fields.get("language", [])).lower()[:2],
        tags=tags,
        text=text,
    )


def _fields(lines: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines.split("\n"):
        if match := _FIELD.match(line):
            values = fields.setdefault(_NAMES.get(match[1].lower(), ""), [])
            values += [value] if (value := _unquoted(match[2])).strip("|> ") else []
        elif item := _ITEM.match(line):
            values.append(_unquoted(item[1]))
        elif line.startswith((" ", "\t")) and line.strip():  # The value goes on.
            values.append(line.strip())
    return fields


def _unquoted(value: str) -> str:
    value = value.strip()
    quoted = re.fullmatch(r"\"(.*)\"|'(.*)'", value)
    return (quoted[1] or quoted[2] or "") if quoted else value


def without_html(text: str, lost: Counter[str]) -> str:
    """Return Markdown without the HTML that articles cannot show; `lost` counts images and embedded elements."""

    def strip(part: str) -> str:
        part, elements = _EMBEDDED.subn("", part)
        part, images = _IMAGE_TAG.subn("", part)
        lost["elements"] += elements
        lost["images_elsewhere"] += images
        return _TAG.sub("", part)

    def strip_between_spans(part: str) -> str:
        # A split by a group: what matched it is at the odd places.
        pieces = _CODE_SPAN.split(without_comments(part))
        return "".join(piece if index % 2 else strip(piece) for index, piece in enumerate(pieces))

    parts = _split_at_code(text)
    return "".join(part if index % 2 else strip_between_spans(part) for index, part in enumerate(parts))


def without_comments(text: str) -> str:
    """Return text without HTML comments; one without an end stays, as it was typed."""
    parts, position = [], 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts.append(text[position:start])
        position = end + 3
    return "".join([*parts, text[position:]])


def _split_at_code(text: str) -> list[str]:
    """Split text at its blocks of code, which are at the odd places."""
    parts: list[list[str]] = [[]]
    fence = ""
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if fence:
            parts[-1].append(line)
            if found and found[1].startswith(fence) and not line.strip(" \t\n`~"):
                fence = ""
                parts.append([])
            continue
        if found:
            fence = found[1]
            parts.append([])
        parts[-1].append(line)
    return ["".join(part) for part in parts]


def without_image_links(html: str, lost: Counter[str]) -> str:
    """Return rendered Markdown without the images of other sites; `lost` counts them."""
    html, count = _IMAGE_LINK.subn("", html)
    lost["images_elsewhere"] += count
    return html
