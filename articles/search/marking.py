"""The found words, marked in a title and in the part of the text where they stand first. Everything else is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from articles.search.engine import engine
from articles.search.words import NOTHING, one_spelling, words_of

BEFORE, AFTER = 70, 170
# So much of a text is looked through for a place to show.
MOST_CHARACTERS = 40_000
# A stemmer changes ends of words: what begins otherwise is no form of a word.
_ALIKE = 3
_INLINE = re.compile(r"</?(?:a|strong|em)(?: [^>]*)?>")
_TAG = re.compile(r"<[^>]*>")
_SIGNS = f"[{NOTHING}]*"
# և is one letter or two, and one_spelling() writes եվ.
_SPELLINGS = {"е": "[её]", "ե": "[եև]", "վ": "[վւ]?"}


def text_of(html: str) -> str:
    """The words of a stored (sanitised) body, quickly: a page of results shows a dozen of them."""
    return " ".join(unescape(_TAG.sub(" ", _INLINE.sub("", html[:MOST_CHARACTERS]))).split())


class Marker:
    """Marks the words of one query in some texts.

    Args:
        query: what was looked for.
        texts: all texts that will be marked, so that the engine is asked about their words at once.
    """

    def __init__(self, query: str, texts: Iterable[str]) -> None:
        beginnings = sorted({word[:_ALIKE] for word in words_of(query)})
        self._pattern = re.compile(
            rf"(?<![^\W_])(?:{'|'.join(map(_spelled, beginnings))})(?:[^\W_]|[{NOTHING}])*", re.IGNORECASE
        )
        candidates = (
            {found.group() for text in texts for found in self._pattern.finditer(text)} if beginnings else set()
        )
        spelled = {word: one_spelling(word).lower() for word in candidates}
        matching = engine().matching(set(spelled.values()), query) if spelled else set()
        self._matching = {word for word, spelling in spelled.items() if spelling in matching}

    def _found(self, text: str) -> Iterator[re.Match[str]]:
        if self._matching:
            yield from (found for found in self._pattern.finditer(text) if found.group() in self._matching)

    def mark(self, text: str) -> SafeString:
        """The whole text, escaped, each found word in `<mark>`."""
        parts = []
        end = 0
        for found in self._found(text):
            parts += [
                conditional_escape(text[end : found.start()]),
                "<mark>",
                conditional_escape(found.group()),
                "</mark>",
            ]
            end = found.end()
        return mark_safe("".join([*parts, conditional_escape(text[end:])]))  # noqa: S308 - each part is escaped

    def excerpt(self, text: str) -> SafeString:
        """Some lines around the first found word, marked; "" where there is none."""
        first = next(self._found(text), None)
        if first is None:
            return SafeString()
        start, end = max(0, first.start() - BEFORE), min(len(text), first.start() + AFTER)
        if start:
            start = text.find(" ", start, first.start()) + 1 or first.start()
        if end < len(text):
            space = text.rfind(" ", first.end(), end)
            end = space if space > 0 else max(end, first.end())
        part = self.mark(text[start:end])
        return mark_safe(("… " if start else "") + part + (" …" if end < len(text) else ""))  # noqa: S308 - escaped


def _spelled(beginning: str) -> str:
    """A pattern of the ways in which a beginning may be written."""
    return _SIGNS.join(_SPELLINGS.get(sign, re.escape(sign)) for sign in beginning)
