"""What a run needs of a filled site, printed as JSON: addresses, sessions of voters, words that are found."""

from __future__ import annotations

import argparse
import json
import random
import re
import secrets
import sys
from collections.abc import Iterable

from django.conf import settings

from accounts.models import User
from articles.models import Article
from bench.site.places import places
from bench.site.sessions import forget_earlier_ones, log_in

# Pages enough that none comes twice while the last copy of it is kept.
MOST_ARTICLES = 20_000
WORDS = 2_000
_WORD = re.compile(r"[^\W\d_]{4,}")


def main() -> None:
    """Print what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="bench.site.prepare")
    parser.add_argument("--voters", type=int, default=0, help="sessions to make; without any, lists alone are told")
    given = parser.parse_args()
    forget_earlier_ones()
    found: dict[str, object] = {"places": places()}
    if given.voters:
        found |= readers(voters=given.voters)
    json.dump(found, sys.stdout)


def readers(*, voters: int) -> dict[str, object]:
    """The article that everybody reads, many that somebody reads, and who votes."""
    published = Article.objects.published()
    # A path is made of the number and the title alone; the texts of all of them would be a hundred megabytes.
    newest = list(published.new().select_related("live").only("published_at", "live__title")[:MOST_ARTICLES])
    texts = published.new().values_list("live__title", "live__body")[:WORDS]
    # Another one in each run, because those of earlier runs may have all their votes.
    article = secrets.choice(published.hot().for_detail().filter(language="en")[:50])
    # None of them has voted on it, so that each first vote is a row more.
    people = User.objects.filter(is_active=True, is_staff=False, suspended_until=None).exclude(pk=article.author_id)
    return {
        "article": {"number": article.pk, "path": article.get_absolute_url()},
        "articles": [{"number": one.pk, "path": one.get_absolute_url()} for one in newest],
        "voters": log_in(people.exclude(votes__article=article).order_by("pk")[:voters]),
        "words": words_of(f"{title} {body}" for title, body in texts),
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
    }


def words_of(texts: Iterable[str]) -> list[str]:
    """Words to search for, as often common ones as texts hold them, and as often rare ones.

    One word of each text, drawn from all of it, is likely a common one; the longest of each is likely a rare one.
    """
    found: list[str] = []
    for text in texts:
        words = _WORD.findall(re.sub(r"<[^>]*>", " ", text))
        if words:
            found += [secrets.choice(words), max(words, key=len)]
    random.shuffle(found)
    return found
