"""What the tests of the search pages share."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

from django.db import connection

HOSTILE = [
    '"',
    "'",
    '"unbalanced',
    "* NEAR ( ) -",
    "AND OR NOT",
    'title:x OR "a" NEAR/2 b*',
    "a & b | !c <-> d:*",
    "\\",
    "'; DROP TABLE articles_article; --",
    "%s %d %(x)s {0} {x}",
    "—…!?",
    "🦔",
    "🦔 телескоп 🦔",
    "\u202e\u200b\u00ad",
    "x" * 10_000,
    "слово " * 2_000,
    " ".join(f"w{n}" for n in range(500)),
    "<script>alert(1)</script>",
    "^telescope ~telescope §s1 §0.1",
    "the and of",
    "и в на",
    "\n\t",
    "§",
    "'telescope' | '§s1'",
]

# Of a page of results, or of suggestions.
MAX_QUERIES = 8 if connection.vendor == "postgresql" else 6


def address(**parameters: str) -> str:
    return "/search/?" + urlencode({name: value for name, value in parameters.items() if value})


def titles(page: str) -> list[str]:
    found = re.findall(r'<h2 lang="\w\w" dir="auto"><a href="[^"]+">(.*?)</a></h2>', page)
    return [unescape(re.sub("</?mark>", "", one)) for one in found]


def results(page: str) -> str:
    return page[page.index('id="results"') :]
