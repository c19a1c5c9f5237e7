"""Scheduled articles: seen by no one before their time, by everyone from it on, and announced by a job after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article, ArticleTag, Revision, Tag
from articles.services import drafts, previews, publishing, schedule
from articles.services.revisions import lock_article
from articles.services.trust import is_trusted
from core import events
from core.exceptions import ActionNotAllowed
from core.models import SiteSettings
from core.periodic import run_due
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_cache_timeouts")]
# A word that nothing else contains.
WORD = "Quaggalicht"
HOUR = timedelta(hours=1)
NOW = datetime.fromisoformat("2026-11-28T12:00:30+00:00")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def utc(settings: LazySettings) -> None:
    """Set the time zone of the site."""
    settings.TIME_ZONE = "UTC"


@pytest.fixture
def published(clock: object) -> Iterator[list[int]]:
    """Return the articles of which `article_published` tells, as it is sent."""
    told: list[int] = []

    def receive(article: Article, **kwargs: Any) -> None:
        assert article.is_public
        told.append(article.pk)

    events.article_published.connect(receive)
    yield told
    events.article_published.disconnect(receive)


def trusted(**changes: Any) -> User:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 1})
    author: User = factories.UserFactory.create(**changes)
    factories.published(author, title="An earlier one")
    return author


def scheduled(author: User | None = None, *, after: timedelta = HOUR, **changes: Any) -> Article:
    """Return an article that its author, or else a moderator, has scheduled."""
    return factories.published(author, publish_at=timezone.now() + after, **changes)


def latest(article: Article) -> Revision:
    return Revision.objects.get(latest_for=article)


def addresses(article: Article) -> list[str]:
    """Return the addresses of pages, feeds and requests of readers that show an article or its existence."""
    lists = ["/", "/ru/", "/hot/", "/top/day/", "/top/all/", "/sections/technology/", "/tags/lamps/"]
    feeds = [f"{folder}/{kind}.xml" for folder in ("/feeds", "/sections/technology") for kind in ("rss", "atom")]
    part = f"/sitemaps/{article.pk // 1000}.xml"
    return [*lists, *feeds, part, f"/articles/{article.pk}/"]


def seen_by(client: Client, article: Article) -> list[str]:
    """Return where readers see an article."""
    found = []
    for address in addresses(article):
        answer = client.get(address)
        if article.slug in answer.text + answer.get("Location", ""):
            found.append(address)
    return found


def test_scheduled_article_is_nowhere_before_its_time_and_everywhere_from_it_on(
    clock: time_machine.Traveller, published: list[int], client: Client
) -> None:
    factories.published(tag_names=["lamps"])
    newcomer = factories.UserFactory.create(username="minna")
    article = scheduled(
        newcomer, title=f"{WORD} one", tag_names=["lamps", f"{WORD}-tag"], body=f"<p>{WORD}</p>{factories.BODY}"
    )
    assert article.published_at == NOW + HOUR
    beside = factories.published(title="Another one")
    published.clear()
    reader = Client()
    reader.force_login(factories.UserFactory.create())
    own = {
        "article": article.get_absolute_url(),
        "vote": reverse("vote", args=[article.pk]),
        "promote": reverse("promote", args=[article.pk]),
        "counts": reverse("article_views", args=[article.pk]),
        "author": "/authors/minna/",
        "author's feed": "/authors/minna/rss.xml",
    }
    clock.shift(HOUR - timedelta(seconds=11))
    for one in (client, reader):
        assert seen_by(one, article) == []
        assert WORD not in one.get(beside.get_absolute_url()).text
        for name, address in own.items():
            answer = one.post(address, {"vote": 1}) if name == "vote" else one.get(address)
            assert answer.status_code == 404, name
        for address in (f"/search/?q={WORD}", f"/search/suggestions/?q={WORD[:6]}", "/search/?q=minna"):
            page = one.get(address).text
            assert article.slug not in page
            assert f"{WORD}-tag" not in page
    assert not Tag.objects.filter(name__startswith=WORD).exists()
    assert schedule.announce_due() == 0

    clock.shift(timedelta(seconds=11))
    # No job has run.
    assert seen_by(client, article) == addresses(article)
    assert WORD in client.get("/authors/minna/").text
    assert WORD in client.get(beside.get_absolute_url()).text  # More in the section.
    assert client.get(own["author's feed"]).text.count(WORD) > 1
    assert reader.post(own["vote"], {"vote": 1}).status_code == 303
    assert reader.get(own["promote"]).status_code == 200
    assert published == []

    clock.shift(timedelta(hours=5))  # The worker was down.
    run_due()
    assert published == [article.pk]
    assert article.slug in client.get(f"/search/?q={WORD}").text
    assert article.slug in client.get(f"/tags/{WORD.lower()}-tag/").text
    assert schedule.announce_due() == 0
    article.refresh_from_db()
    assert (article.published_at, article.state_since) == (NOW + HOUR, NOW + HOUR)
    assert set(article.article_tags.values_list("published_at", flat=True)) == {NOW + HOUR}


def test_announce_due_goes_on_after_an_article_that_fails(
    clock: time_machine.Traveller, published: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    failing, other = scheduled(), scheduled()
    published.clear()

    def fail(article: Article, **kwargs: Any) -> None:
        if article.pk == failing.pk:
            raise RuntimeError("A plugin")

    events.article_published.connect(fail)
    clock.shift(HOUR)
    try:
        assert schedule.announce_due() == 1
    finally:
        events.article_published.disconnect(fail)
    assert "could not be announced" in caplog.text
    assert list(Article.objects.due()) == [failing]
    assert schedule.announce_due() == 1
    assert other.pk in published


def test_publish_of_a_time_that_has_passed_is_at_once(clock: time_machine.Traveller, published: list[int]) -> None:
    article = factories.in_review(publish_at=NOW + HOUR)
    clock.shift(2 * HOUR)
    article = publishing.publish(article=article, revision_number=1)
    assert (article.published_at, article.is_public, article.is_unannounced) == (NOW + 2 * HOUR, True, False)
    assert published == [article.pk]


def test_publish_at_another_time_than_the_authors(clock: object) -> None:
    at_once = factories.in_review(publish_at=NOW + HOUR)
    assert publishing.publish(article=at_once, revision_number=1, at=NOW).is_public
    later = factories.in_review(publish_at=NOW + HOUR)
    assert publishing.publish(article=later, revision_number=1, at=NOW + 2 * HOUR).published_at == NOW + 2 * HOUR


def test_trusted_author_reschedules_publishes_and_cancels(published: list[int]) -> None:
    author = trusted()
    published.clear()
    article = scheduled(author, tag_names=["lamps"])
    hot = article.hot
    Tag.objects.named(["lamps"])
    with pytest.raises(ActionNotAllowed, match="has passed"):
        schedule.reschedule(article=article, at=NOW)
    with pytest.raises(ActionNotAllowed, match="within the next year"):
        schedule.reschedule(article=article, at=NOW + timedelta(days=400))
    article = schedule.reschedule(article=article, at=NOW + HOUR / 2)
    assert article.hot < hot
    cancelled = schedule.cancel(article=article)
    text = drafts.content_of(latest(cancelled))
    assert (cancelled.state, cancelled.published_at, text.publish_at) == ("draft", None, NOW + HOUR / 2)
    assert text.body == factories.text().body
    assert [one.state for one in cancelled.revisions.order_by("number")] == ["cancelled", "draft"]
    assert not ArticleTag.objects.filter(article=article).exists()
    with pytest.raises(ActionNotAllowed, match="not scheduled"):
        schedule.cancel(article=article)

    call_command("recount", "--check")
    article = publishing.submit(article=article)
    call_command("recount", "--check")
    assert article.is_scheduled
    assert published == []
    article = schedule.reschedule(article=article, at=None)
    assert (article.published_at, article.is_public, published) == (NOW, True, [article.pk])


def test_author_cannot_publish_earlier_than_a_moderator_has_confirmed(clock: object) -> None:
    article = scheduled()
    for at in (None, NOW + HOUR / 2):
        with pytest.raises(ActionNotAllowed, match="later one"):
            schedule.reschedule(article=article, at=at)
    assert schedule.reschedule(article=article, at=NOW + 2 * HOUR).published_at == NOW + 2 * HOUR


def test_new_time_moves_the_rows_of_tags(clock: time_machine.Traveller, client: Client) -> None:
    factories.published(tag_names=["lamps"])
    article = scheduled(tag_names=["lamps"], title=WORD)
    schedule.reschedule(article=article, at=NOW + 2 * HOUR)
    clock.shift(HOUR)
    assert WORD not in client.get("/tags/lamps/").text
    clock.shift(HOUR)
    assert WORD in client.get("/tags/lamps/").text


def test_edit_of_a_scheduled_article_replaces_what_is_published(
    clock: time_machine.Traveller, published: list[int]
) -> None:
    article = scheduled()
    publishing.save_draft(article=article, text=factories.text(title="Better"))
    article = publishing.submit(article=article)
    assert (article.state, article.is_scheduled) == ("published", True)
    article = publishing.publish(article=article, revision_number=2)
    assert (str(article), article.published_at, published) == ("Better", NOW + HOUR, [])
    clock.shift(HOUR)
    # An edit that is published before the job has run announces the article.
    publishing.save_draft(article=article, text=factories.text(title="Best", publish_at=NOW + 5 * HOUR))
    assert latest(article).publish_at is None
    publishing.submit(article=article)
    publishing.publish(article=article, revision_number=3)
    assert (published, schedule.announce_due()) == ([article.pk], 0)


@pytest.mark.parametrize("submitted", [False, True])
def test_stopped_while_the_author_edits_follows_the_newer_text(clock: object, submitted: bool) -> None:
    article = scheduled()
    publishing.save_draft(article=article, text=factories.text(title="Better"))
    if submitted:
        publishing.submit(article=article)
    article = schedule.return_to_review(article=article)
    assert article.state == latest(article).state == ("in_review" if submitted else "draft")
    assert [one.state for one in article.revisions.order_by("number")] == ["cancelled", article.state]
    assert str(article) == "Better"


def test_scheduled_article_cannot_be_hidden_withdrawn_corrected_or_deleted(clock: object) -> None:
    article = scheduled()
    for action in (publishing.hide, publishing.withdraw, publishing.discard):
        with pytest.raises(ActionNotAllowed):
            action(article=article)
    with pytest.raises(ActionNotAllowed):
        publishing.correct(article=article, text=factories.text())
    assert Article.objects.scheduled().get() == article
    schedule.cancel(article=article)
    with pytest.raises(ActionNotAllowed, match="cannot be deleted"):
        publishing.discard(article=article)


def test_article_hidden_before_the_job_has_run_is_announced_first(
    clock: time_machine.Traveller, published: list[int], client: Client
) -> None:
    article = scheduled(title=f"{WORD} one")
    clock.shift(HOUR)
    article = publishing.hide(article=article)
    assert (published, article.is_unannounced) == ([article.pk], False)
    assert article.slug not in client.get(f"/search/?q={WORD}").text
    publishing.restore(article=article)
    assert article.slug in client.get(f"/search/?q={WORD}").text


def test_secret_link_shows_a_scheduled_article(clock: time_machine.Traveller, client: Client) -> None:
    article = scheduled(title=WORD)
    link = previews.create_link(article=article).get_absolute_url()
    assert WORD in client.get(link).text
    clock.shift(HOUR)
    assert client.get(link)["Location"] == article.get_absolute_url()


def test_vote_control_of_a_preview_is_not_on_the_public_page(clock: time_machine.Traveller, client: Client) -> None:
    article = scheduled(after=timedelta(seconds=30))
    client.get(previews.create_link(article=article).get_absolute_url())
    clock.shift(timedelta(seconds=30))
    page = client.get(article.get_absolute_url()).text
    assert reverse("article_views", args=[article.pk]) in page


def test_article_of_a_closed_account_is_not_published(clock: time_machine.Traveller, client: Client) -> None:
    article = scheduled()
    administrator = factories.UserFactory.create(is_staff=True, is_superuser=True)
    client.force_login(administrator)
    address = reverse("admin:accounts_user_change", args=[article.author_id])
    fields = {"username": article.author.username, "display_name": "", "biography": "", "preferred_language": "en"}
    assert client.post(address, fields).status_code == 302
    clock.shift(HOUR)
    article.refresh_from_db()
    assert (article.author.is_active, article.state, article.published_at) == (False, "in_review", None)


def test_stop_all_locks_articles_in_the_order_of_their_keys(clock: object, monkeypatch: pytest.MonkeyPatch) -> None:
    author = trusted()
    pks = [scheduled(author, after=n * HOUR).pk for n in (2, 1)]
    locked: list[int] = []

    def lock(article: Article) -> Any:
        locked.append(article.pk)
        return lock_article(article)

    monkeypatch.setattr(schedule, "lock_article", lock)
    assert schedule.stop_all(author=author) == 2
    assert locked == pks


def test_only_published_articles_can_be_unannounced() -> None:
    article = factories.draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(is_unannounced=True)


def test_scheduled_articles_are_found_by_an_index(clock: object) -> None:
    scheduled()
    for rows in (Article.objects.scheduled(), Article.objects.due()):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
        assert "article_unannounced" in rows.explain()


def test_trust_counts_what_readers_see(clock: time_machine.Traveller) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 1})
    author = factories.UserFactory.create()
    scheduled(author)
    assert not is_trusted(author)
    clock.shift(HOUR)
    assert is_trusted(author)
