"""The admin of articles: hide, restore, correct; and the sections, tags and settings that moderators change."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from accounts.models import User
from articles.models import Article, Section, Tag
from articles.moderation.models import Decision
from articles.services import publishing
from core.models import SiteSettings
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator())
    return client


def change(article: Article) -> str:
    return f"/admin/articles/article/{article.pk}/change/"


def correction(article: Article, **fields: str) -> dict[str, str]:
    live = latest(article)
    return {
        "revision": str(live.number),
        "title": live.title,
        "summary": live.summary,
        "body": live.body,
        "section": str(live.section_id),
        "language": live.language,
        "tags": ", ".join(live.tag_names),
        "reason": "A slip of the pen.",
        **fields,
    }


def test_article_page_hides_and_restores(admin_client: Client, client: Client) -> None:
    article = factories.published()

    refused = admin_client.post(change(article), {"verdict": "hide", "reason": ""})
    assert refused.context["form"].errors["reason"]
    assert (
        admin_client.post(change(article), {"verdict": "hide", "reason": "Copied.", "rule": "copy"}).status_code == 302
    )
    article.refresh_from_db()
    assert article.state == "hidden"
    assert admin_client.get(article.get_absolute_url()).status_code == 404

    assert admin_client.post(change(article), {"verdict": "restore"}).status_code == 302
    article.refresh_from_db()
    assert article.state == "published"
    assert list(Decision.objects.values_list("verdict", flat=True)) == ["restore", "hide"]


def test_article_page_ignores_edited_state(admin_client: Client) -> None:
    article = factories.published()
    admin_client.post(change(article), {"state": "draft", "author": "1", "likes": "1000", "verdict": ""})
    article.refresh_from_db()
    assert (article.state, article.likes) == ("published", 0)
    assert admin_client.post(f"/admin/articles/article/{article.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/articles/article/add/").status_code == 403


def test_article_list_shows_counts_and_searches_title_and_author(admin_client: Client) -> None:
    author = factories.UserFactory.create(display_name="Gayane")
    article = factories.published(author, title="Bees")
    Article.objects.filter(pk=article.pk).update(views=1567, likes=203, dislikes=9)
    factories.published(title="Lamps")

    page = admin_client.get("/admin/articles/article/?q=gayane").text
    assert "1567 | 203 | 9" in page
    assert "Lamps" not in page
    assert "Lamps" in admin_client.get("/admin/articles/article/?q=lamps&state__exact=published").text
    assert "Lamps" not in admin_client.get("/admin/articles/article/?state__exact=hidden").text


def test_correction_is_live_recorded_and_emailed(admin_client: Client) -> None:
    article = factories.published(title="Lampz")
    address = f"/admin/articles/article/{article.pk}/correct/"
    page = admin_client.get(address)
    assert page.context["form"]["title"].value() == "Lampz"
    assert 'name="reason"' in page.text

    response = admin_client.post(address, correction(article, title="Lamps"), follow=True)

    assert "The corrected version is live" in response.text
    article.refresh_from_db()
    assert str(article) == "Lamps"
    decision = Decision.objects.get()
    assert (decision.verdict, decision.reason, decision.revision) == ("correct", "A slip of the pen.", article.live)
    assert LogEntry.objects.filter(object_id=str(article.pk)).count() == 1
    assert mail.outbox[0].subject == "Corrected: Lamps"
    assert "A slip of the pen." in mail.outbox[0].body


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"title": ""}, "title"),
        ({"tags": "a,b,c,d,e,f"}, "tags"),
        ({"image_token": "forged"}, "__all__"),
    ],
)
def test_invalid_correction_preserves_input(fields: dict[str, str], field: str, admin_client: Client) -> None:
    article = factories.published()
    response = admin_client.post(
        f"/admin/articles/article/{article.pk}/correct/", correction(article, summary="Typed with care.", **fields)
    )
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "Typed with care." in response.text
    assert not Decision.objects.exists()


def test_correction_of_superseded_revision_is_refused(admin_client: Client) -> None:
    article = factories.published(title="First")
    fields = correction(article, title="Mine")
    publishing.correct(article=article, text=factories.text(title="By another moderator"))

    response = admin_client.post(f"/admin/articles/article/{article.pk}/correct/", fields)

    assert "has been published" in response.text
    assert response.context["form"]["title"].value() == "Mine"
    article.refresh_from_db()
    assert str(article) == "By another moderator"
    for odd in ("", "x", "9" * 30):
        assert (
            admin_client.post(f"/admin/articles/article/{article.pk}/correct/", {**fields, "revision": odd}).status_code
            == 200
        )


def test_correction_needs_live_text_and_moderator(admin_client: Client, client: Client) -> None:
    for article in (factories.in_review(), factories.draft()):
        assert admin_client.get(f"/admin/articles/article/{article.pk}/correct/").status_code == 404
    article = factories.published()
    client.force_login(factories.UserFactory.create(is_staff=True))
    assert client.get(f"/admin/articles/article/{article.pk}/correct/").status_code == 403


# --- Sections, tags, settings ---------------------------------------------------------------------


def test_sections_and_tags_can_be_added_and_changed(admin_client: Client) -> None:
    section = {
        "name": "Science",
        "slug": "science",
        "name_ru": "Наука",
        "name_hy": "",
        "description": "",
        "position": "3",
    }
    assert admin_client.post("/admin/articles/section/add/", section).status_code == 302
    assert Section.objects.get(slug="science").name_in("ru") == "Наука"

    tag = Tag.objects.named(["lampz"])[0]
    assert (
        admin_client.post(f"/admin/articles/tag/{tag.pk}/change/", {"name": "lamps", "slug": "changed"}).status_code
        == 302
    )
    tag.refresh_from_db()
    assert (tag.name, tag.slug) == ("lamps", "lampz")


def test_site_settings_list_redirects_to_the_single_form(admin_client: Client) -> None:
    address = "/admin/core/sitesettings/1/change/"
    assert admin_client.get("/admin/core/sitesettings/")["Location"] == address
    assert not SiteSettings.objects.exists()
    assert 'value="Spokesperson"' in admin_client.get(address).text

    fields = {
        "name": "The Plane Tree",
        "tagline": "By us.",
        "about": '<p onclick="x()">We</p><script>alert(1)</script>',
        "rules": "<p>Be kind.</p>",
        "reviewed_before_trusted": "5",
        "sampling_interval": "0",
        "signup_gate": "open",
        "invitations_per_user": "0",
    }
    assert admin_client.post(address, {**fields, "reviewed_before_trusted": "-1"}).status_code == 200
    assert admin_client.post(address, fields).status_code == 302

    settings = SiteSettings.objects.get()
    assert (settings.pk, settings.name) == (1, "The Plane Tree")
    assert (settings.reviewed_before_trusted, settings.sampling_interval) == (5, 0)
    assert settings.about == "<p>We</p>"
    assert "The Plane Tree" in admin_client.get("/admin/").text
    for path in ("add/", "2/change/", "1/delete/"):
        assert admin_client.get(f"/admin/core/sitesettings/{path}").status_code in {302, 403}
    assert SiteSettings.objects.count() == 1


def test_decisions_and_images_are_read_only(client: Client) -> None:
    client.force_login(administrator())
    article = factories.published()
    decision = Decision.objects.create(revision=latest(article), moderator=User.objects.latest("pk"), verdict="keep")
    address = f"/admin/moderation/decision/{decision.pk}/change/"
    page = client.get(address)
    assert page.status_code == 200
    assert f"/admin/moderation/submission/{article.live_id}/change/" in page.text
    assert client.post(address, {"reason": "x"}).status_code == 403
    for path in ("moderation/decision/add/", "articles/image/add/"):
        assert client.get(f"/admin/{path}").status_code == 403
