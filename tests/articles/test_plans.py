"""Every list reads an index in order, however many articles there are: what the database says that it does.

The statements are the pages' own (tests/articles/every_list.py), over an invented site of some ten thousand articles.
EXPLAIN ANALYZE then tells how many rows each step has read; none may grow with the site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles import sitemaps
from articles.models import Section
from spokesperson.load.fill import fill
from spokesperson.load.plan import Sizes
from tests.articles import every_list
from tests.articles.every_list import EveryList, selects

SIZES = Sizes(articles=30_000, people=6_000, votes=40_000, views=60_000)
# "Top of the month" merges the best of each of its days: a page (12, and one to see if more follow) of 32 days.
MOST_ROWS = 500
# The admin counts up to a thousand, and looks for what nobody has reviewed among the last five thousand.
MOST_ROWS_IN_ADMIN = 6_000
# Instead of 20,000 articles, which here would be two thirds of all.
PART_SIZE = 400
# How the statement begins that brings a list's cards.
CARDS = ('SELECT "articles_article".', 'SELECT "articles_articletag".')
Node = dict[str, Any]


def silent(line: str, *, stays: bool = True) -> None:
    """Progress that nobody reads."""


def filled(sizes: Sizes) -> EveryList:
    """Fill the database; whose lists are to be looked at."""
    fill(sizes, processes=1, say=silent, with_search=False)
    moderator = User.objects.get(pk=sizes.people)
    # Every list of the admin: the moderators' and the administrators'.
    User.objects.filter(pk=moderator.pk).update(is_superuser=True)
    return EveryList(
        author=User.objects.annotate(n=Count("articles")).order_by("-n", "pk")[0],
        section=Section.objects.annotate(n=Count("articles")).order_by("-n", "pk")[0],
        moderator=moderator,
    )


def nodes(plan: Node) -> Iterator[Node]:
    """All steps of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_of(node: Node, *others: str) -> float:
    """How many rows a step gave in all its rounds, and how many it counts under other names."""
    return float((node["Actual Rows"] + sum(node.get(name, 0) for name in others)) * node["Actual Loops"])


def rows_read(node: Node) -> float:
    """How many rows of a table or of an index a step has looked at, those that it left out included."""
    if "Scan" not in node["Node Type"] or node["Node Type"] in {"Subquery Scan", "CTE Scan", "Function Scan"}:
        return 0
    return rows_of(node, "Rows Removed by Filter", "Rows Removed by Index Recheck")


def rows_sorted(node: Node) -> float:
    """How many rows a step has put in order."""
    if node["Node Type"] not in {"Sort", "Incremental Sort"}:
        return 0
    return sum(rows_of(child) for child in node["Plans"])


def most_rows(name: str) -> int:
    """How many rows a list may look at, however many articles there are."""
    return MOST_ROWS_IN_ADMIN if name.startswith("admin") else MOST_ROWS


def complaints(name: str, sql: str, params: Any) -> Iterator[str]:
    """What is wrong with how the database answers a statement."""
    if name == "author" and "SUM(" in sql:
        return  # An author's totals are of all that this person wrote, and of nothing else.
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    most = most_rows(name)
    for node in nodes(plan):
        where = f"{node.get('Relation Name', '')} {node.get('Index Name', '')}".strip()
        step = f"{name}: {node['Node Type']} {where}"
        if rows_read(node) > most:
            yield f"{step} reads {rows_read(node):.0f} rows: {sql}"
        if rows_sorted(node) > most:
            yield f"{step} sorts {rows_sorted(node):.0f} rows: {sql}"


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL for its plans")
@pytest.mark.django_db(transaction=True)  # The plans are those of tables that were vacuumed, which is done outside one.
def test_every_list_reads_an_index_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    # A part of the sitemap is to be a small part of this site too.
    for module in (sitemaps, every_list):
        monkeypatch.setattr(module, "PART_SIZE", PART_SIZE)
    lists = filled(SIZES)
    wrong = [one for name, sql, params in lists.statements() for one in complaints(name, sql, params)]
    assert not wrong, "\n".join(wrong)

    hot = selects(Client(), reverse("hot"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP INDEX article_hot")
        assert [one for sql, params in hot for one in complaints("hot", sql, params)], "an index less is not noticed"
        transaction.set_rollback(True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite for its plans")
@pytest.mark.django_db
def test_what_readers_and_authors_see_reads_an_index_in_order_on_sqlite() -> None:
    """Moderators' lists do not: SQLite takes no index with a condition for a state that stands in a parameter."""
    lists = filled(Sizes(articles=1_000, people=200, votes=500, views=1_000))
    looked_at = 0
    for name, sql, params in lists.statements():
        if name.startswith("admin") or not sql.startswith(
            ('SELECT "articles_article".', 'SELECT "articles_articletag".')
        ):
            continue
        looked_at += 1
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            steps = [row[3] for row in cursor.fetchall()]
        assert not [step for step in steps if re.fullmatch(r"SCAN articles_\w+", step)], (name, steps)
        # The front asks for two lists at once and puts the few that it found in order.
        assert name == "new" or "USE TEMP B-TREE FOR ORDER BY" not in steps, (name, steps)
    assert looked_at > 20
