"""Readable addresses in any alphabet."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from django.utils.text import slugify


# A page asks for the same few several times, for its own address and those of its cards.
@lru_cache(maxsize=4096)
def slug_of(text: str, *, limit: int = 60, default: str = "-") -> str:
    """`text` as the readable part of an address: lower-case letters and digits of any script, joined by hyphens.

    Args:
        text: a title or a tag's name.
        limit: the most characters to return; a longer slug is cut at a word where one ends in its last third.
        default: what to return where nothing readable remains (a title of emoji).
    """
    slug = slugify(unicodedata.normalize("NFKC", text), allow_unicode=True)
    if len(slug) > limit:
        cut = slug[:limit]
        head, _, _ = cut.rpartition("-")
        slug = head if len(head) > limit * 2 // 3 else cut
    return slug.strip("-_") or default
