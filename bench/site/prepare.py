"""Print what a run needs to know of a filled site as JSON: paths, sizes, sessions of voters, words to search for."""

from __future__ import annotations

import argparse
import json
import random
import re
import secrets
import sys
from collections.abc import Iterable
from statistics import mean

from django.conf import settings
from django.test import Client

from accounts.models import User
from articles.models import Article
from articles.models.article import HOT
from bench.site.list_pages import list_pages
from bench.site.sessions import delete_earlier_sessions, log_in

# So many that no page is requested again while it is cached.
MAX_ARTICLES = 20_000
# Articles whose pages are rendered to find the size of a page.
RENDERED = 50
WORDS = 2_000
_WORD = re.compile(r"[^\W\d_]{4,}")


def main() -> None:
    """Print the JSON."""
    parser = argparse.ArgumentParser(prog="bench.site.prepare")
    parser.add_argument("--voters", type=int, default=0, help="sessions to create; without any, only lists are printed")
    given = parser.parse_args()
    delete_earlier_sessions()
    found: dict[str, object] = {"list_pages": list_pages()}
    if given.voters:
        found |= readers(voters=given.voters)
    json.dump(found, sys.stdout)


def readers(*, voters: int) -> dict[str, object]:
    """Return one article for the hot scenarios, many other articles, voters and words."""
    published = Article.objects.published()
    # A path needs the number and the title only; all texts would be a hundred megabytes.
    newest = list(published.new().select_related("live").only("published_at", "live__title")[:MAX_ARTICLES])
    texts = published.new().values_list("live__title", "live__body")[:WORDS]
    # A different article in each run: in earlier ones all voters may have voted on theirs.
    article = secrets.choice(published.order_by(*HOT.names).for_detail().filter(language="en")[:50])
    # None of them has voted on it, so that each first vote creates a row.
    users = User.objects.filter(is_active=True, is_staff=False, suspended_until=None).exclude(pk=article.author_id)
    return {
        "article": {"number": article.pk, "path": article.get_absolute_url()},
        "articles": [{"number": one.pk, "path": one.get_absolute_url()} for one in newest],
        "voters": log_in(users.exclude(votes__article=article).order_by("pk")[:voters]),
        "words": words_of(f"{title} {body}" for title, body in texts),
        "page_bytes": page_bytes(secrets.SystemRandom().sample(newest, min(RENDERED, len(newest)))),
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
    }


def page_bytes(articles: Iterable[Article]) -> int:
    """Return the average size of the articles' pages, not compressed."""
    client = Client(HTTP_HOST="127.0.0.1", raise_request_exception=True)
    return round(mean(len(client.get(article.get_absolute_url()).content) for article in articles))


def words_of(texts: Iterable[str]) -> list[str]:
    """Return words to search for, as many common as rare ones.

    A random word of a text is probably common, the longest one probably rare.
    """
    found: list[str] = []
    for text in texts:
        words = _WORD.findall(re.sub(r"<[^>]*>", " ", text))
        if words:
            found += [secrets.choice(words), max(words, key=len)]
    random.shuffle(found)
    return found
