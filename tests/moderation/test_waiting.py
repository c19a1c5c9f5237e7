"""What authors are told about how long they wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from articles.models import Article, Revision
from articles.moderation.models import Decision
from articles.moderation.services import decide
from articles.moderation.waiting import Receipt, format_wait, receipts_for
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.test_submissions_admin import waiting_for
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db


def decided(*hours: float) -> None:
    """Decide on submissions that had waited so long, the last one first."""
    user, now = moderator(), timezone.now()
    for number, wait in enumerate(hours):
        revision = latest(factories.in_review())
        decide(revision=revision, moderator=user, verdict="publish")
        decided_at = now - timedelta(days=number)
        Decision.objects.filter(revision=revision).update(decided_at=decided_at)
        Revision.objects.filter(pk=revision.pk).update(submitted_at=decided_at - timedelta(hours=wait))
    caches["local"].clear()


def of(article: Article) -> Receipt:
    article = Article.objects.select_related("latest").get(pk=article.pk)
    return receipts_for([article])[article.pk]


@pytest.mark.parametrize(
    ("seconds", "label"),
    [(0, "1 min"), (100, "2 min"), (3599, "1 h"), (5 * 3600, "5 h"), (47 * 3600, "47 h"), (80 * 3600, "3 d")],
)
def test_format_wait(seconds: int, label: str) -> None:
    assert format_wait(timedelta(seconds=seconds)) == label


def test_receipt_counts_earlier_submissions() -> None:
    for hours in (5, 4, 3):
        waiting_for(f"Earlier {hours}", timedelta(hours=hours))
    own = waiting_for("Own", timedelta(hours=2))
    waiting_for("Later", timedelta(hours=1))
    assert of(own).before == 3


def test_receipt_without_decisions_has_no_times() -> None:
    receipt = of(factories.in_review())
    assert (receipt.before, receipt.last_wait_label, receipt.usual_label) == (0, "", "")


def test_receipt_has_last_and_usual_wait() -> None:
    decided(5, 1, 3, 4, 8, 9, 10)
    receipt = of(factories.in_review())
    assert (receipt.last_wait_label, receipt.usual_label) == ("5 h", "3–9 h")


def test_receipt_of_few_decisions_has_no_usual_wait() -> None:
    decided(0.5, 2)
    receipt = of(factories.in_review())
    assert (receipt.last_wait_label, receipt.usual_label) == ("30 min", "")


def test_receipts_take_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    author = factories.UserFactory.create()
    articles = [factories.in_review(author) for _ in range(5)]
    with django_assert_num_queries(2):
        assert len(receipts_for(articles)) == 5
    with django_assert_num_queries(1):
        receipts_for(articles)
    with django_assert_num_queries(0):
        assert receipts_for([Article()]) == {}


def test_my_articles_shows_receipt(client: Client) -> None:
    decided(5, 1, 3, 4, 8, 9, 10)
    waiting_for("Earlier", timedelta(hours=5))
    own = factories.in_review()
    client.force_login(own.author)
    page = client.get("/my/articles/").text
    assert "1 submission is before yours." in page
    assert "The last one decided on had waited 5 h." in page
    assert "Usually: 3–9 h." in page
