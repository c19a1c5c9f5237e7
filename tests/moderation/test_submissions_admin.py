"""The review queue and its actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Revision
from articles.moderation.models import Decision
from articles.moderation.services import decide
from articles.services import publishing
from core.models import SiteSettings
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/submission/"


def everyone_is_trusted() -> None:
    SiteSettings.objects.create(pk=1, reviewed_before_trusted=0)
    caches["local"].clear()


def titles(client: Client, query: str = "") -> list[str]:
    response = client.get(QUEUE + query)
    assert response.status_code == 200
    return [one.title for one in response.context["cl"].result_list]


def waiting_for(title: str, since: timedelta, author: User | None = None) -> Article:
    article = factories.in_review(author, title=title)
    Revision.objects.filter(article=article).update(submitted_at=timezone.now() - since)
    return article


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator())
    return client


def test_queue_oldest_first_with_age(admin_client: Client) -> None:
    waiting_for("Younger", timedelta(hours=1))
    waiting_for("Oldest", timedelta(days=2, hours=3, minutes=5))
    factories.draft(title="A private draft")
    factories.published(title="Out already")

    assert titles(admin_client) == ["Oldest", "Younger"]
    assert "2\xa0days, 3\xa0hours" in admin_client.get(QUEUE).text


def test_queue_shows_author_history(admin_client: Client) -> None:
    author = factories.UserFactory.create()
    factories.published(author, title="One")
    factories.hidden(author, title="Two")
    returned = factories.in_review(author, title="Three")
    decide(revision=latest(returned), moderator=moderator(), verdict="return", reason="Not yet.")
    waiting_for("Fourth", timedelta(hours=1), author)
    waiting_for("By another", timedelta(hours=2))

    found = {one.title: one for one in admin_client.get(QUEUE).context["cl"].result_list}
    assert (found["Fourth"].published_before, found["Fourth"].returned_before) == (2, 1)
    assert (found["By another"].published_before, found["By another"].returned_before) == (0, 0)


def test_queue_views(admin_client: Client) -> None:
    waiting_for("Waits", timedelta(hours=1))
    returned = factories.in_review(title="Went back")
    decide(revision=latest(returned), moderator=moderator(), verdict="return", reason="Not yet.")
    everyone_is_trusted()
    unseen = factories.in_review(title="Out at once")
    assert unseen.state == Article.State.PUBLISHED
    seen = factories.in_review(title="Looked at")
    decide(revision=latest(seen), moderator=moderator(), verdict="keep")
    hidden = factories.in_review(title="Hidden since")
    publishing.hide(article=hidden)

    assert (
        titles(admin_client)
        == titles(admin_client, "?view=waiting")
        == titles(admin_client, "?view=nonsense")
        == ["Waits"]
    )
    assert titles(admin_client, "?view=unreviewed") == ["Out at once"]
    assert titles(admin_client, "?view=returned") == ["Went back"]


def test_queue_filters_and_search(admin_client: Client) -> None:
    culture = factories.SectionFactory.create(name="Culture")
    author = factories.UserFactory.create(username="anahit", display_name="Անահիտ")
    factories.in_review(author, title="Lace", section=culture)
    factories.in_review(title="Фонари", language="ru")

    assert titles(admin_client, f"?section__id__exact={culture.pk}") == ["Lace"]
    assert titles(admin_client, "?language__exact=ru") == ["Фонари"]
    assert (
        titles(admin_client, "?q=anahit")
        == titles(admin_client, "?q=Անահիտ")
        == titles(admin_client, "?q=lace")
        == ["Lace"]
    )
    assert titles(admin_client, "?q=nobody") == []


def test_queue_add_and_delete_denied(admin_client: Client) -> None:
    article = factories.in_review()
    assert admin_client.get(QUEUE + "add/").status_code == 403
    assert admin_client.get(f"{QUEUE}{article.latest_id}/delete/").status_code == 403
    assert "delete_selected" not in admin_client.get(QUEUE).text


def _articles(count: int) -> None:
    for _ in range(count):
        article = factories.published()
        decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Copied.")
        factories.in_review(factories.UserFactory.create(), section=factories.SectionFactory.create(name=f"S{_}"))


def _suspensions(count: int) -> None:
    from articles.moderation.services import suspend

    for _ in range(count):
        suspend(
            user=factories.UserFactory.create(),
            moderator=moderator(),
            until=timezone.now() + timedelta(days=1),
            reason="Threats.",
        )


def _tags(count: int) -> None:
    from articles.models import Tag

    Tag.objects.named([f"tag {count} {number}" for number in range(count)])


def _sections(count: int) -> None:
    for number in range(count):
        factories.SectionFactory.create(name=f"Section {count} {number}")


def _images(count: int) -> None:
    from articles.models import Image

    for number in range(count):
        owner = factories.UserFactory.create()
        Image.objects.create(owner=owner, key=f"{count:08}{number:024}", width=900, height=600, size=1)


@pytest.mark.parametrize(
    ("path", "make"),
    [
        (QUEUE, _articles),
        ("/admin/articles/article/", _articles),
        ("/admin/moderation/decision/", _articles),
        ("/admin/moderation/suspension/", _suspensions),
        ("/admin/articles/tag/", _tags),
        ("/admin/articles/section/", _sections),
        ("/admin/articles/image/", _images),
    ],
)
def test_admin_list_query_count_is_constant(
    path: str, make: Callable[[int], None], client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(administrator())
    make(5)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        assert client.get(path).status_code == 200
    make(10)
    with CaptureQueriesContext(connection) as many:
        assert client.get(path).context["cl"].result_count >= 15
    assert len(few) == len(many) <= 12


@pytest.mark.parametrize(
    "query", ["?p=99999", "?o=1.2", "?section__id__exact=x", "?language__exact=%F0", "?e=1", "?q=%22"]
)
def test_queue_invalid_query_strings(query: str, admin_client: Client) -> None:
    assert admin_client.get(QUEUE + query).status_code in {200, 302}


def test_admin_index_shows_queue_size(admin_client: Client, client: Client) -> None:
    assert "No submissions waiting for review." in admin_client.get("/admin/").text
    waiting_for("Oldest", timedelta(days=2, hours=3, minutes=5))
    waiting_for("Younger", timedelta(hours=1))
    page = admin_client.get("/admin/").text
    assert "2 submissions waiting" in page
    assert "oldest: 2\u00a0days, 3\u00a0hours" in page

    client.force_login(factories.UserFactory.create(is_staff=True))
    assert "submissions wait" not in client.get("/admin/").text


# --- Actions on several -----------------------------------------------------------------------------


def choose(client: Client, action: str, *articles: Article, query: str = "", **more: str) -> str:
    """Select articles and an action in the list; return the confirmation page."""
    data = {"action": action, "_selected_action": [str(one.latest_id) for one in articles], "index": "0", **more}
    return client.post(QUEUE + query, data, follow=True).text


def confirm(client: Client, action: str, *articles: Article, query: str = "", **more: str) -> str:
    """Send the confirmation page; return the page that follows."""
    shown = []
    for one in articles:
        revision = latest(one)
        assert revision.submitted_at is not None
        shown.append(f"{revision.pk}@{revision.version}")
    return send(client, action, shown, query, **more)


def send(client: Client, action: str, shown: list[str], query: str = "", **more: str) -> str:
    selected = [one.partition("@")[0] for one in shown]
    data = {"action": action, "_selected_action": selected, "shown": shown, "confirmed": "yes", **more}
    return client.post(QUEUE + query, data, follow=True).text


def states(*articles: Article) -> list[str]:
    return [Article.objects.get(pk=one.pk).state for one in articles]


def test_publish_several_asks_for_confirmation(admin_client: Client) -> None:
    two = [factories.in_review(title="One"), factories.in_review(title="Two")]

    page = choose(admin_client, "publish_several", *two)
    assert "One" in page
    assert "Two" in page
    assert states(*two) == ["in_review", "in_review"]

    page = confirm(admin_client, "publish_several", *two)
    assert "2 decisions made: Publish." in page
    assert states(*two) == ["published", "published"]
    assert Decision.objects.filter(verdict="publish").count() == 2


def test_return_several_needs_reason(admin_client: Client) -> None:
    two = [factories.in_review(title="One"), factories.in_review(title="Two")]

    page = confirm(admin_client, "return_several", *two, reason="  ")
    assert "This field is required." in page
    assert states(*two) == ["in_review", "in_review"]

    confirm(admin_client, "return_several", *two, reason="Name your sources.", rule="sources")
    assert states(*two) == ["returned", "returned"]
    assert set(Decision.objects.values_list("reason", "rule")) == {("Name your sources.", "sources")}


def test_publish_several_names_refused_ones(admin_client: Client) -> None:
    mine = factories.in_review(User.objects.get(is_staff=True), title="My own")
    first, second, third = (factories.in_review(title=title) for title in ("First", "Second", "Third"))
    shown = [f"{one.latest_id}@{latest(one).version}" for one in (mine, first, second, third)]
    decide(revision=latest(first), moderator=moderator(display_name="Anahit"), verdict="return", reason="No.")
    publishing.withdraw(article=second)

    page = send(admin_client, "publish_several", shown)

    assert "1 decision made: Publish." in page
    assert "“My own” was not changed. This is your own article" in page
    assert "“First” was not changed. Anahit already decided on this" in page
    assert "“Second” was not changed." in page
    assert states(mine, first, second, third) == ["in_review", "returned", "draft", "published"]


def test_keep_several(admin_client: Client) -> None:
    everyone_is_trusted()
    article = factories.in_review()
    confirm(admin_client, "keep_several", article, query="?view=unreviewed")
    assert titles(admin_client, "?view=unreviewed") == []
    assert states(article) == ["published"]


@pytest.mark.parametrize("shown", [["x"], ["1"], ["@"], ["999999999@2026-01-01"], ["9" * 40 + "@x"], []])
def test_publish_several_invalid_confirmation_decides_nothing(shown: list[str], admin_client: Client) -> None:
    article = factories.in_review()
    assert "_selected_action" in choose(admin_client, "publish_several", article)
    send(admin_client, "publish_several", [*shown, f"{article.latest_id}@garbage"])
    assert states(article) == ["in_review"]


def test_publish_several_more_than_limit_is_refused(admin_client: Client) -> None:
    author, section = factories.UserFactory.create(), factories.SectionFactory.create()
    articles = [factories.in_review(author, section=section) for _ in range(51)]
    page = choose(admin_client, "publish_several", *articles, select_across="1")
    assert "up to 50" in page


def test_actions_absent_without_permission(client: Client) -> None:
    from django.contrib.auth.models import Permission

    article = factories.in_review()
    viewer = factories.UserFactory.create(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_submission"))
    client.force_login(viewer)

    assert "publish_several" not in client.get(QUEUE).text
    confirm(client, "publish_several", article)
    assert states(article) == ["in_review"]
    page = client.get(reverse("admin:moderation_submission_change", args=[article.latest_id]))
    assert page.status_code == 200
    assert 'name="verdict"' not in page.text
