"""The queue: what stands in it, in which order, with what beside it, and at what cost."""

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
from tests.moderation.people import administrator, moderator
from tests.moderation.test_decide import latest

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
def desk(client: Client) -> Client:
    client.force_login(moderator())
    return client


def test_what_waits_longest_stands_first_with_its_age(desk: Client) -> None:
    waiting_for("Younger", timedelta(hours=1))
    waiting_for("Oldest", timedelta(days=2, hours=3, minutes=5))
    factories.draft(title="A private draft")
    factories.published(title="Out already")

    assert titles(desk) == ["Oldest", "Younger"]
    assert "2\xa0days, 3\xa0hours" in desk.get(QUEUE).text


def test_how_the_author_fared_before_stands_beside(desk: Client) -> None:
    author = factories.PersonFactory.create()
    factories.published(author, title="One")
    factories.hidden(author, title="Two")
    returned = factories.in_review(author, title="Three")
    decide(revision=latest(returned), moderator=moderator(), verdict="return", reason="Not yet.")
    waiting_for("Fourth", timedelta(hours=1), author)
    waiting_for("By another", timedelta(hours=2))

    found = {one.title: one for one in desk.get(QUEUE).context["cl"].result_list}
    assert (found["Fourth"].published_before, found["Fourth"].returned_before) == (2, 1)
    assert (found["By another"].published_before, found["By another"].returned_before) == (0, 0)


def test_three_lists(desk: Client) -> None:
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

    assert titles(desk) == titles(desk, "?view=waiting") == titles(desk, "?view=nonsense") == ["Waits"]
    assert titles(desk, "?view=unreviewed") == ["Out at once"]
    assert titles(desk, "?view=returned") == ["Went back"]


def test_filters_and_search(desk: Client) -> None:
    culture = factories.SectionFactory.create(name="Culture")
    author = factories.PersonFactory.create(username="anahit", display_name="Անահիտ")
    factories.in_review(author, title="Lace", section=culture)
    factories.in_review(title="Фонари", language="ru")

    assert titles(desk, f"?section__id__exact={culture.pk}") == ["Lace"]
    assert titles(desk, "?language__exact=ru") == ["Фонари"]
    assert titles(desk, "?q=anahit") == titles(desk, "?q=Անահիտ") == titles(desk, "?q=lace") == ["Lace"]
    assert titles(desk, "?q=nobody") == []


def test_nothing_is_added_or_deleted_here(desk: Client) -> None:
    article = factories.in_review()
    assert desk.get(QUEUE + "add/").status_code == 403
    assert desk.get(f"{QUEUE}{article.latest_id}/delete/").status_code == 403
    assert "delete_selected" not in desk.get(QUEUE).text


def _articles(count: int) -> None:
    for _ in range(count):
        article = factories.published()
        decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Copied.")
        factories.in_review(factories.PersonFactory.create(), section=factories.SectionFactory.create(name=f"S{_}"))


def _suspensions(count: int) -> None:
    from articles.moderation.services import suspend

    for _ in range(count):
        suspend(
            user=factories.PersonFactory.create(),
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


def _pictures(count: int) -> None:
    from articles.models import Image

    for number in range(count):
        owner = factories.PersonFactory.create()
        Image.objects.create(owner=owner, key=f"{count:08}{number:024}", width=900, height=600, size=1)


@pytest.mark.parametrize(
    ("path", "make"),
    [
        (QUEUE, _articles),
        ("/admin/articles/article/", _articles),
        ("/admin/moderation/decision/", _articles),
        ("/admin/moderation/sanction/", _suspensions),
        ("/admin/articles/tag/", _tags),
        ("/admin/articles/section/", _sections),
        ("/admin/articles/picture/", _pictures),
    ],
)
def test_a_longer_list_costs_no_more(
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
def test_no_address_breaks_the_list(query: str, desk: Client) -> None:
    assert desk.get(QUEUE + query).status_code in {200, 302}


def test_the_front_of_the_admin_says_how_much_waits(desk: Client, client: Client) -> None:
    assert "Nothing waits for review." in desk.get("/admin/").text
    waiting_for("Oldest", timedelta(days=2, hours=3, minutes=5))
    waiting_for("Younger", timedelta(hours=1))
    page = desk.get("/admin/").text
    assert "2 submissions wait" in page
    assert "the longest for 2\xa0days, 3\xa0hours" in page

    client.force_login(factories.PersonFactory.create(is_staff=True))
    assert "submissions wait" not in client.get("/admin/").text


# --- Several at once ------------------------------------------------------------------------------


def choose(client: Client, action: str, *articles: Article, query: str = "", **more: str) -> str:
    """Choose articles and an action in the list, as a person does; what the next page shows."""
    data = {"action": action, "_selected_action": [str(one.latest_id) for one in articles], "index": "0", **more}
    return client.post(QUEUE + query, data, follow=True).text


def confirm(client: Client, action: str, *articles: Article, query: str = "", **more: str) -> str:
    """Send the page between."""
    shown = []
    for one in articles:
        revision = latest(one)
        assert revision.submitted_at is not None
        shown.append(f"{revision.pk}@{revision.submitted_at.isoformat()}")
    return send(client, action, shown, query, **more)


def send(client: Client, action: str, shown: list[str], query: str = "", **more: str) -> str:
    selected = [one.partition("@")[0] for one in shown]
    data = {"action": action, "_selected_action": selected, "shown": shown, "confirmed": "yes", **more}
    return client.post(QUEUE + query, data, follow=True).text


def states(*articles: Article) -> list[str]:
    return [Article.objects.get(pk=one.pk).state for one in articles]


def test_several_are_published_after_a_page_that_asks(desk: Client) -> None:
    two = [factories.in_review(title="One"), factories.in_review(title="Two")]

    page = choose(desk, "publish_several", *two)
    assert "One" in page
    assert "Two" in page
    assert states(*two) == ["in_review", "in_review"]

    page = confirm(desk, "publish_several", *two)
    assert "2 decisions made: Publish." in page
    assert states(*two) == ["published", "published"]
    assert Decision.objects.filter(verdict="publish").count() == 2


def test_several_are_returned_with_one_reason(desk: Client) -> None:
    two = [factories.in_review(title="One"), factories.in_review(title="Two")]

    page = confirm(desk, "return_several", *two, reason="  ")
    assert "This field is required." in page
    assert states(*two) == ["in_review", "in_review"]

    confirm(desk, "return_several", *two, reason="Name your sources.", rule="sources")
    assert states(*two) == ["returned", "returned"]
    assert set(Decision.objects.values_list("reason", "rule")) == {("Name your sources.", "sources")}


def test_one_that_cannot_be_decided_on_stops_no_other_and_is_named(desk: Client) -> None:
    mine = factories.in_review(User.objects.get(is_staff=True), title="My own")
    first, second, third = (factories.in_review(title=title) for title in ("First", "Second", "Third"))
    shown = [f"{one.latest_id}@{latest(one).submitted_at.isoformat()}" for one in (mine, first, second, third)]  # type: ignore[union-attr]
    decide(revision=latest(first), moderator=moderator(display_name="Anahit"), verdict="return", reason="No.")
    publishing.withdraw(article=second)

    page = send(desk, "publish_several", shown)

    assert "1 decision made: Publish." in page
    assert "Not done: “My own”. This is your own article" in page
    assert "Not done: “First”. Anahit decided on this already" in page
    assert "Not done: “Second”." in page
    assert states(mine, first, second, third) == ["in_review", "returned", "draft", "published"]


def test_several_that_were_published_without_review_are_kept(desk: Client) -> None:
    everyone_is_trusted()
    article = factories.in_review()
    confirm(desk, "keep_several", article, query="?view=unreviewed")
    assert titles(desk, "?view=unreviewed") == []
    assert states(article) == ["published"]


@pytest.mark.parametrize("shown", [["x"], ["1"], ["@"], ["999999999@2026-01-01"], ["9" * 40 + "@x"], []])
def test_a_broken_page_between_decides_nothing(shown: list[str], desk: Client) -> None:
    article = factories.in_review()
    assert "_selected_action" in choose(desk, "publish_several", article)
    send(desk, "publish_several", [*shown, f"{article.latest_id}@garbage"])
    assert states(article) == ["in_review"]


def test_more_than_fifty_at_once_are_refused(desk: Client) -> None:
    author, section = factories.PersonFactory.create(), factories.SectionFactory.create()
    articles = [factories.in_review(author, section=section) for _ in range(51)]
    page = choose(desk, "publish_several", *articles, select_across="1")
    assert "at most 50" in page


def test_who_only_looks_has_no_actions(client: Client) -> None:
    from django.contrib.auth.models import Permission

    article = factories.in_review()
    viewer = factories.PersonFactory.create(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_submission"))
    client.force_login(viewer)

    assert "publish_several" not in client.get(QUEUE).text
    confirm(client, "publish_several", article)
    assert states(article) == ["in_review"]
    page = client.get(reverse("admin:moderation_submission_change", args=[article.latest_id]))
    assert page.status_code == 200
    assert 'name="verdict"' not in page.text
