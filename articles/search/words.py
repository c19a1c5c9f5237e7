"""One spelling for what is written in several ways, the same for texts and for what a reader types."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Signs inside words that are not letters: Armenian stress, exclamation and question, the stress of Russian textbooks,
# soft hyphens and invisible joiners. They go.
NOTHING = "\u055a\u055b\u055c\u055e\u0301\u00ad\u200b\u200c\u200d\u2060\ufeff"
# What parts words for everybody, and not for some engines, which see addresses, numbers or mark-up in it.
SPACES = "-‐‑–—_/.@:;+<>&=\\'’`\"«»„“”()[]{}|*#%~^§\u0589\u055d"

LONGEST_QUERY = 200
MOST_WORDS = 12

_TRANSLATION = str.maketrans({**dict.fromkeys(NOTHING, ""), **dict.fromkeys(SPACES, " "), "ё": "е", "Ё": "Е"})
WORD = re.compile(r"[^\W_]+")


def one_spelling(text: str) -> str:
    """`text` composed (NFKC), without signs inside words, ё as е and Armenian և (եւ) as եվ; capitals stay."""
    spelled = unicodedata.normalize("NFKC", text).translate(_TRANSLATION)
    # The capital of և is written ԵՎ today and was ԵՒ once.
    return spelled.replace("եւ", "եվ").replace("ԵՒ", "ԵՎ").replace("Եւ", "Եվ")


def words_of(query: str) -> list[str]:
    """The words of a query in one spelling, in lower case, each once; at most `MOST_WORDS`."""
    found = WORD.findall(one_spelling(query).lower())
    return list(dict.fromkeys(found))[:MOST_WORDS]


def tidy(query: str) -> str:
    """A query as it is shown and cached: without control characters, one space between words, cut at a limit."""
    visible = "".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in query[:2000])
    return " ".join(visible.split())[:LONGEST_QUERY].strip()


def shortened(words: Iterable[str]) -> list[str]:
    """The first two thirds of long words: they begin other forms of the word, and most of its misspellings."""
    return [word[: max(4, len(word) * 2 // 3)] for word in words]


def starting_alike(words: Iterable[str], beginnings: Iterable[str], *, loosely: bool = False) -> set[str]:
    """The words (in one spelling) that begin with one of `beginnings`; loosely, a long one may end otherwise."""
    starts = tuple(shortened(beginnings) if loosely else beginnings)
    return {word for word in words if word.startswith(starts)}
