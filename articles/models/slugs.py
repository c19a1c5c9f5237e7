"""Readable parts of URLs, in any script."""

from __future__ import annotations

import re
import unicodedata

# "C++" and "C#" are not "C", ".NET" is not "Net".
_SYMBOLS = [
    (re.compile(r"(?<=[\w+#])\+"), "-plus"),
    (re.compile(r"(?<=[\w+#])#"), "-sharp"),
    (re.compile(r"(?<!\S)\.(?=\w)"), "dot-"),
]
# Marks that change only how a symbol is drawn.
_VARIATIONS = re.compile("[\ufe00-\ufe0f\u20e3]")


def slug_of(text: str, *, max_length: int = 60, default: str = "-") -> str:
    """Return `text` as a slug: lower-case letters with their marks and digits of any script, joined by hyphens.

    Unlike Django's `slugify`, it keeps the vowel signs of Indic scripts. Ё counts as Е.

    Args:
        text: a title or the name of a tag.
        max_length: in characters; a longer slug is cut between words if a word ends in its last third.
        default: returned if no letter or digit remains (a title of emoji).
    """
    for symbol, word in _SYMBOLS:
        text = symbol.sub(word, text)
    text = _VARIATIONS.sub("", unicodedata.normalize("NFKC", text)).lower().replace("ё", "е")
    slug = ""
    for character in text:
        category = unicodedata.category(character)[0]
        if character in "-_" or character.isspace():
            slug += "_" if character == "_" else "-"
        elif category in "LN" or (category == "M" and slug[-1:] not in {"", "-", "_"}):
            slug += character
    slug = unicodedata.normalize("NFKC", re.sub("-+", "-", slug)).strip("-_")
    if len(slug) > max_length:
        cut = slug[:max_length]
        head, _, _ = cut.rpartition("-")
        slug = head if len(head) > max_length * 2 // 3 else cut
    return slug.strip("-_") or default
