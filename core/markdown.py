"""The plain form of a text, typed without the editor: Markdown, with lines for images and footnotes."""

import re
from collections.abc import Sequence
from html import escape, unescape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.sanitizer import FOOTNOTE, SanitizedHTML, sanitize, without_asides

_BLOCK = re.compile(r"<(?:p|h[1-6]|ul|ol|blockquote|hr|pre|table|figure)[\s>/]", re.IGNORECASE)
# An allowed inline element; any other "<" is text.
_INLINE = re.compile(rf"</?(?:a|strong|em|b|i|br|sub|sup|code|{FOOTNOTE})[\s>/]", re.IGNORECASE)
_FIGURE = re.compile(r"(<figure\b(?:(?!<figure\b).)*?</figure>)", re.DOTALL)
# An image as a line of its own: ![alternative text](image:12 "caption").
_IMAGE = re.compile(
    r'^(?:<p>)?[ \t]*!\[([^\]\n]*)\]\(image:([1-9]\d{0,17})(?:[ \t]+(?:"|&quot;)([^\n]*?)(?:"|&quot;))?\)'
    r"[ \t]*(?:</p>)?$",
    re.MULTILINE | re.ASCII,
)
# A footnote: [^1] in the text, and a line [^1]: what it says.
_NOTE = re.compile(r"^\[\^(\w{1,20})\]:[ \t]+(.+)$", re.MULTILINE)
_REFERENCE = re.compile(r"\[\^(\w{1,20})\]")


def from_form(text: str) -> SanitizedHTML:
    """Return sanitised HTML for the value of an editor, or of the plain text field without JavaScript.

    Text without a block element is Markdown, in which a single line break stays. In both, a line
    `![alternative text](image:12 "caption")` becomes the user's image with this number.
    """
    text = text.replace("\r\n", "\n")
    return sanitize(_with_images(text)) if _BLOCK.search(without_asides(text)) else from_markdown(text)


def from_markdown(text: str) -> SanitizedHTML:
    """Return sanitised HTML for a text that is Markdown, as in `from_form`."""
    return sanitize(_from_markdown(_with_images(text)))


def _with_images(text: str) -> str:
    return _IMAGE.sub(_figure, text) if "](image:" in text else text


def _figure(match: re.Match[str]) -> str:
    alternative, caption = (escape(unescape(text or "")) for text in (match[1], match[3]))
    image = f'<img data-image="{match[2]}" alt="{alternative}">'
    return f"\n\n<figure>{image}<figcaption>{caption}</figcaption></figure>\n\n"


def _from_markdown(text: str) -> str:
    references = set(_REFERENCE.findall(_NOTE.sub("", text)))
    notes = {name: note for name, note in _NOTE.findall(text) if name in references}

    def place(match: re.Match[str]) -> str:
        note = notes.get(match[1])
        return f"<{FOOTNOTE}>{escape(note, quote=False)}</{FOOTNOTE}>" if note else match[0]

    # A note to which nothing refers stays as it was typed.
    text = _NOTE.sub(lambda match: "" if match[1] in notes else match[0], text)
    parts = _FIGURE.split(text)
    return "".join(part if part.startswith("<figure") else _rendered(_REFERENCE.sub(place, part)) for part in parts)


def _rendered(text: str) -> str:
    """Return Markdown as HTML, without the line breaks that mean nothing."""
    html = _markdown.render(text).replace("\n</code></pre>", "</code></pre>").replace("<br />\n", "<br>")
    return re.sub(r">\n+(?=<|$)", ">", html)


def _inline_html(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """Leave the elements that a text may have; show others as they were typed."""
    tag = tokens[index].content
    return tag if _INLINE.match(tag) else escape(tag, quote=False)


# Without indented code, which paragraphs can begin like, without images of other sites, and without references, which
# would be lost if nothing refers to them.
_markdown = MarkdownIt("commonmark", {"html": True, "breaks": True, "maxNesting": 30}).enable("table")
_markdown.disable(["code", "html_block", "image", "reference"])
_markdown.add_render_rule("html_inline", _inline_html)
