"""Query plans of all lists: each reads an index in order, so that its cost does not grow with the site.

The statements are those of the pages (tests/articles/every_list.py) on generated data. EXPLAIN ANALYZE gives the number
of rows that each step of a plan has read.
"""

from __future__ import annotations

import io
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
from articles.models import Article, Correction, Section
from bench.benchmark_data.fill import fill
from bench.benchmark_data.plan import Sizes
from spokesperson.operations.progress import Progress
from tests.articles import every_list
from tests.articles.every_list import EveryList, selects

SIZES = Sizes(articles=30_000, users=6_000, votes=40_000, views=60_000)
MAX_ROWS = 500
# The top of a time span can read all entries of the span in one index (docs/decisions/0010-top-of-a-time-span.md).
# The last 30 days of this site have some 1,100 articles.
MAX_ROWS_IN_SPAN = 2_000
# The admin counts up to 1,000 rows and searches the last 5,000.
MAX_ROWS_IN_ADMIN = 6_000
# So that a part of the sitemap is a small part of the test data.
PART_SIZE = 400
# Beginning of the statements that load the articles of a list, or the corrections.
CARDS = ('SELECT "articles_article".', 'SELECT "articles_articletag".', 'SELECT "articles_correction".')
Node = dict[str, Any]


def filled(sizes: Sizes) -> EveryList:
    """Fill the database and return the lists to check."""
    fill(sizes, processes=1, progress=Progress(io.StringIO()), with_search=False)
    corrected = Article.objects.published().order_by("pk")[: sizes.articles // 10]
    Correction.objects.bulk_create(Correction(article=article, text="x") for article in corrected)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE articles_correction")
    moderator = User.objects.get(pk=sizes.users)
    # A superuser sees all lists of the admin.
    User.objects.filter(pk=moderator.pk).update(is_superuser=True)
    return EveryList(
        author=User.objects.annotate(n=Count("articles")).order_by("-n", "pk")[0],
        section=Section.objects.annotate(n=Count("articles")).order_by("-n", "pk")[0],
        moderator=moderator,
    )


def nodes(plan: Node) -> Iterator[Node]:
    """Yield all steps of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_of(node: Node, *others: str) -> float:
    """Return the rows of a step in all its loops, plus those that it counts under other names."""
    return float((node["Actual Rows"] + sum(node.get(name, 0) for name in others)) * node["Actual Loops"])


def rows_read(node: Node) -> float:
    """Return how many rows of a table or index a step has read, including those that it filtered out."""
    if "Scan" not in node["Node Type"] or node["Node Type"] in {"Subquery Scan", "CTE Scan", "Function Scan"}:
        return 0
    return rows_of(node, "Rows Removed by Filter", "Rows Removed by Index Recheck")


def rows_sorted(node: Node) -> float:
    """Return how many rows a step has sorted."""
    if node["Node Type"] not in {"Sort", "Incremental Sort"}:
        return 0
    return sum(rows_of(child) for child in node["Plans"])


def max_rows(name: str) -> int:
    """Return how many rows a list may read."""
    if name.startswith("top ") and not name.startswith("top all"):
        return MAX_ROWS_IN_SPAN
    return MAX_ROWS_IN_ADMIN if name.startswith("admin") else MAX_ROWS


def violations(name: str, sql: str, params: Any) -> Iterator[str]:
    """Yield what is wrong with the plan of a statement."""
    if name == "author" and "SUM(" in sql:
        return  # The totals of an author add up all articles of the author.
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    limit = max_rows(name)
    for node in nodes(plan):
        where = f"{node.get('Relation Name', '')} {node.get('Index Name', '')}".strip()
        step = f"{name}: {node['Node Type']} {where}"
        if rows_read(node) > limit:
            yield f"{step} reads {rows_read(node):.0f} rows: {sql}"
        if rows_sorted(node) > limit:
            yield f"{step} sorts {rows_sorted(node):.0f} rows: {sql}"


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="plans of PostgreSQL")
@pytest.mark.django_db(transaction=True)  # VACUUM cannot run in a transaction.
def test_list_plans_on_postgresql_read_an_index_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sitemaps, every_list):
        monkeypatch.setattr(module, "PART_SIZE", PART_SIZE)
    lists = filled(SIZES)
    wrong = [one for name, sql, params in lists.statements() for one in violations(name, sql, params)]
    assert not wrong, "\n".join(wrong)

    hot = selects(Client(), reverse("hot"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP INDEX article_hot")
        assert [one for sql, params in hot for one in violations("hot", sql, params)], (
            "the missing index is not noticed"
        )
        transaction.set_rollback(True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="plans of SQLite")
@pytest.mark.django_db
def test_list_plans_on_sqlite_read_an_index_in_order() -> None:
    """Lists of the admin are left out: SQLite cannot use a partial index for a state that is a parameter."""
    lists = filled(Sizes(articles=1_000, users=200, votes=500, views=1_000))
    checked = 0
    for name, sql, params in lists.statements():
        if name.startswith("admin") or not sql.startswith(CARDS):
            continue
        checked += 1
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            steps = [row[3] for row in cursor.fetchall()]
        assert not [step for step in steps if re.fullmatch(r"SCAN articles_\w+", step)], (name, steps)
        # A subquery finds the few articles of a time span; the outer query sorts only these.
        is_subquery = "LIST SUBQUERY" in " ".join(steps)
        assert is_subquery or "USE TEMP B-TREE FOR ORDER BY" not in steps, (name, steps)
    assert checked > 20
