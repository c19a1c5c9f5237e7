"""Claims: a moderator takes a submission, and others see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Revision
from articles.moderation.models import CLAIM_TIME, Claim, Decision
from articles.moderation.services import claims, decide
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.test_submissions_admin import waiting_for
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/submission/"


@pytest.fixture
def anna() -> User:
    return moderator(display_name="Anna")


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator(display_name="Ruzanna"))
    return client


def page_of(article: Article) -> str:
    return reverse("admin:moderation_submission_change", args=[latest(article).pk])


def end_claims() -> None:
    Claim.objects.update(ends_at=timezone.now() - timedelta(seconds=1))


def test_take_next_claims_oldest_for_fifteen_minutes(anna: User) -> None:
    waiting_for("Younger", timedelta(hours=1))
    waiting_for("Oldest", timedelta(hours=2))
    taken = claims.take_next(moderator=anna)
    assert taken is not None
    assert taken.title == "Oldest"
    found = Claim.objects.get()
    assert found.moderator == anna
    assert timedelta() <= timezone.now() + CLAIM_TIME - found.ends_at < timedelta(minutes=1)


def test_take_next_leaves_out_own_claimed_and_present_one(anna: User) -> None:
    waiting_for("Own", timedelta(hours=4), anna)
    claims.claim(revision=latest(waiting_for("Claimed", timedelta(hours=3))), moderator=moderator())
    waiting_for("First", timedelta(hours=2))
    waiting_for("Second", timedelta(hours=1))
    taken = [claims.take_next(moderator=anna) for _ in range(3)]
    assert [one and one.title for one in taken] == ["First", "Second", "First"]
    assert Claim.objects.filter(moderator=anna).count() == 1


def test_take_next_with_nothing_else_ends_claim(anna: User) -> None:
    factories.in_review()
    assert claims.take_next(moderator=anna) is not None
    assert claims.take_next(moderator=anna) is None
    assert not Claim.objects.exists()


def test_take_next_takes_what_time_released(anna: User) -> None:
    article = factories.in_review()
    claims.take_next(moderator=moderator())
    assert claims.take_next(moderator=anna) is None
    end_claims()
    taken = claims.take_next(moderator=anna)
    assert taken is not None
    assert taken.pk == article.latest_id


def test_claims_need_permission_and_no_suspension(anna: User) -> None:
    revision = latest(factories.in_review())
    reader = factories.UserFactory.create()
    for denied in (
        lambda: claims.take_next(moderator=reader),
        lambda: claims.claim(revision=revision, moderator=reader),
        lambda: claims.release(revision=revision, moderator=reader),
    ):
        with pytest.raises(PermissionDenied):
            denied()
    User.objects.filter(pk=anna.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        claims.take_next(moderator=anna)


def test_claim_of_another_is_refused_unless_taken_over(anna: User) -> None:
    revision, other = latest(factories.in_review()), moderator()
    end = claims.claim(revision=revision, moderator=anna).ends_at
    with pytest.raises(ActionNotAllowed, match=f"Anna reviews this until {timezone.localtime(end):%H:%M}"):
        claims.claim(revision=revision, moderator=other)
    claims.claim(revision=revision, moderator=other, take_over=True)
    assert Claim.objects.get().moderator == other


def test_claim_of_own_or_decided_submission_is_refused(anna: User) -> None:
    with pytest.raises(ActionNotAllowed, match="your own article"):
        claims.claim(revision=latest(factories.in_review(anna)), moderator=anna)
    with pytest.raises(ActionNotAllowed, match="no longer in review"):
        claims.claim(revision=latest(factories.published()), moderator=anna)


def test_decide_on_what_another_reviews_is_refused(anna: User) -> None:
    revision = latest(factories.in_review())
    claims.claim(revision=revision, moderator=anna)
    with pytest.raises(ActionNotAllowed, match="Anna reviews this until"):
        decide(revision=revision, moderator=moderator(), verdict="publish")
    end_claims()
    decide(revision=revision, moderator=moderator(), verdict="publish")
    assert not Claim.objects.exists()


def test_release_ends_own_claim_and_no_other(anna: User) -> None:
    revision = latest(factories.in_review())
    claims.claim(revision=revision, moderator=anna)
    claims.release(revision=revision, moderator=moderator())
    assert Claim.objects.exists()
    claims.release(revision=revision, moderator=anna)
    assert not Claim.objects.exists()


def test_release_of_left_page_ends_claim_within_a_minute(anna: User) -> None:
    revision = latest(factories.in_review())
    claims.claim(revision=revision, moderator=anna)
    claims.release(revision=revision, moderator=anna, left=True)
    soon = Claim.objects.get().ends_at
    assert soon <= timezone.now() + claims.LEAVE_TIMEOUT
    # Opened again, for example by "Back".
    assert claims.claim(revision=revision, moderator=anna).ends_at > soon


def test_claim_is_deleted_with_its_draft(anna: User) -> None:
    article = factories.in_review()
    claims.claim(revision=latest(article), moderator=anna)
    publishing.withdraw(article=article)
    article.delete()
    assert not Claim.objects.exists()


# --- Pages --------------------------------------------------------------------------------------------


def test_take_next_button_opens_oldest(admin_client: Client) -> None:
    waiting_for("Younger", timedelta(hours=1))
    oldest = waiting_for("Oldest", timedelta(hours=2))
    assert f'action="{QUEUE}next/"' in admin_client.get(QUEUE).text
    assert f'action="{QUEUE}next/"' in admin_client.get("/admin/").text
    response = admin_client.post(f"{QUEUE}next/")
    assert response["Location"] == page_of(oldest)
    assert "You review this until" in admin_client.get(page_of(oldest)).text
    assert admin_client.get(f"{QUEUE}next/").status_code in {302, 405}


def test_take_next_button_with_empty_queue_says_so(admin_client: Client) -> None:
    assert "Nothing else waits for you." in admin_client.post(f"{QUEUE}next/", follow=True).text


def test_claim_is_shown_in_list_and_on_page(admin_client: Client, anna: User) -> None:
    article = factories.in_review()
    end = timezone.localtime(claims.claim(revision=latest(article), moderator=anna).ends_at)
    assert f"Anna until {end:%H:%M}" in admin_client.get(QUEUE).text
    page = admin_client.get(page_of(article)).text
    assert f"Anna reviews this until {end:%H:%M}." in page
    assert 'name="take_over"' in page
    assert "Save decision" not in page
    end_claims()
    assert "Anna until" not in admin_client.get(QUEUE).text
    assert "No one reviews this yet." in admin_client.get(page_of(article)).text


def fields(article: Article, **changes: str) -> dict[str, str]:
    return {"submitted": str(latest(article).version), "verdict": "publish", "rule": "", "reason": "", **changes}


def test_decision_on_what_another_reviews_can_be_taken_over(admin_client: Client, anna: User) -> None:
    article = factories.in_review()
    claims.claim(revision=latest(article), moderator=anna)
    typed = fields(article, verdict="return", reason="My careful reason.")
    response = admin_client.post(page_of(article), typed)
    assert response.status_code == 409
    assert "Anna reviews this until" in response.text
    assert not Decision.objects.exists()
    response = admin_client.post(page_of(article), typed | {"take_over": "Take over"})
    assert response.status_code == 200
    assert "You review this until" in response.text
    assert "My careful reason." in response.text
    assert not Decision.objects.exists()
    assert admin_client.post(page_of(article), typed).status_code == 302
    assert Decision.objects.get().reason == "My careful reason."


def test_save_and_open_next(admin_client: Client) -> None:
    first, second = waiting_for("One", timedelta(hours=2)), waiting_for("Two", timedelta(hours=1))
    response = admin_client.post(page_of(first), fields(first, next="1"))
    assert response["Location"] == page_of(second)
    response = admin_client.post(page_of(second), fields(second, next="1"), follow=True)
    assert "“Two” is published." in response.text
    assert "Nothing else waits for you." in response.text
    assert Revision.objects.filter(state="published").count() == 2


def test_claim_and_release_buttons(admin_client: Client) -> None:
    article = factories.in_review()
    pk = latest(article).pk
    assert admin_client.post(f"{QUEUE}{pk}/claim/")["Location"] == page_of(article)
    assert Claim.objects.exists()
    assert admin_client.post(f"{QUEUE}{pk}/release/", {"left": "1"}).status_code == 204
    assert Claim.objects.exists()
    assert admin_client.post(f"{QUEUE}{pk}/release/")["Location"] == QUEUE
    assert not Claim.objects.exists()
    assert admin_client.post(f"{QUEUE}999999/claim/").status_code == 404
    assert admin_client.post(f"{QUEUE}999999/release/").status_code == 404
