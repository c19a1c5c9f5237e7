"""Checkpoints, and the page of an article's versions: compare and restore."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Checkpoint, Image, Revision
from articles.services import checkpoints, drafts, publishing
from articles.services.images import remove_unused
from tests import factories
from tests.articles.test_publishing import returned

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, 12, tzinfo=timezone.get_current_timezone())


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def latest(article: Article) -> Revision:
    return Revision.objects.get(latest_for=article.pk)


def page_of(article: Article) -> str:
    return reverse("my_article_versions", args=[article.pk])


def written_for(minutes: int, *, every: int = 2) -> Article:
    """Return a draft that was saved again and again for some minutes, with the minute as its title."""
    with time_machine.travel(START, tick=False) as clock:
        article = factories.draft(title="0")
        for minute in range(every, minutes + 1, every):
            clock.move_to(START + timedelta(minutes=minute))
            publishing.save_draft(article=article, text=factories.text(title=str(minute)))
    return article


def test_a_checkpoint_in_ten_minutes_of_writing() -> None:
    article = written_for(31)
    rows = Checkpoint.objects.order_by("version")
    assert [(row.title, row.updated_at - START) for row in rows] == [
        ("8", timedelta(minutes=8)),
        ("18", timedelta(minutes=18)),
        ("28", timedelta(minutes=28)),
    ]
    assert latest(article).title == "30"


def test_a_checkpoint_before_most_of_the_text_is_deleted() -> None:
    with time_machine.travel(START, tick=False) as clock:
        article = factories.draft(body="<p>" + "word " * 300 + "</p>")
        clock.shift(61)
        publishing.save_draft(article=article, text=factories.text(body="<p>word</p>"))
    assert "word word" in Checkpoint.objects.get().body


def test_old_checkpoints_are_deleted() -> None:
    with time_machine.travel(START, tick=False):
        article = factories.draft()
        checkpoints.create(latest(article))
        assert checkpoints.delete_old() == 0
    with time_machine.travel(START + timedelta(days=30, minutes=1), tick=False):
        assert checkpoints.delete_old() == 1


def test_checkpoints_of_an_article_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "MAX_PER_ARTICLE", 2)
    with time_machine.travel(START + timedelta(minutes=51), tick=False):
        written_for(51, every=10)
        assert checkpoints.delete_old() == 3
    assert [row.title for row in Checkpoint.objects.order_by("version")] == ["30", "40"]


def test_image_of_a_checkpoint_is_in_use(user: User) -> None:
    with time_machine.travel(START):
        image = Image.objects.create(owner=user, key="a" * 32, width=10, height=10, size=1)
        article = factories.draft(user, image=image)
        checkpoints.create(latest(article))
        publishing.save_draft(article=article, text=factories.text())
    remove_unused(owner=user)
    assert Image.objects.get() == image


# --- Restore


def test_restore_makes_an_earlier_text_the_draft_and_keeps_the_one_it_replaces() -> None:
    article = written_for(12)
    old = Checkpoint.objects.get()
    drafts.restore_version(article=article, version=old.version)
    assert (latest(article).title, latest(article).version) == ("8", 8)
    replaced = Checkpoint.objects.get(title="12")
    drafts.restore_version(article=article, version=replaced.version)
    assert (latest(article).title, latest(article).version) == ("12", 9)


def test_restore_of_a_returned_version_makes_a_new_draft() -> None:
    article = returned()
    first = latest(article)
    publishing.save_draft(article=article, text=factories.text(title="Second"))
    drafts.restore_version(article=article, version=first.version)
    assert (latest(article).title, latest(article).number) == (first.title, 2)
    assert Checkpoint.objects.get().title == "Second"


def test_restore_in_a_published_article_keeps_what_readers_see(client: Client, user: User) -> None:
    article = factories.published(user, title="First")
    publishing.correct(article=article, text=factories.text(title="Corrected"))
    first = Revision.objects.get(number=1)
    client.post(reverse("my_article_restore", args=[article.pk]), {"version": first.version})
    article.refresh_from_db()
    assert article.live
    assert (article.live.title, latest(article).title, latest(article).state) == ("Corrected", "First", "draft")


@pytest.mark.parametrize("version", ["", "x", "0", "99", "9" * 40, "-1"])
def test_restore_of_an_unknown_version_is_refused(client: Client, user: User, version: str) -> None:
    article = factories.draft(user)
    answer = client.post(reverse("my_article_restore", args=[article.pk]), {"version": version}, follow=True)
    assert "This version no longer exists." in answer.text
    assert latest(article).version == 1


def test_restore_while_in_review_is_refused(client: Client, user: User) -> None:
    article = factories.draft(user, title="One")
    checkpoints.create(latest(article))
    publishing.save_draft(article=article, text=factories.text(title="Two"))
    publishing.submit(article=article)
    answer = client.post(reverse("my_article_restore", args=[article.pk]), {"version": 1}, follow=True)
    assert "Withdraw it before you edit it" in answer.text
    assert latest(article).title == "Two"


def test_restore_of_a_version_of_another_article_is_refused(client: Client, user: User) -> None:
    article, other = factories.draft(user), factories.draft(title="A secret")
    publishing.save_draft(article=other, text=factories.text(title="Their second"))
    client.post(reverse("my_article_restore", args=[article.pk]), {"version": 2})
    assert latest(article).title == "We counted every street lamp"


# --- The page


def test_versions_page_lists_revisions_and_checkpoints(client: Client, user: User) -> None:
    article = factories.published(user, title="Live text")
    publishing.save_draft(article=article, text=factories.text(title="Overwritten"))
    checkpoints.create(latest(article))
    publishing.save_draft(article=article, text=factories.text(title="Open draft"))
    page = client.get(page_of(article)).text
    assert [page.index(title) for title in (">Open draft<", ">Overwritten<", ">Live text<")] == sorted(
        page.index(title) for title in (">Open draft<", ">Overwritten<", ">Live text<")
    )
    for state in ("Draft", "Saved while you wrote", "Readers see this version"):
        assert state in page


def test_versions_page_compares_words(client: Client, user: User) -> None:
    article = factories.draft(user, title="Nine lamps", body="<p>The lamp is dark.</p>")
    checkpoints.create(latest(article))
    publishing.save_draft(
        article=article, text=factories.text(title="Ten lamps", body="<p>The lamp is <em>lit</em>.</p>")
    )
    for query in ("?from=1&to=2", "?from=2&to=1"):
        page = client.get(page_of(article) + query).text
        assert "From version 1 to version 2" in page
        assert "<del>Nine</del> <ins>Ten</ins> lamps" in page
        assert "The lamp is <del>dark.</del> <ins>lit.</ins>" in page
    assert "The words are the same." in client.get(page_of(article) + "?from=2&to=2").text


@pytest.mark.parametrize("query", ["?from=1&to=99", "?from=0&to=1"])
def test_versions_page_of_an_unknown_version_is_404(client: Client, user: User, query: str) -> None:
    assert client.get(page_of(factories.draft(user)) + query).status_code == 404


@pytest.mark.parametrize("query", ["?from=x&to=1", "?from=&to=", "?from=1", "?from=" + "9" * 40 + "&to=1"])
def test_versions_page_ignores_invalid_parameters(client: Client, user: User, query: str) -> None:
    assert client.get(page_of(factories.draft(user)) + query).status_code == 200


def test_versions_of_an_article_of_another_author_are_404(client: Client, user: User) -> None:
    article = factories.published()
    assert client.get(page_of(article)).status_code == 404
    assert client.post(reverse("my_article_restore", args=[article.pk]), {"version": 1}).status_code == 404


def test_versions_page_queries(client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    article = factories.draft(user)
    for number in range(12):
        checkpoints.create(latest(article))
        publishing.save_draft(article=article, text=factories.text(title=f"Title {number}"))
    address = page_of(article)
    client.get(address)
    # Session, user, article, revisions, checkpoints; then the two that are compared.
    with django_assert_num_queries(5):
        client.get(address)
    with django_assert_num_queries(5 + 4):
        client.get(address + "?from=1&to=2")
