"""Highlight the words of a query in titles and in excerpts of texts. Everything else is escaped."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from articles.search.backends import get_backend
from articles.search.query import MARKS, fold, normalize, split_words

# The length of an excerpt in characters, before and after the first match.
EXCERPT_BEFORE, EXCERPT_AFTER = 70, 170
# Stemmers change the endings of words: a word with another beginning is no form of a query's word.
PREFIX_LENGTH = 3

_WORD = rf"[^\W_](?:[^\W_]|[{MARKS}])*"

# The letters, of both cases and with accents, that `fold` writes as the same letter.
_VARIANTS: dict[str, set[str]] = defaultdict(set)
for _code in (*range(0x80, 0x590), *range(0x1E00, 0x2000), *range(0xFB00, 0xFB18)):
    _VARIANTS[fold(chr(_code))[:1]].add(chr(_code))


class Highlighter:
    """Highlights the words of one query in some texts.

    Args:
        query: the words that were searched for.
        texts: all texts that will be highlighted, so that one call of the engine checks all their words.
    """

    def __init__(self, query: str, texts: Iterable[str]) -> None:
        words = split_words(query)
        initials = {variant for word in words for variant in {word[0], word[0].upper(), *_VARIANTS[word[0]]}}
        # A word or compound that begins like a word of the query; no pattern matches at the end of a text.
        self._pattern = re.compile(
            rf"(?<![^\W_])(?=[{re.escape(''.join(initials))}]){_WORD}(?:['’ʼ‐‑.-]{_WORD})*" if initials else r"(?!)"
        )
        candidates = {match.group() for text in texts for match in self._pattern.finditer(text)}
        normalized = {candidate: normalize(candidate).split() for candidate in candidates}
        beginnings = tuple({word[:PREFIX_LENGTH] for word in words})
        terms = {term for found in normalized.values() for term in found if term.startswith(beginnings)}
        matched = get_backend().matched_terms(terms, query) if terms else set()
        self._matched = {candidate for candidate, found in normalized.items() if not matched.isdisjoint(found)}

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        return (match for match in self._pattern.finditer(text) if match.group() in self._matched)

    def highlight(self, text: str) -> SafeString:
        """Return the whole text, escaped, with each match in `<mark>`."""
        parts: list[str] = []
        position = 0
        for match in self._matches(text):
            parts += [conditional_escape(text[position : match.start()]), format_html("<mark>{}</mark>", match.group())]
            position = match.end()
        return mark_safe("".join([*parts, conditional_escape(text[position:])]))  # noqa: S308 - each part is escaped

    def excerpt(self, text: str) -> SafeString:
        """Return the text around the first match, highlighted; "" where nothing matches."""
        first = next(self._matches(text), None)
        if first is None:
            return SafeString()
        start, end = max(0, first.start() - EXCERPT_BEFORE), min(len(text), first.start() + EXCERPT_AFTER)
        if start:
            start = text.find(" ", start, first.start()) + 1 or first.start()
        if end < len(text):
            space = text.rfind(" ", first.end(), end)
            end = space if space > 0 else max(end, first.end())
        excerpt = self.highlight(text[start:end])
        return mark_safe(("… " if start else "") + excerpt + (" …" if end < len(text) else ""))  # noqa: S308 - escaped
