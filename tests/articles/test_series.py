"""Series: their parts and order, what readers see of them, and the pages of their authors."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Series, SeriesPart
from articles.services import coauthors, publishing, series
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.articles.author_form import hidden_value
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    user: User = factories.UserFactory.create(username="anna", display_name="Anna")
    return user


@pytest.fixture
def lamps(author: User) -> Series:
    return series.create(author=author, title="Lamps & streets", description="Counted by night.")


@pytest.fixture
def parts(author: User, lamps: Series) -> list[Article]:
    """Return four parts, of which the second is a draft."""
    made = [
        factories.draft(author, title="Part two") if n == 1 else factories.published(author, title=f"Street {n}")
        for n in range(4)
    ]
    for article in made:
        series.place(article=article, series=lamps)
    return made


def titles(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*><a href=\"/articles[^>]*>([^<]*)</a></h2>", page)


def order_of(one: Series) -> list[str]:
    return [str(part.article) for part in SeriesPart.objects.filter(series=one).order_by("position")]


# --- What readers see --------------------------------------------------------------------------


def test_article_page_shows_the_place_in_the_series(client: Client, lamps: Series, parts: list[Article]) -> None:
    url = lamps.get_absolute_url()
    assert url == f"/series/{lamps.pk}/lamps-streets/"
    page = client.get(parts[2].get_absolute_url()).text
    assert f'Part 2 of 3 of <a dir="auto" href="{url}">Lamps &amp; streets</a>' in page
    assert re.search(r'rel="prev" href="[^"]*">Street 0</a>', page)
    assert re.search(r'rel="next" href="[^"]*">Street 3</a>', page)
    assert "Part two" not in page
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert data
    ld = json.loads(data[1])
    assert ld["isPartOf"]["name"] == "Lamps & streets"
    assert ld["isPartOf"]["url"].endswith(url)
    assert ld["position"] == 2
    first, last = (client.get(parts[n].get_absolute_url()).text for n in (0, 3))
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in last
    publishing.hide(article=parts[0])
    page = client.get(parts[2].get_absolute_url()).text
    assert "Part 1 of 2" in page
    assert 'rel="prev"' not in page


def test_series_page_and_feeds_follow_takedowns(client: Client, lamps: Series, parts: list[Article]) -> None:
    pages = [lamps.get_absolute_url(), f"/series/{lamps.pk}/rss.xml", f"/series/{lamps.pk}/atom.xml"]
    page = client.get(pages[0]).text
    assert titles(page) == ["Street 0", "Street 2", "Street 3"]
    assert "3 parts" in page
    assert "Counted by night." in page
    assert all(client.get(url).text.count("Street 2") for url in pages)
    assert "Part two" not in client.get(pages[1]).text
    publishing.hide(article=parts[2])
    assert not any(client.get(url).text.count("Street 2") for url in pages)
    User.objects.update(suspended_until=timezone.now().replace(year=2099))
    assert "Counted by night." not in client.get(pages[0]).text
    for number in (0, 3):
        publishing.hide(article=parts[number])
    assert {client.get(url).status_code for url in pages} == {404}
    publishing.restore(article=parts[2])
    assert {client.get(url).status_code for url in pages} == {200}


def test_scheduled_part_is_neither_shown_nor_counted(client: Client, author: User, lamps: Series) -> None:
    articles = [factories.published(author, title=f"Street {n}") for n in range(2)]
    later = factories.published(author, title="Tomorrow", publish_at=timezone.now() + timedelta(hours=1))
    for article in (articles[0], later, articles[1]):
        series.place(article=article, series=lamps)
    page = client.get(articles[1].get_absolute_url()).text
    assert "Part 2 of 2" in page
    pages = [articles[0].get_absolute_url(), lamps.get_absolute_url(), f"/series/{lamps.pk}/rss.xml"]
    assert not any("Tomorrow" in text for text in (page, *(client.get(url).text for url in pages)))
    client.force_login(author)
    assert '<span class="state state--scheduled">Scheduled</span>' in client.get(f"/my/series/{lamps.pk}/").text
    series.place(article=later, series=None)
    assert "Tomorrow (Scheduled)</option>" in client.get(f"/my/series/{lamps.pk}/").text


def test_series_page_has_one_address(client: Client, lamps: Series, parts: list[Article]) -> None:
    assert client.get(f"/series/{lamps.pk}/other/")["Location"] == lamps.get_absolute_url()
    page = client.get(lamps.get_absolute_url())
    assert "s-maxage" in page["Cache-Control"]
    assert not page.cookies


@pytest.mark.parametrize("count", [2, 8])
def test_series_queries(
    client: Client, author: User, lamps: Series, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(count):
        series.place(article=factories.published(author, title=f"Street {n}"), series=lamps)
    url = Article.objects.order_by("pk")[0].get_absolute_url()
    client.get("/about/")
    with django_assert_max_num_queries(3):
        client.get(lamps.get_absolute_url())
    with django_assert_max_num_queries(2):
        client.get(f"/series/{lamps.pk}/rss.xml")
    client.get(url)
    with django_assert_max_num_queries(3 + 1):
        client.get(url)


# --- What authors do ---------------------------------------------------------------------------


def test_place_takes_an_article_out_of_another_series(author: User, lamps: Series, parts: list[Article]) -> None:
    other = series.create(author=author, title="Other", description="")
    series.place(article=parts[0], series=other)
    series.place(article=parts[0], series=other)
    assert order_of(lamps) == ["Part two", "Street 2", "Street 3"]
    assert order_of(other) == ["Street 0"]
    series.place(article=parts[0], series=None)
    assert order_of(other) == []


def test_place_only_own_articles_within_the_maximum(
    author: User, lamps: Series, parts: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    coauthor = factories.UserFactory.create()
    foreign = factories.draft(coauthor)
    coauthors.accept(invitation=coauthors.invite(article=foreign, username="anna"), user=author)
    with pytest.raises(ActionNotAllowed, match="Only articles of the author"):
        series.place(article=foreign, series=lamps)
    monkeypatch.setattr(series, "MAX_PARTS", 4)
    with pytest.raises(ActionNotAllowed, match="A series can have 4 parts"):
        series.place(article=factories.draft(author), series=lamps)
    series.delete(series=Series.objects.get(pk=lamps.pk))
    with pytest.raises(ActionNotAllowed, match="no longer exists"):
        series.place(article=parts[0], series=lamps)
    with pytest.raises(ActionNotAllowed, match="no longer exists"):
        series.change(series=lamps, title="New", description="")


def test_suspended_author_changes_no_series(author: User, lamps: Series, parts: list[Article]) -> None:
    User.objects.filter(pk=author.pk).update(suspended_until=timezone.now().replace(year=2099))
    part = SeriesPart.objects.select_related("series").get(article=parts[0])
    for action in (
        lambda: series.create(author=author, title="New", description=""),
        lambda: series.change(series=lamps, title="New", description=""),
        lambda: series.place(article=parts[0], series=None),
        lambda: series.move(part=part, by=1),
        lambda: series.delete(series=lamps),
    ):
        with pytest.raises(ActionNotAllowed, match="suspended"):
            action()
    assert order_of(lamps)[0] == "Street 0"


def test_create_has_a_maximum(author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "MAX_SERIES", 1)
    series.create(author=author, title="One", description="")
    with pytest.raises(ActionNotAllowed, match="You can have 1 series"):
        series.create(author=author, title="Two", description="")


def test_series_pages_of_the_author(client: Client, author: User) -> None:
    client.force_login(author)
    draft, other = factories.draft(author, title="One"), factories.draft(author, title="Two")
    assert reverse("my_series") in client.get(reverse("my_articles")).text
    assert "This field is required." in client.post(reverse("my_series"), {"title": ""}).text
    created = client.post(reverse("my_series"), {"title": "Lamps", "description": "By night"})
    one = Series.objects.get()
    url, part_url = reverse("my_series_edit", args=[one.pk]), reverse("my_series_part", args=[one.pk])
    assert created["Location"] == url
    assert "Lamps" in client.get(reverse("my_series")).text
    for article in (draft, other):
        client.post(part_url, {"action": "add", "article": article.pk})
    assert order_of(one) == ["One", "Two"]
    client.post(part_url, {"action": "up", "article": other.pk})
    assert order_of(one) == ["Two", "One"]
    client.post(part_url, {"action": "up", "article": other.pk})  # It is the first one.
    client.post(part_url, {"action": "down", "article": other.pk})
    assert order_of(one) == ["One", "Two"]
    client.post(part_url, {"action": "remove", "article": draft.pk})
    assert order_of(one) == ["Two"]
    page = client.get(url).text
    assert f'<option value="{draft.pk}">One (Draft)</option>' in page
    client.post(url, {"title": "Streets", "description": ""})
    one.refresh_from_db()
    assert (one.title, one.description) == ("Streets", "")
    stranger = Client()
    stranger.force_login(factories.UserFactory.create())
    assert stranger.get(url).status_code == stranger.post(part_url, {"action": "add"}).status_code == 404
    foreign = factories.draft()
    assert client.post(part_url, {"action": "add", "article": foreign.pk}).status_code == 404
    assert client.post(part_url, {"action": "add", "article": "x"}).status_code == 404
    client.post(reverse("my_series_delete", args=[one.pk]))
    assert not Series.objects.exists()
    assert Article.objects.filter(pk=other.pk).exists()


def test_part_in_the_trash_is_taken_out(client: Client, author: User, lamps: Series, parts: list[Article]) -> None:
    client.force_login(author)
    publishing.discard(article=parts[1])
    assert "Part two" in client.get(reverse("my_series_edit", args=[lamps.pk])).text
    url = reverse("my_series_part", args=[lamps.pk])
    assert client.post(url, {"action": "remove", "article": parts[1].pk}).status_code == 302
    assert order_of(lamps) == ["Street 0", "Street 2", "Street 3"]
    assert client.post(url, {"action": "add", "article": parts[1].pk}).status_code == 404


def test_form_chooses_the_series(client: Client, author: User) -> None:
    client.force_login(author)
    article = factories.draft(author, title="Title")
    url = reverse("my_article_edit", args=[article.pk])
    assert 'name="series"' not in client.get(url).text
    one = series.create(author=author, title="Lamps", description="")
    foreign = series.create(author=factories.UserFactory.create(), title="Foreign", description="")
    page = client.get(url).text
    assert ">Lamps</option>" in page
    assert "Foreign" not in page
    form = {"title": "Title", "body": factories.BODY, "language": "en", "version": 1}
    save, autosave = {**form, "action": "save"}, reverse("my_article_autosave", args=[article.pk])
    client.post(url, {**save, "series": one.pk})
    assert order_of(one) == ["Title"]
    assert f'<option value="{one.pk}" selected>' in client.get(url).text
    client.post(url, save)  # Of a page without the field.
    assert order_of(one) == ["Title"]
    assert client.post(autosave, {**form, "series": ""}).json()["unsaved"] == {}
    assert order_of(one) == []
    for wrong in (foreign.pk, "x"):
        answer = client.post(autosave, {**form, "series": wrong}).json()
        assert answer["unsaved"] == {"series": "This series no longer exists."}
    assert "valid choice" in client.post(url, {**save, "series": foreign.pk}).text
    new = client.post(reverse("my_article_autosave_new"), {**form, "version": 0, "title": "New", "series": one.pk})
    assert new.status_code == 200
    assert order_of(one) == ["New"]


def test_open_page_leaves_the_series_that_was_chosen_elsewhere(client: Client, author: User, lamps: Series) -> None:
    client.force_login(author)
    article = factories.draft(author, title="Title")
    url, autosave = (reverse(f"my_article_{name}", args=[article.pk]) for name in ("edit", "autosave"))
    assert hidden_value(client.get(url), "initial_series") == ""
    form = {"title": "New", "body": factories.BODY, "language": "en", "version": 1, "series": "", "initial_series": ""}
    series.place(article=article, series=lamps)
    assert hidden_value(client.get(url), "initial_series") == str(lamps.pk)
    form["version"] = client.post(autosave, form).json()["version"]
    assert order_of(lamps) == ["New"]
    client.post(url, {**form, "action": "save"})
    assert order_of(lamps) == ["New"]
    # What the author chooses counts.
    client.post(autosave, {**form, "initial_series": lamps.pk})
    assert order_of(lamps) == []
    conflict = client.post(url, {**form, "initial_series": lamps.pk, "version": 99, "title": "Mine"})
    assert conflict.status_code == 409
    assert hidden_value(conflict, "initial_series") == str(lamps.pk)


def test_coauthor_cannot_choose_the_series(client: Client, author: User, lamps: Series) -> None:
    user = factories.UserFactory.create()
    article = factories.draft(author)
    coauthors.accept(invitation=coauthors.invite(article=article, username=user.username), user=user)
    own = series.create(author=user, title="Mine", description="")
    client.force_login(user)
    url = reverse("my_article_edit", args=[article.pk])
    assert 'name="series"' not in client.get(url).text
    form = {"title": "Title", "body": factories.BODY, "language": "en", "version": 1, "action": "save"}
    for one in (own, lamps):
        client.post(url, {**form, "series": one.pk})
    assert not SeriesPart.objects.exists()


def test_moderator_deletes_a_series(client: Client, lamps: Series, parts: list[Article]) -> None:
    client.force_login(moderator())
    assert "Lamps &amp; streets" in client.get(reverse("admin:articles_series_changelist")).text
    assert "Street 0" in client.get(reverse("admin:articles_series_change", args=[lamps.pk])).text
    assert client.post(reverse("admin:articles_series_delete", args=[lamps.pk]), {"post": "yes"}).status_code == 302
    assert client.get(lamps.get_absolute_url()).status_code == 404
    assert "Part 1 of" not in client.get(parts[0].get_absolute_url()).text
