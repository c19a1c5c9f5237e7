"""Readable parts of URLs, in any script."""

from __future__ import annotations

import unicodedata

from django.utils.text import slugify


def slug_of(text: str, *, max_length: int = 60, default: str = "-") -> str:
    """Return `text` as a slug: lower-case letters and digits of any script, joined by hyphens.

    Args:
        text: a title or the name of a tag.
        max_length: in characters; a longer slug is cut between words if a word ends in its last third.
        default: returned if no letter or digit remains (a title of emoji).
    """
    slug = slugify(unicodedata.normalize("NFKC", text), allow_unicode=True)
    if len(slug) > max_length:
        cut = slug[:max_length]
        head, _, _ = cut.rpartition("-")
        slug = head if len(head) > max_length * 2 // 3 else cut
    return slug.strip("-_") or default
