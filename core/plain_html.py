"""Write HTML of any program as plain paragraphs and blocks, and find its title."""

import re
from html import escape, unescape
from html.parser import HTMLParser
from typing import NamedTuple

MAX_LENGTH = 500_000  # characters
_BLOCKS = {"ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "th", "blockquote"}
_LINES = {"h1", "h2", "h3", "h4", "h5", "h6", "pre"}
_INLINE = {"strong", "em", "b", "i", "a", "sub", "sup", "code", "foot-note"}


class TooLong(ValueError):
    """The result has more than `MAX_LENGTH` characters."""


class PlainHTML(HTMLParser):
    """Write clean HTML as paragraphs and blocks: no text outside of them, images between them.

    Elements without a meaning here, such as `div`, only begin and end paragraphs.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self.blocks: list[str] = []
        self.inlines: list[tuple[str, str]] = []
        self.in_paragraph = False
        self.waiting: list[str] = []  # images of a heading
        self.caption: list[str] | None = None
        self.length = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._add_image(values)
        elif tag in _INLINE or tag == "br":
            self._start_inline(tag, values)
        elif tag == "figcaption" or "caption" in values.get("class", ""):
            self._end_paragraph()
            self.caption = []
        elif tag in _BLOCKS or tag in _LINES:
            self._end_paragraph()
            self._end_line()
            self.blocks.append(tag)
            self._write(f"<{tag}{_attributes(values)}>")
        else:
            self._end_paragraph()
            if tag == "hr":
                self._write("<hr>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _INLINE:
            if self.inlines and self.inlines[-1][0] == tag:
                if self.in_paragraph or self._in_line:
                    self._end_inlines(self.inlines[-1:])
                self.inlines.pop()
        elif self.caption is not None and tag in {"figcaption", "p"}:
            self._end_caption()
        elif tag in self.blocks:
            self._end_paragraph()
            while self.blocks and self._end_block() != tag:
                pass
        else:
            self._end_paragraph()

    def handle_data(self, data: str) -> None:
        if self.caption is not None:
            self.caption.append(data)
        elif self._in_line:
            self._write(escape(data, quote=False))
        elif data.strip() or self.in_paragraph:
            self._begin_paragraph()
            self._write(escape(data, quote=False))

    def result(self) -> str:
        """Return the HTML when everything was read."""
        self._end_paragraph()
        while self.blocks:
            self._end_block()
        return re.sub(r"\s*(?:<br>\s*)+</(p|h[1-6])>", r"</\1>", "".join(self.written))

    @property
    def _in_line(self) -> bool:
        return bool(self.blocks) and self.blocks[-1] in _LINES

    def _is_in(self, tag: str) -> bool:
        return bool(self.blocks) and self.blocks[-1] == tag

    def _write(self, *parts: str) -> None:
        self.written += parts
        # A link around many paragraphs is written in each of them.
        self.length += sum(map(len, parts))
        if self.length > MAX_LENGTH:
            raise TooLong

    def _start_inline(self, tag: str, values: dict[str, str]) -> None:
        start = f"<{tag}{_attributes(values)}>"
        if tag == "br":
            start = "\n" if self._is_in("pre") else start
        elif self._is_in("pre") or (tag == "a" and "href" not in values):
            start = ""  # The text alone.
        if tag != "br":
            self.inlines.append((tag, start))
        if self.in_paragraph or self._in_line:
            self._write(start)

    def _begin_paragraph(self) -> None:
        if not self.in_paragraph:
            self.in_paragraph = True
            self._write("<p>", *(start for _tag, start in self.inlines))

    def _end_paragraph(self) -> None:
        self._end_caption()
        if self.in_paragraph:
            self._end_inlines(self.inlines)
            self._write("</p>")
            self.in_paragraph = False

    def _end_inlines(self, inlines: list[tuple[str, str]]) -> None:
        self._write(*(f"</{tag}>" for tag, start in reversed(inlines) if start))

    def _end_line(self) -> None:
        """End a heading in which a block begins."""
        if self._in_line:
            self._end_block()

    def _end_block(self) -> str:
        tag = self.blocks.pop()
        if tag in _LINES:
            self._end_inlines(self.inlines)
        self._write(f"</{tag}>", *self.waiting)
        self.waiting = []
        return tag

    def _add_image(self, values: dict[str, str]) -> None:
        if "src" in values:
            source, alt = escape(values["src"]), escape(values.get("alt", ""))
            figure = f'<figure><img src="{source}" alt="{alt}"></figure>'
            if self._in_line:
                self.waiting.append(figure)
            else:
                self._end_paragraph()
                self._write(figure)

    def _end_caption(self) -> None:
        """Write a caption into the image before it, or else as a paragraph."""
        text = escape(" ".join("".join(self.caption or []).split()), quote=False)
        self.caption = None
        if not text:
            return
        last = self.written[-1] if self.written else ""
        if last.startswith("<figure>") and "<figcaption>" not in last:
            self.written[-1] = last.replace("</figure>", f"<figcaption>{text}</figcaption></figure>")
        else:
            self._write(f"<p>{text}</p>")


def _attributes(values: dict[str, str]) -> str:
    allowed = ("class", "href", "start", "colspan", "rowspan")
    return "".join(f' {name}="{escape(values[name])}"' for name in allowed if name in values)


class Page(NamedTuple):
    """The title that stands in a page, "" if there is none, and the rest of it as plain HTML."""

    title: str
    html: str


def to_page(html: str) -> Page:
    """Return plain HTML without its title: its first heading, unless that is one of several in the middle of the text.

    Args:
        html: well-formed, from `core.document_converter`. A title has the class "title", a caption "caption".

    Raises:
        TooLong: the result would be.
    """
    parser = PlainHTML()
    parser.feed(html)
    parser.close()
    html = parser.result()
    heading = re.search(r'<h1 class="title">(.*?)</h1>', html, re.DOTALL)
    heading = heading or re.match(r"<h[1-3]>(.*?)</h[1-3]>", html, re.DOTALL)
    if not heading and html.count("<h1>") == 1:
        heading = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    if heading:
        html = html[: heading.start()] + html[heading.end() :]
    if "<h1" in html:  # Sections are one level below the title.
        html = re.sub(r"<(/?)h[2-6]\b", r"<\1h3", html)
    return Page(unescape(re.sub(r"<[^>]+>", "", heading[1])) if heading else "", html)
