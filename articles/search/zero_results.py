"""Words of searches that found nothing: what readers miss, stored without who searched (docs/security.md).

A word is stored when `MIN_CLIENTS` clients have searched for it on one day. Until then the shared cache holds hashes
alone, under a random key of the day.
"""

import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta

from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from articles.search.models import ZeroResultWord
from articles.search.query import split_words
from core.ratelimit import count_event

# A client is an IPv4 address or the /64 of an IPv6 address.
MIN_CLIENTS = 3
# Numbers, and what is too short or long for a word, are never stored.
LENGTHS = range(3, 31)
WORDS_PER_SEARCH = 3
# Of a day: searches that are looked at, and words that are stored.
MAX_SEARCHES = 10_000
MAX_WORDS = 200
KEEP_DAYS = 90
_DAY = 24 * 60 * 60


def note(query: str, client: str) -> None:
    """Count the words of a search that found nothing.

    Args:
        client: the network address; only a hash of it is used.
    """
    words = [word for word in split_words(query) if word.isalpha() and len(word) in LENGTHS][:WORDS_PER_SEARCH]
    day = timezone.localdate()
    if not words or count_event(f"zero-results:{day}", _DAY) > MAX_SEARCHES:
        return
    key = cache.get_or_set(f"zero-results:{day}:key", secrets.token_hex, _DAY) or ""
    for word in words:
        if cache.add(f"zero-results:{_hash(key, word, client)}", 1, _DAY):
            clients = count_event(f"zero-results:{_hash(key, word)}", _DAY)
            if clients >= MIN_CLIENTS:
                _store(day, word, clients)


def _hash(key: str, *parts: str) -> str:
    return hmac.digest(key.encode(), "\0".join(parts).encode(), "sha256").hex()


def _store(day: date, word: str, clients: int) -> None:
    rows = ZeroResultWord.objects.filter(day=day)
    # The page is answered even if nothing can be written at the moment.
    with suppress(DatabaseError), transaction.atomic():
        if not rows.filter(word=word).update(number=F("number") + 1) and rows.count() < MAX_WORDS:
            ZeroResultWord.objects.create(day=day, word=word, number=clients)


def most_frequent(*, since: date, limit: int = 50) -> Sequence[tuple[str, int]]:
    """Return words and the number of clients who searched for them, the most frequent first."""
    rows = ZeroResultWord.objects.filter(day__gte=since).values_list("word").annotate(clients=Sum("number"))
    return list(rows.order_by("-clients", "word")[:limit])


def delete_old() -> None:
    """Delete the words of days more than `KEEP_DAYS` ago."""
    ZeroResultWord.objects.filter(day__lt=timezone.localdate() - timedelta(days=KEEP_DAYS)).delete()
