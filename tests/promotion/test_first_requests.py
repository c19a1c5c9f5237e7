"""Requests from before there were plans come along."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from articles.promotion.ledger import first_fault
from articles.promotion.models import LedgerEntry, Promotion
from tests import factories

BEFORE = [("promotion", "0002_moderators_told")]


@pytest.mark.django_db(transaction=True)
def test_they_become_free_requests_for_the_front_page_one_for_each_article() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite rebuilds tables for this, which its foreign keys do not allow while others refer to them")
    article, other = factories.published(), factories.published()
    people = factories.PersonFactory.create_batch(3)
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    try:
        executor.migrate(BEFORE)
        Old = executor.loader.project_state(BEFORE).apps.get_model("promotion", "Promotion")  # noqa: N806
        for person, of in ((people[0], article), (people[1], article), (people[2], other)):
            Old.objects.create(article_id=of.pk, sponsor_id=person.pk, message="Please", requested_at=timezone.now())
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(latest)
    found = list(Promotion.objects.order_by("pk"))
    assert [one.state for one in found] == ["requested", "declined", "requested"]
    assert {one.placement.code for one in found} == {"front_top"}
    assert len({one.form_key for one in found}) == 3
    assert list(LedgerEntry.objects.in_order().values_list("event", "actor_role")) == [
        ("requested", "sponsor"),
        ("requested", "sponsor"),
        ("declined", "system"),
        ("requested", "sponsor"),
    ]
    assert first_fault() is None
