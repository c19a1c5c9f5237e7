"""Search queries, and the normalization of text that the index and the queries share."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

from django.utils import timezone

from accounts.models import User
from articles.models import Section
from core.sanitizer import without_asides

MAX_QUERY_LENGTH = 200
MAX_QUERY_WORDS = 12

# Characters inside words that do not distinguish words: accents, Hebrew and Arabic vowel points, Armenian stress,
# exclamation and question marks, soft hyphens and zero-width joiners. A breve stays on и: й ends Russian adjectives,
# and a stemmer needs it.
MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670"
    "\u055a-\u055c\u055e\u00ad\u200b-\u200d\u2060\ufeff"
)
_MARKS = re.compile(rf"(?!(?<=и)\u0306)[{MARKS}]")
# Letters with a stroke and ligatures, which Unicode does not decompose.
_UNDECOMPOSED = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"}
_UNDECOMPOSED_PATTERN = re.compile(f"[{''.join(_UNDECOMPOSED)}]")
_INITIAL_SHORT_I = re.compile(r"\bй")
# Longer words are split: no engine indexes a word of unlimited length.
WORD = re.compile(r"[^\W_]{1,100}")
# Words that are also written as one: Wi-Fi, e-mail, O'Brien, don't, Node.js.
_JOINED = r"(?:['’ʼ‐-][^\W_]+|(?<=[^\W\d_])\.(?=[^\W\d_])[^\W_]+)"
# Whole words only, without backtracking: the time for a text is linear in its length.
_COMPOUND = re.compile(rf"(?<![^\W_])[^\W_]++{_JOINED}+")
_WORD_OR_COMPOUND = re.compile(rf"[^\W_]+{_JOINED}*")
_INLINE_TAG = re.compile(r"</?(?:a|strong|em)(?: [^>]*)?>")
_TAG = re.compile(r"<[^>]*>")

# What one query asks for: every term must match; a term matches if all words of one of its alternatives are there.
type Term = tuple[tuple[str, ...], ...]

PERIODS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
    "year": timedelta(days=366),
}


@dataclass(frozen=True, kw_only=True)
class SearchQuery:
    """Words to search for (`clean_query`), the filters that narrow the search, and where its page begins.

    Args:
        when: a key of `PERIODS`, or "" for any time.
        newest_first: order by time of publication instead of relevance.
        before: newest first, only matches after this place: (published_at, primary key of the article).
        offset: by relevance, how many matches to skip.
        match_any: one matching word is enough, and words that begin alike match.
    """

    words: str
    section: Section | None = None
    author: User | None = None
    language: str = ""
    when: str = ""
    newest_first: bool = False
    before: tuple[datetime, int] | None = None
    offset: int = 0
    match_any: bool = False

    @property
    def is_filtered(self) -> bool:
        return bool(self.section or self.author or self.language or self.when)

    @property
    def published_since(self) -> datetime | None:
        """The start of the period that the search is limited to."""
        return timezone.now() - PERIODS[self.when] if self.when else None

    def without_filters(self) -> "SearchQuery":
        """Return the same words in the same order, without filters."""
        return SearchQuery(words=self.words, newest_first=self.newest_first)


def clean_query(query: str) -> str:
    """Return a query as it is displayed and cached: no control characters, single spaces, limited length."""
    visible = "".join(" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in query[:2000])
    return " ".join(visible.split())[:MAX_QUERY_LENGTH].strip()


def fold(text: str) -> str:
    """Return `text` without differences that do not distinguish words: case, accents, composition, old spellings."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = unicodedata.normalize("NFC", _MARKS.sub("", text))
    # Several times faster than str.translate, which looks up each character.
    text = _UNDECOMPOSED_PATTERN.sub(lambda match: _UNDECOMPOSED[match[0]], text)
    # Armenian և is spelled եւ or եվ; Russian йод also иод.
    return _INITIAL_SHORT_I.sub("и", text).replace("եւ", "եվ")


def normalize(text: str) -> str:
    """Return the words of `text`, folded and separated by spaces, for the index.

    A compound is followed by its parts written as one word: "Wi-Fi" gives "wi fi wifi".
    """
    with_joined_forms = _COMPOUND.sub(lambda match: f"{match[0]} {''.join(WORD.findall(match[0]))}", fold(text))
    return " ".join(WORD.findall(with_joined_forms))


def parse_terms(query: str) -> list[Term]:
    """Return the terms of a query, each once, at most `MAX_QUERY_WORDS`.

    A compound is found in either spelling: "Wi-Fi" gives the alternatives ("wifi",) and ("wi", "fi").
    """
    terms: dict[Term, None] = {}
    for match in _WORD_OR_COMPOUND.finditer(fold(query)):
        parts = tuple(WORD.findall(match[0]))
        joined = tuple(WORD.findall("".join(parts)))
        terms[(parts,) if joined == parts else (joined, parts)] = None
    return list(terms)[:MAX_QUERY_WORDS]


def split_words(query: str) -> list[str]:
    """Return the single words of a query, folded, each once, at most `MAX_QUERY_WORDS`."""
    return list(dict.fromkeys(WORD.findall(fold(query))))[:MAX_QUERY_WORDS]


def shorten(words: Iterable[str]) -> list[str]:
    """Return the first two thirds of long words, which other forms of a word and most misspellings share."""
    return [word[: max(4, len(word) * 2 // 3)] for word in words]


def extract_text(html: str) -> str:
    """Return the text of a stored (sanitized) body: `core.sanitizer.plain_text` without an HTML parser, for speed."""
    return " ".join(unescape(_TAG.sub(" ", _INLINE_TAG.sub("", without_asides(html)))).split())
