"""The index anew while the site serves, and whether it is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from articles.models import Article
from articles.search.engine import engine
from articles.search.indexing import Say, silent

# So many articles wait for each other while they are written, and votes on them too.
BATCH = 100


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How many published articles are in the index, how many are not, and how many entries are of nothing published."""

    right: int
    missing: int
    surplus: int


def rebuild(*, say: Say = silent) -> int:
    """Write the entries of all articles anew, and take away those of what is not published.

    A batch is one transaction, in which its articles are locked: what is published, edited or hidden meanwhile is
    written before the batch or after it, and never overwritten by it. Until its batch comes, an article is found by
    its old entry.

    Returns:
        how many published articles there were.
    """
    engine().prepare()
    count = 0
    for pks in _batches():
        with transaction.atomic():
            locked = Article.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
            states = dict(locked.values_list("pk", "state"))
            engine().update(pks)
        count += sum(state == Article.State.PUBLISHED for state in states.values())
        say(f"up to article {pks[-1]}: {count} are in the index")
    return count


def compare() -> Comparison:
    """Compare the published articles with the entries; changes nothing."""
    right = missing = surplus = 0
    for pks in _batches():
        published = set(Article.objects.published().filter(pk__in=pks).values_list("pk", flat=True))
        entries = engine().entries_among(pks)
        right += len(published & entries)
        missing += len(published - entries)
        surplus += len(entries - published)
    # Entries of articles that are not there any more.
    surplus += max(0, engine().count() - right - surplus)
    return Comparison(right=right, missing=missing, surplus=surplus)


def _batches() -> Iterator[list[int]]:
    last = 0
    while pks := list(Article.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield pks
        last = pks[-1]
