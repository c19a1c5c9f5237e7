"""Passages of a text: quote one, find it again after edits, and mark it.

A passage is quoted as in the W3C Web Annotation model (TextQuoteSelector): its exact words, and some characters before
and after them. All work on HTML as `articles.body.render` returns it, so what is quoted is what a reader sees.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import chain, pairwise
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

MAX_QUOTE = 1000
MAX_CONTEXT = 32
# Of the same words in one text; later ones are not compared.
MAX_OCCURRENCES = 500
# So many characters before or after the words must be the same too. Longer quotations need none, unlike "the lamps".
MIN_CONTEXT = 6
LONG_QUOTE = 24
# What browsers select with the text: numbers that `articles.body` makes. static/js/passages.js leaves them out too.
_MADE = r'<sup class="footnote">.*?</sup>|<a class="back".*?</a>'
_TOKEN = re.compile(
    rf"(?P<made>{_MADE})|<(?P<end>/?)(?P<tag>[a-z][a-z0-9-]*)(?:\"[^\"]*\"|[^\"<>])*>"
    r"|\s+|&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);|[^<&\s]+|[<&]",
    re.DOTALL,
)
# All others end a word.
_INLINE = {"a", "code", "em", "span", "strong", "sub", "sup"}
# One character for one, so that positions stay: an author's quotation marks and dashes can change by themselves.
_FOLDED = str.maketrans(
    {**dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‘’‚‛′", "'"), **dict.fromkeys("‐‑‒–—―−", "-")}
)


@dataclass(frozen=True)
class Quote:
    """A TextQuoteSelector: https://www.w3.org/TR/annotation-model/#text-quote-selector."""

    exact: str
    prefix: str = ""
    suffix: str = ""


class Span(NamedTuple):
    """Where a passage is: the positions of its first character and after its last one in `Passages.text`."""

    start: int
    end: int


class _Run(NamedTuple):
    """Characters of the text that stand in the HTML as they are, or one that does not."""

    position: int
    length: int
    html_start: int
    html_end: int
    # Where the link begins that it is in, or -1.
    link: int


class NotOnce(ValueError):
    """The words occur several times, and nothing says which are meant. `count` is how often."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class Passages:
    """The text of some HTML, with white space as browsers show it, and where each character stands."""

    def __init__(self, html: str) -> None:
        self.html = html
        self._runs = list(_runs(html))
        self._positions = [run.position for run in self._runs]
        characters = (unescape(html[run.html_start : run.html_end]) for run in self._runs)
        self.text = "".join(" " if not one.strip() else one for one in characters)
        self._folded = self.text.translate(_FOLDED)

    def quote(self, exact: str, prefix: str = "", suffix: str = "") -> Quote | None:
        """Return the quotation of words, with what stands around them; None if they are not in the text.

        Args:
            prefix, suffix: what a browser found around the words, if one was asked.

        Raises:
            NotOnce: they occur several times, and there is neither.
        """
        wanted = Quote(_spaced(exact).strip(), _spaced(prefix), _spaced(suffix))
        found = self._occurrences(wanted.exact)
        if not found:
            return None
        if len(found) > 1 and not (wanted.prefix or wanted.suffix):
            raise NotOnce(len(found))
        start, _agreement = self._best(wanted, found)
        end = start + len(wanted.exact)
        before, after = self.text[max(0, start - MAX_CONTEXT) : start], self.text[end : end + MAX_CONTEXT]
        return Quote(self.text[start:end], before, after)

    def find(self, quote: Quote) -> Span | None:
        """Return where the words of a quotation are now, or None if they are no longer in the text.

        Of several occurrences, the one with the most of the same around it is meant. Short words without any of it are
        other ones.
        """
        found = self._occurrences(quote.exact)
        if not found:
            return None
        start, agreement = self._best(quote, found)
        needed = min(MIN_CONTEXT, len(quote.prefix) + len(quote.suffix))
        if len(quote.exact) < LONG_QUOTE and agreement < needed:
            return None
        return Span(start, start + len(quote.exact))

    def _occurrences(self, exact: str) -> list[int]:
        words = exact.translate(_FOLDED)
        found: list[int] = []
        position = self._folded.find(words) if words else -1
        while position >= 0 and len(found) < MAX_OCCURRENCES:
            found.append(position)
            position = self._folded.find(words, position + 1)
        return found

    def _best(self, quote: Quote, found: list[int]) -> tuple[int, int]:
        """Return the position around which the most is as around the quotation, and how many characters that are."""
        prefix, suffix = quote.prefix[-MAX_CONTEXT:].translate(_FOLDED), quote.suffix[:MAX_CONTEXT].translate(_FOLDED)

        def agreement(start: int) -> int:
            end = start + len(quote.exact)
            before = self._folded[max(0, start - MAX_CONTEXT) : start]
            return _common(prefix[::-1], before[::-1]) + _common(suffix, self._folded[end : end + MAX_CONTEXT])

        start = max(found, key=agreement)
        return start, agreement(start)

    def marked(self, spans: dict[int, Span], *, is_linked: bool = False) -> SafeString:
        """Return the HTML with passages in `mark` elements, each with its number before it.

        Args:
            spans: by number.
            is_linked: the numbers link to the notes (`#passage-note-1`) on the same page.
        """
        pieces = {number: list(self._pieces(span)) for number, span in spans.items()}
        labels: dict[int, str] = {}
        for number, span_pieces in sorted(pieces.items()):
            if span_pieces:
                run = span_pieces[0]
                place = run.link if run.link >= 0 else run.html_start
                labels[place] = labels.get(place, "") + _label(number, is_linked=is_linked)
        opened: Counter[int] = Counter()
        for run in chain(*pieces.values()):
            opened[run.html_start] += 1
            opened[run.html_end] -= 1
        places = {0, len(self.html), *labels, *(place for place, change in opened.items() if change)}
        html, depth = "", 0
        for start, end in pairwise(sorted(places)):
            depth += opened[start]
            text = self.html[start:end]
            html += labels.get(start, "") + (f'<mark class="passage">{text}</mark>' if depth else text)
        return mark_safe(html)  # noqa: S308 - made of `self.html`, which is safe

    def _pieces(self, span: Span) -> Iterator[_Run]:
        """Yield the runs of a passage without those that are not in the HTML, cut at its ends."""
        for run in self._runs[bisect_right(self._positions, span.start) - 1 :]:
            if run.position >= span.end:
                return
            if run.html_start == run.html_end or run.position + run.length <= span.start:
                continue
            first, last = max(span.start - run.position, 0), min(span.end - run.position, run.length)
            if run.html_end - run.html_start == run.length:
                yield run._replace(html_start=run.html_start + first, html_end=run.html_start + last)
            else:
                yield run


def _runs(html: str) -> Iterator[_Run]:
    position, link, is_after_space = 0, -1, True
    for token in _TOKEN.finditer(html):
        start, end = token.span()
        if token["made"]:
            continue
        if tag := token["tag"]:
            if tag == "a":
                link = -1 if token["end"] else start
            if tag in _INLINE:
                continue
            end = start
        characters = "" if tag else unescape(token[0])
        is_space = not characters.strip()
        if is_space and is_after_space:
            continue
        length = 1 if is_space else len(characters)
        yield _Run(position, length, start, end, link)
        position += length
        is_after_space = is_space


def _label(number: int, *, is_linked: bool) -> str:
    if is_linked:
        return format_html('<a class="passage-number" id="passage-{0}" href="#passage-note-{0}">{0}</a>', number)
    return format_html('<span class="passage-number" id="passage-{0}">{0}</span>', number)


def _spaced(text: str) -> str:
    """Return the text with white space as in `Passages.text`."""
    return re.sub(r"\s+", " ", text)


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))
