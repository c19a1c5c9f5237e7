"""The review page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image as PILImage

from accounts.models import User
from accounts.selectors import AVATAR_SIZES, avatar_path
from accounts.services import save_avatar
from articles.models import Article, Revision
from articles.moderation.models import Decision, WatchWord
from articles.moderation.services import decide, suspend
from articles.moderation.services.notes import add_note
from articles.moderation.services.screening import screen
from articles.services import publishing
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator(display_name="Ruzanna"))
    return client


def page_of(article: Article) -> str:
    return reverse("admin:moderation_submission_change", args=[latest(article).pk])


def preview_of(article: Article) -> str:
    return reverse("admin:moderation_submission_preview", args=[latest(article).pk])


def form(article: Article, **fields: str) -> dict[str, str]:
    return {"submitted": str(latest(article).version), "verdict": "publish", "rule": "", "reason": "", **fields}


def test_review_page_post_records_and_redirects(admin_client: Client) -> None:
    article = factories.in_review(title="Lamps")

    response = admin_client.post(
        page_of(article), form(article, verdict="return", reason="Name them.", rule="sources"), follow=True
    )

    assert response.redirect_chain[-1][0] == reverse("admin:moderation_submission_changelist")
    assert "“Lamps” was returned to its author." in response.text
    decision = Decision.objects.get()
    assert (decision.verdict, decision.rule, decision.reason) == ("return", "sources", "Name them.")
    assert decision.moderator.name == "Ruzanna"
    assert LogEntry.objects.get().object_repr == "Lamps"


def test_review_page_missing_reason_shows_field_error(admin_client: Client) -> None:
    article = factories.in_review()
    response = admin_client.post(page_of(article), form(article, verdict="return", rule="copy", reason="  "))

    assert response.context["form"].errors == {"reason": ["Enter a reason. The user can read it."]}
    assert 'aria-invalid="true"' in response.text
    assert '<option value="copy" selected>' in response.text
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"verdict": ""},
        {"verdict": "burn"},
        {"rule": "none"},
        {"reason": "x" * 2001},
        {"reason": "a\x00b"},
        {"submitted": "x" * 41},
    ],
)
def test_review_page_invalid_form_decides_nothing(fields: dict[str, str], admin_client: Client) -> None:
    article = factories.in_review()
    assert admin_client.post(page_of(article), form(article, **fields)).status_code == 200
    assert not Decision.objects.exists()


@pytest.mark.parametrize("submitted", ["", "yesterday", "0", "2", "1.0"])
def test_review_page_stale_version_is_refused(submitted: str, admin_client: Client) -> None:
    article = factories.in_review()
    response = admin_client.post(page_of(article), form(article, submitted=submitted, reason="Kept."))
    assert response.status_code == 409
    assert "Review the new version." in response.text
    assert "Kept." in response.text
    assert not Decision.objects.exists()
    # The form of the response has the present version and can be sent.
    fresh = response.context["form"].initial["submitted"]
    assert admin_client.post(page_of(article), form(article, submitted=fresh)).status_code == 302


def test_review_page_second_moderator_sees_refusal_and_input(admin_client: Client) -> None:
    article = factories.in_review()
    fields = form(article, verdict="return", reason="My careful reason.")
    decide(revision=latest(article), moderator=moderator(display_name="Anahit"), verdict="publish")

    response = admin_client.post(page_of(article), fields)

    assert response.status_code == 409
    assert "Anahit already decided on this" in response.text
    assert "My careful reason." in response.text
    assert Article.objects.get().state == "published"
    assert Decision.objects.count() == 1


def test_review_page_own_article_has_no_form(admin_client: Client) -> None:
    article = factories.in_review(User.objects.get(is_staff=True))
    assert 'name="verdict"' not in admin_client.get(page_of(article)).text
    assert admin_client.post(page_of(article), form(article)).status_code == 409
    assert Article.objects.get().state == "in_review"


def test_review_page_verdicts_follow_state(admin_client: Client) -> None:
    def offered(article: Article) -> list[str]:
        return [str(value) for value, _ in admin_client.get(page_of(article)).context["form"].fields["verdict"].choices]

    assert offered(factories.in_review()) == ["publish", "return"]
    changed = factories.published()
    assert offered(changed) == ["keep", "hide"]
    publishing.save_draft(article=changed, text=factories.text(title="Changed"))
    publishing.submit(article=changed)
    assert offered(changed) == ["publish", "return", "hide"]
    assert offered(factories.hidden()) == ["restore"]


def test_review_page_shows_history_of_article_and_author(admin_client: Client) -> None:
    author = factories.UserFactory.create()
    other = factories.published(author, title="Another article")
    decide(revision=latest(other), moderator=moderator(display_name="Anahit"), verdict="hide", reason="Was copied.")
    article = factories.in_review(author, title="This one")
    decide(revision=latest(article), moderator=moderator(display_name="Vahan"), verdict="return", reason="Too thin.")
    publishing.save_draft(article=article, text=factories.text(title="This one, thicker"))
    publishing.submit(article=article)
    suspend(user=author, moderator=moderator(), until=timezone.now() + timedelta(days=3), reason="Shouting.")

    page = admin_client.get(page_of(article)).text
    for expected in [
        "Anahit",
        "Was copied.",
        "Another article",
        "Vahan",
        "Too thin.",
        "Shouting.",
        "<dt>previously published</dt><dd>1</dd>",
        "<dt>previously returned</dt><dd>1</dd>",
    ]:
        assert expected in page
    assert "What changed since it was returned" in page
    assert "<ins>one, thicker</ins>" in page


def test_review_page_shows_diff_to_live_text(admin_client: Client) -> None:
    article = factories.published(
        body="<p>" + "One two three four. " * 10 + '</p><p>See <a href="https://a.example/">here</a>.</p>'
    )
    body = (
        "<p>"
        + "One two three four. " * 10
        + '</p><p>See <a href="https://b.example/">here</a>.</p><p>&lt;script&gt;</p>'
    )
    publishing.save_draft(article=article, text=factories.text(body=body))
    publishing.submit(article=article)

    page = admin_client.get(page_of(article)).text
    assert "What changes for readers" in page
    assert "<del>[https://a.example/].</del> <ins>[https://b.example/].</ins>" in page
    assert "<ins>&lt;script&gt;</ins>" in page


@pytest.mark.parametrize("key", ["0", "999999", "x", "9" * 30, "-1", "_2F"])
def test_review_page_unknown_key_redirects(key: str, admin_client: Client) -> None:
    response = admin_client.get(f"/admin/moderation/submission/{key}/change/")
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert admin_client.get(f"/admin/moderation/submission/{key}/preview/").status_code == 404


def test_review_page_of_draft_is_not_found(admin_client: Client) -> None:
    article = factories.draft(title="Secret plans")
    assert admin_client.get(page_of(article)).status_code == 302
    assert admin_client.get(preview_of(article)).status_code == 404
    assert "Secret plans" not in admin_client.get("/admin/articles/article/").text
    assert admin_client.get(f"/admin/articles/article/{article.pk}/change/").status_code == 302


def test_preview_can_be_framed_by_own_origin_only(admin_client: Client) -> None:
    article = factories.in_review(title="Lamps by night")
    response = admin_client.get(preview_of(article))

    assert "Lamps by night" in response.text
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert "data-beacon" not in response.text
    assert "no-store" in response["Cache-Control"]
    decision_page = admin_client.get(page_of(article))
    assert decision_page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in decision_page["Content-Security-Policy"]
    assert f'src="{preview_of(article)}"' in decision_page.text
    assert admin_client.post(preview_of(article)).status_code == 405


@pytest.mark.parametrize("who", ["anonymous", "reader", "staff"])
def test_review_page_and_preview_denied_to_others(who: str, client: Client) -> None:
    article = factories.in_review(title="Not for you")
    if who != "anonymous":
        client.force_login(factories.UserFactory.create(is_staff=who == "staff"))
    for address in (page_of(article), preview_of(article), "/admin/moderation/submission/"):
        response = client.get(address)
        assert response.status_code in {302, 403}
        assert "Not for you" not in response.text
        assert client.post(address, form(article)).status_code in {302, 403, 405}
    assert not Decision.objects.exists()


def test_review_page_view_permission_cannot_decide(client: Client) -> None:
    article = factories.in_review()
    viewer = factories.UserFactory.create(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_submission"))
    client.force_login(viewer)
    assert client.post(page_of(article), form(article)).status_code == 403
    assert Article.objects.get().state == "in_review"


def test_moderator_can_open_own_pages_and_not_accounts(admin_client: Client) -> None:
    article = factories.hidden()
    allowed = [
        "moderation/submission/",
        f"moderation/submission/{article.live_id}/change/",
        "moderation/decision/",
        "moderation/suspension/",
        "moderation/suspension/add/",
        "promotion/promotion/",
        "articles/article/",
        f"articles/article/{article.pk}/change/",
        f"articles/article/{article.pk}/history/",
        "articles/section/add/",
        "articles/tag/add/",
        "core/sitesettings/1/change/",
        "articles/image/",
    ]
    for path in allowed:
        assert admin_client.get(f"/admin/{path}").status_code == 200, path
    boss = administrator()
    for path in [
        "accounts/user/",
        f"accounts/user/{boss.pk}/change/",
        "auth/group/",
        "auth/permission/",
        "auth/group/add/",
    ]:
        assert admin_client.get(f"/admin/{path}").status_code in {403, 404}, path


@pytest.mark.parametrize("language", ["ru", "hy"])
def test_review_page_in_each_language(language: str, admin_client: Client) -> None:
    article = factories.in_review()
    assert admin_client.get(f"/{language}/admin/moderation/submission/{article.latest_id}/change/").status_code == 200
    response = admin_client.post(f"/{language}/admin/moderation/submission/{article.latest_id}/change/", form(article))
    assert response["Location"] == f"/{language}/admin/moderation/submission/"
    assert Revision.objects.get().state == "published"


def test_review_page_query_count_is_constant(admin_client: Client) -> None:
    def queries_with(*numbers: int) -> int:
        for number in numbers:
            other = factories.published(author, title=f"Other {number}")
            decide(revision=latest(other), moderator=moderator(), verdict="hide", reason="Copied.", rule="copy")
            suspend(user=author, moderator=moderator(), until=timezone.now() + timedelta(days=1), reason="Threats.")
            User.objects.filter(pk=author.pk).update(suspended_until=None)
            add_note(moderator=moderator(), text="Once more.", user=author)
            WatchWord.objects.create(word=f"word{number}")
        admin_client.get(page_of(article))
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(page_of(article)).status_code == 200
        return len(captured)

    author = factories.UserFactory.create()
    article = factories.in_review(author)
    screen(latest(article).pk)
    assert queries_with(1) == queries_with(2, 3, 4, 5) <= 25


def test_clear_profile_removes_name_description_and_photo(
    admin_client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    author = factories.UserFactory.create(username="rude", display_name="Rude name", biography="Rude words")
    save_avatar(user=author, image=PILImage.new("RGB", (400, 400)))
    files = [avatar_path(author.avatar_key, size) for size in AVATAR_SIZES]
    address = reverse("admin:moderation_submission_clear_profile", args=[latest(factories.in_review(author)).pk])
    assert admin_client.get(address).status_code == 405
    with django_capture_on_commit_callbacks(execute=True):
        page = admin_client.post(address, follow=True).text
    assert "The profile is cleared." in page
    author.refresh_from_db()
    assert (author.name, author.biography, author.avatar_key) == ("rude", "", "")
    assert not any(map(default_storage.exists, files))


def test_clear_profile_needs_permission(client: Client) -> None:
    article = factories.in_review()
    viewer = factories.UserFactory.create(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_submission"))
    client.force_login(viewer)
    address = reverse("admin:moderation_submission_clear_profile", args=[latest(article).pk])
    assert client.post(address).status_code == 403
