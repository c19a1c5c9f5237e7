"""Published articles: hidden, shown again, corrected; and the rest of what is looked after in the admin."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.test import Client

from accounts.models import User
from articles.models import Article, Section, Tag
from articles.moderation.models import Decision, Sanction
from articles.moderation.services import suspend
from articles.services import publishing
from core.models import SiteSettings
from tests import factories
from tests.moderation.people import administrator, moderator
from tests.moderation.test_decide import latest

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(moderator())
    return client


def change(article: Article) -> str:
    return f"/admin/articles/article/{article.pk}/change/"


def correction(article: Article, **fields: str) -> dict[str, str]:
    live = latest(article)
    return {
        "revision": str(live.pk),
        "title": live.title,
        "summary": live.summary,
        "body": live.body,
        "section": str(live.section_id),
        "language": live.language,
        "tags": ", ".join(live.tag_names),
        "reason": "A slip of the pen.",
        **fields,
    }


def test_hiding_and_showing_again_from_the_article(desk: Client, client: Client) -> None:
    article = factories.published()

    refused = desk.post(change(article), {"verdict": "hide", "reason": ""})
    assert refused.context["form"].errors["reason"]
    assert desk.post(change(article), {"verdict": "hide", "reason": "Copied.", "rule": "copy"}).status_code == 302
    article.refresh_from_db()
    assert article.state == "hidden"
    assert desk.get(article.get_absolute_url()).status_code == 404

    assert desk.post(change(article), {"verdict": "restore"}).status_code == 302
    article.refresh_from_db()
    assert article.state == "published"
    assert list(Decision.objects.values_list("verdict", flat=True)) == ["restore", "hide"]


def test_states_are_not_edited(desk: Client) -> None:
    article = factories.published()
    desk.post(change(article), {"state": "draft", "author": "1", "likes": "1000", "verdict": ""})
    article.refresh_from_db()
    assert (article.state, article.likes) == ("published", 0)
    assert desk.post(f"/admin/articles/article/{article.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get("/admin/articles/article/add/").status_code == 403


def test_the_list_shows_figures_and_finds_by_title_and_author(desk: Client) -> None:
    author = factories.PersonFactory.create(display_name="Gayane")
    article = factories.published(author, title="Bees")
    Article.objects.filter(pk=article.pk).update(views=1567, likes=203, dislikes=9)
    factories.published(title="Lamps")

    page = desk.get("/admin/articles/article/?q=gayane").text
    assert "1567 | 203 | 9" in page
    assert "Lamps" not in page
    assert "Lamps" in desk.get("/admin/articles/article/?q=lamps&state__exact=published").text
    assert "Lamps" not in desk.get("/admin/articles/article/?state__exact=hidden").text


def test_a_correction_is_live_at_once_recorded_and_told(desk: Client) -> None:
    article = factories.published(title="Lampz")
    address = f"/admin/articles/article/{article.pk}/correct/"
    page = desk.get(address)
    assert page.context["form"]["title"].value() == "Lampz"
    assert 'name="reason"' in page.text

    response = desk.post(address, correction(article, title="Lamps"), follow=True)

    assert "The corrected text is live" in response.text
    article.refresh_from_db()
    assert str(article) == "Lamps"
    decision = Decision.objects.get()
    assert (decision.verdict, decision.reason, decision.revision) == ("correct", "A slip of the pen.", article.live)
    assert LogEntry.objects.filter(object_id=str(article.pk)).count() == 1
    assert mail.outbox[0].subject == "Corrected: Lamps"
    assert "A slip of the pen." in mail.outbox[0].body


@pytest.mark.parametrize(
    ("fields", "field"), [({"reason": " "}, "reason"), ({"title": ""}, "title"), ({"tags": "a,b,c,d,e,f"}, "tags")]
)
def test_a_refused_correction_keeps_what_was_typed(fields: dict[str, str], field: str, desk: Client) -> None:
    article = factories.published()
    response = desk.post(
        f"/admin/articles/article/{article.pk}/correct/", correction(article, summary="Typed with care.", **fields)
    )
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "Typed with care." in response.text
    assert not Decision.objects.exists()


def test_a_correction_of_a_text_that_is_not_live_any_more_overwrites_nothing(desk: Client) -> None:
    article = factories.published(title="First")
    fields = correction(article, title="Mine")
    publishing.correct(article=article, text=factories.text(title="Somebody else's"))

    response = desk.post(f"/admin/articles/article/{article.pk}/correct/", fields)

    assert "published meanwhile" in response.text
    assert response.context["form"]["title"].value() == "Mine"
    article.refresh_from_db()
    assert str(article) == "Somebody else's"
    for odd in ("", "x", "9" * 30):
        assert (
            desk.post(f"/admin/articles/article/{article.pk}/correct/", {**fields, "revision": odd}).status_code == 200
        )


def test_only_what_readers_see_is_corrected_and_only_by_moderators(desk: Client, client: Client) -> None:
    for article in (factories.in_review(), factories.draft()):
        assert desk.get(f"/admin/articles/article/{article.pk}/correct/").status_code == 404
    article = factories.published()
    client.force_login(factories.PersonFactory.create(is_staff=True))
    assert client.get(f"/admin/articles/article/{article.pk}/correct/").status_code == 403


# --- Suspensions ----------------------------------------------------------------------------------


def test_suspending_and_lifting(desk: Client) -> None:
    user = factories.PersonFactory.create(username="Loud")
    assert 'value="loud"' in desk.get("/admin/moderation/sanction/add/?person=loud").text

    fields = {"username": "loud", "until": "2031-05-01T12:00", "reason": "Threats."}
    response = desk.post("/admin/moderation/sanction/add/", fields, follow=True)
    assert "Loud is suspended." in response.text
    user.refresh_from_db()
    assert user.is_suspended

    sanction = Sanction.objects.get()
    page = desk.get(f"/admin/moderation/sanction/{sanction.pk}/change/").text
    assert f'action="/admin/moderation/sanction/{sanction.pk}/lift/"' in page
    assert desk.get(f"/admin/moderation/sanction/{sanction.pk}/lift/").status_code == 405
    desk.post(f"/admin/moderation/sanction/{sanction.pk}/lift/")
    user.refresh_from_db()
    assert not user.is_suspended
    assert desk.post("/admin/moderation/sanction/999/lift/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": "nobody"}, "Nobody here has this username."),
        ({"until": "2001-01-01T00:00"}, "Choose a time in the next ten years."),
        ({"until": "9999-12-31T23:59"}, "Choose a time in the next ten years."),
        ({"until": "soon"}, "Enter a valid date/time."),
        ({"reason": ""}, "This field is required."),
        ({"username": "boss"}, "Only an administrator suspends an administrator."),
        ({"username": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_a_suspension_that_is_refused_says_why(fields: dict[str, str], sentence: str, desk: Client) -> None:
    administrator(username="boss")
    factories.PersonFactory.create(username="loud")
    complete = {"username": "loud", "until": "2031-05-01T12:00", "reason": "Threats, typed with care.", **fields}
    response = desk.post("/admin/moderation/sanction/add/", complete)
    assert sentence in response.text
    assert ("typed with care" in response.text) == bool(complete["reason"])
    assert not Sanction.objects.exists()


def test_a_suspension_is_not_edited_or_deleted(client: Client) -> None:
    from datetime import timedelta

    from django.utils import timezone

    client.force_login(administrator())
    end = timezone.now() + timedelta(days=1)
    sanction = suspend(user=factories.PersonFactory.create(), moderator=moderator(), until=end, reason="Threats.")
    assert client.post(f"/admin/moderation/sanction/{sanction.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"/admin/moderation/sanction/{sanction.pk}/delete/", {"post": "yes"}).status_code == 403


# --- Sections, tags, settings ---------------------------------------------------------------------


def test_sections_and_tags_are_looked_after(desk: Client) -> None:
    section = {
        "name": "Science",
        "slug": "science",
        "name_ru": "Наука",
        "name_hy": "",
        "description": "",
        "position": "3",
    }
    assert desk.post("/admin/articles/section/add/", section).status_code == 302
    assert Section.objects.get(slug="science").name_in("ru") == "Наука"

    tag = Tag.objects.named(["lampz"])[0]
    assert desk.post(f"/admin/articles/tag/{tag.pk}/change/", {"name": "lamps", "slug": "changed"}).status_code == 302
    tag.refresh_from_db()
    assert (tag.name, tag.slug) == ("lamps", "lampz")


def test_settings_are_one_row_whose_list_is_its_form(desk: Client) -> None:
    address = "/admin/articles/sitesettings/1/change/"
    assert desk.get("/admin/articles/sitesettings/")["Location"] == address
    assert not SiteSettings.objects.exists()
    assert 'value="Spokesperson"' in desk.get(address).text

    fields = {
        "name": "The Plane Tree",
        "tagline": "By us.",
        "about": '<p onclick="x()">We</p><script>alert(1)</script>',
        "rules": "<p>Be kind.</p>",
        "reviewed_before_trusted": "5",
    }
    assert desk.post(address, {**fields, "reviewed_before_trusted": "-1"}).status_code == 200
    assert desk.post(address, fields).status_code == 302

    settings = SiteSettings.objects.get()
    assert (settings.pk, settings.name, settings.reviewed_before_trusted) == (1, "The Plane Tree", 5)
    assert settings.about == "<p>We</p>"
    assert "The Plane Tree" in desk.get("/admin/").text
    for path in ("add/", "2/change/", "1/delete/"):
        assert desk.get(f"/admin/articles/sitesettings/{path}").status_code in {302, 403}
    assert SiteSettings.objects.count() == 1


def test_decisions_and_pictures_are_only_read(client: Client) -> None:
    client.force_login(administrator())
    article = factories.published()
    decision = Decision.objects.create(revision=latest(article), moderator=User.objects.latest("pk"), verdict="keep")
    address = f"/admin/moderation/decision/{decision.pk}/change/"
    page = client.get(address)
    assert page.status_code == 200
    assert f"/admin/moderation/submission/{article.live_id}/change/" in page.text
    assert client.post(address, {"reason": "x"}).status_code == 403
    for path in ("moderation/decision/add/", "articles/picture/add/"):
        assert client.get(f"/admin/{path}").status_code == 403
