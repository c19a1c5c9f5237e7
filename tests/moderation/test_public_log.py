"""The public moderation log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from articles.moderation.models import Decision
from articles.moderation.services import decide
from articles.moderation.views import LOG_PAGE_SIZE
from articles.services import publishing
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db


def test_log_hidden_article_without_title_and_names(client: Client) -> None:
    author = factories.UserFactory.create(display_name="Gayane Author")
    article = factories.published(author, title="A very secret title")
    user = moderator(display_name="Ruzanna Judge")
    decide(revision=latest(article), moderator=user, verdict="hide", reason="Names <b>children</b>.", rule="privacy")

    page = client.get("/moderation/").text
    for shown in [
        "An article was hidden",
        "Technology",
        "4. Private data about others",
        "Names &lt;b&gt;children&lt;/b&gt;.",
    ]:
        assert shown in page
    for absent in ["A very secret title", "Gayane Author", "Ruzanna Judge", "a-very-secret-title"]:
        assert absent not in page

    decide(revision=latest(article), moderator=user, verdict="restore", reason="It does not.")
    page = client.get("/moderation/").text
    assert page.index("An article was shown again") < page.index("An article was hidden")
    assert "A very secret title" in page
    assert "Gayane Author" not in page


def test_log_leaves_out_other_decisions(client: Client) -> None:
    decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="return", reason="A private word.")
    page = client.get("/moderation/")
    assert "A private word." not in page.text
    assert "No articles have been hidden." in page.text


def _log(count: int) -> None:
    user, revision = moderator(), latest(factories.hidden())
    start = timezone.now() - timedelta(days=10)
    Decision.objects.bulk_create(
        Decision(
            revision=revision,
            moderator=user,
            verdict="hide",
            reason=f"Reason number {number:03}.",
            # Two at each time: the cursor has to tell them apart.
            decided_at=start + timedelta(minutes=number // 2),
        )
        for number in range(count)
    )


def test_log_pages_have_every_decision_once(client: Client) -> None:
    _log(2 * LOG_PAGE_SIZE + 5)
    seen: list[str] = []
    address = "/moderation/"
    while address:
        context = client.get(address).context
        seen += [decision.reason for decision in context["page"]]
        address = f"/moderation/?after={context['older']}" if context["older"] else ""
    assert seen == [f"Reason number {number:03}." for number in reversed(range(2 * LOG_PAGE_SIZE + 5))]


@pytest.mark.parametrize("cursor", ["x", "1", "-", "1-x", "9" * 30 + "-1", "1-" + "9" * 30, "-1-1"])
def test_log_invalid_cursor_is_404(cursor: str, client: Client) -> None:
    assert client.get("/moderation/", {"after": cursor}).status_code == 404


def test_log_is_publicly_cacheable(client: Client) -> None:
    _log(3)
    response = client.get("/moderation/")
    assert "public" in response["Cache-Control"]
    assert not response.cookies
    assert "csrf" not in response.text


def test_log_query_count(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    _log(LOG_PAGE_SIZE + 5)
    client.get("/moderation/")  # fills the caches that all pages share
    with django_assert_num_queries(1):
        client.get("/moderation/")


@pytest.mark.parametrize("language", ["ru", "hy"])
def test_log_in_each_language(language: str, client: Client) -> None:
    _log(1)
    assert client.get(f"/{language}/moderation/").status_code == 200


def test_log_tells_that_hidden_article_was_edited_and_published_again(client: Client) -> None:
    article, user = factories.published(title="First title"), moderator()
    decide(revision=latest(article), moderator=user, verdict="hide", reason="Names a child.")
    publishing.save_draft(article=article, text=factories.text(title="Second title"))
    publishing.submit(article=article)
    decide(revision=latest(article), moderator=user, verdict="publish")
    page = client.get("/moderation/").text
    assert page.index("An article was shown again") < page.index("An article was hidden")
    assert "Second title" in page
    assert mail.outbox[-1].subject == "Shown again: Second title"
