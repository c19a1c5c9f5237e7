"""Trust of authors: computed, granted or frozen."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Trust
from articles.moderation.services import change_trust
from articles.services import publishing
from articles.services.trust import is_trusted, trust_of
from core.exceptions import ActionNotAllowed
from core.models import SiteSettings
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
ADD = "/admin/articles/trust/add/"
MY_ARTICLES = "/my/articles/"


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create(username="gayane", display_name="Gayane")


@pytest.fixture
def anna() -> User:
    return moderator(display_name="Anna")


def site_reviews(number: int) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": number})
    caches["local"].clear()


def change(user: User, moderator: User, kind: str, **options: Any) -> Trust:
    return change_trust(**{"user": user, "moderator": moderator, "kind": kind, "reason": "Because.", **options})


def test_granted_author_publishes_although_an_article_is_hidden(author: User, anna: User) -> None:
    factories.hidden(author)
    assert not is_trusted(author)
    change(author, anna, "granted")
    assert factories.in_review(author).state == Article.State.PUBLISHED
    site_reviews(1000)
    assert is_trusted(author)


def test_frozen_author_is_reviewed_until_trust_is_computed_again(author: User, anna: User) -> None:
    site_reviews(0)
    change(author, anna, "frozen")
    assert factories.in_review(author).state == Article.State.IN_REVIEW
    change(author, anna, "computed")
    assert factories.in_review(author).state == Article.State.PUBLISHED


def test_trust_ends_by_itself_and_leaves_its_history(author: User, anna: User) -> None:
    site_reviews(0)
    change(author, anna, "granted")
    change(author, anna, "frozen", until=timezone.now() + timedelta(days=2))
    assert not is_trusted(author)
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        # Not granted again: the last change applies.
        assert (trust_of(author).is_trusted, trust_of(author).kind) == (True, "computed")
    assert list(Trust.objects.values_list("kind", "reason")) == [("frozen", "Because."), ("granted", "Because.")]


def test_trust_of_author_counts_published_articles(author: User, django_assert_num_queries: Any) -> None:
    factories.published(author)
    assert (trust_of(author).published, trust_of(author).required) == (1, 3)
    for _ in range(2):
        factories.published(author)
    with django_assert_num_queries(3):
        assert trust_of(author).is_trusted


def test_review_of_all_articles_includes_authors_of_a_thousand(author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    site_reviews(1000)
    monkeypatch.setattr("articles.services.trust.REVIEW_ALL", 2)
    for _ in range(3):
        factories.published(author)
    assert not is_trusted(author)


def test_change_trust_twice_is_one_change_and_one_line_in_the_log(
    author: User, anna: User, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    caplog.set_level(logging.INFO)
    with django_capture_on_commit_callbacks(execute=True):
        first = change(author, anna, "frozen")
        assert change(author, anna, "frozen") == first
    lines: list[Any] = [record for record in caplog.records if record.getMessage() == "trust_created"]
    assert [line.fields for line in lines] == [{"user_id": author.pk, "moderator_id": anna.pk, "kind": "frozen"}]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"reason": " "}, "Enter a reason"),
        ({"until": timezone.now() - timedelta(days=1)}, "Choose a time within the next ten years"),
        ({"until": timezone.now() + timedelta(days=4000)}, "Choose a time within the next ten years"),
        ({"kind": "computed"}, "computed already"),
    ],
)
def test_change_trust_is_refused(options: dict[str, Any], sentence: str, author: User, anna: User) -> None:
    with pytest.raises(ActionNotAllowed, match=sentence):
        change(**{"user": author, "moderator": anna, "kind": "frozen", **options})
    assert not Trust.objects.exists()


def test_change_trust_needs_permission_and_another_account(author: User, anna: User) -> None:
    with pytest.raises(PermissionDenied):
        change(author, factories.UserFactory.create(), "granted")
    with pytest.raises(ActionNotAllowed, match="your own account"):
        change(anna, anna, "granted")
    User.objects.filter(pk=anna.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        change(author, anna, "granted")
    assert not Trust.objects.exists()


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "frozen", "reason": ""},
        {"kind": "odd", "reason": "x"},
        {"kind": "frozen", "reason": "x", "ends_at": timezone.now() - timedelta(days=1)},
        {"kind": "computed", "reason": "x", "ends_at": timezone.now() + timedelta(days=1)},
    ],
)
def test_constraints_of_trust(row: dict[str, Any], author: User, anna: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Trust.objects.create(user=author, moderator=anna, **row)


def test_my_articles_says_why_articles_are_reviewed(client: Client, author: User, anna: User) -> None:
    client.force_login(author)

    def page() -> str:
        return " ".join(client.get(MY_ARTICLES).text.split())

    article = factories.published(author)
    assert "Your articles are reviewed first until 3 are published. So far: 1." in page()
    site_reviews(1)
    assert "Your articles are published without review." in page()
    publishing.hide(article=article)
    assert "reviewed first, because a moderator has hidden one of them" in page()
    site_reviews(1000)
    assert "reviewed first, like all articles on this site" in page()
    until = timezone.make_aware(timezone.datetime(2031, 5, 4, 13, 21))  # type: ignore[attr-defined]
    change(author, anna, "frozen", until=until, reason="Two <copied> texts.")
    assert "reviewed first: a moderator decided so, until 13:21, 4 May, 2031." in page()
    assert "Two &lt;copied&gt; texts." in page()
    change(author, anna, "granted", until=until)
    assert "published without review until 13:21, 4 May, 2031" in page()


def test_review_page_shows_trust_and_its_history_and_leads_to_the_form(
    client: Client, author: User, anna: User
) -> None:
    client.force_login(anna)
    article = factories.in_review(author)
    url = reverse("admin:moderation_submission_change", args=[latest(article).pk])
    page = client.get(url).text
    assert "Computed: 0 of 3 published articles." in page
    assert "Have the trust computed again" not in page
    form = f"{ADD}?user=gayane&amp;kind=frozen&amp;submission={latest(article).pk}"
    assert form in page
    filled_in = client.get(form.replace("&amp;", "&")).text
    assert 'value="gayane"' in filled_in
    response = client.post(
        form.replace("&amp;", "&"), {"username": "Gayane", "kind": "frozen", "reason": "Copied <b>."}, follow=True
    )
    assert response.redirect_chain[-1][0] == url
    for text in ("What Gayane submits from now on is reviewed first.", "Frozen: Anna", "Copied &lt;b&gt;."):
        assert text in response.text
    assert f"{ADD}?user=gayane&amp;kind=computed" in response.text


def test_trust_form_shows_refusals_and_keeps_what_was_typed(client: Client, author: User, anna: User) -> None:
    client.force_login(anna)
    complete = {"username": "gayane", "kind": "granted", "reason": "Typed with care."}
    for fields, sentence in (
        ({"username": "nobody"}, "No user has this username."),
        ({"until": "2001-01-01T00:00"}, "Choose a time within the next ten years."),
        ({"kind": "odd"}, "odd is not one of the available choices"),
        ({"username": anna.username}, "You cannot change the trust of your own account."),
    ):
        response = client.post(ADD, {**complete, **fields})
        assert sentence in response.text
        assert "Typed with care." in response.text
    assert not Trust.objects.exists()
    response = client.post(f"{ADD}?submission=999", complete)
    assert response["Location"] == "/admin/articles/trust/"


def test_admin_of_user_shows_trust(client: Client, author: User, anna: User) -> None:
    client.force_login(administrator())
    change(author, anna, "granted", reason="A known reporter.")
    page = client.get(f"/admin/accounts/user/{author.pk}/change/").text
    assert "Publishes without review" in page
    assert "A known reporter." in page
    assert f"{ADD}?user=gayane" in page


def test_trust_list_queries(client: Client, anna: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client.force_login(anna)
    for _ in range(3):
        change(factories.UserFactory.create(), anna, "granted")
    client.get("/admin/articles/trust/")
    with django_assert_num_queries(5):
        page = client.get("/admin/articles/trust/").text
    assert page.count("Because.") == 3
    assert client.get(f"/admin/articles/trust/{Trust.objects.first().pk}/change/").status_code == 200  # type: ignore[union-attr]
