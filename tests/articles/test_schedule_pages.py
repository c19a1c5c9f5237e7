"""The author's pages of a scheduled article: the form, "My articles", the page of the time, previews, versions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Checkpoint, Revision
from articles.services import coauthors, drafts, publishing
from core.zones import in_zones
from tests import factories
from tests.articles.author_form import errors, filled, only_revision
from tests.articles.test_schedule import HOUR, NOW, clock, scheduled, trusted, utc

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "utc")]
__all__ = ["clock", "utc"]
NEW, LIST = reverse("my_article_new"), reverse("my_articles")
PAST = "This time has passed. Choose a later one, or leave the field empty."


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def local(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def page_of(article: Article) -> str:
    return reverse("my_article_schedule", args=[article.pk])


def test_form_stores_the_time_and_submission_shows_it(client: Client, user: User) -> None:
    answer = client.get(NEW)
    assert "Time zone: UTC." in answer.text
    page = client.post(NEW, filled(publish_at="2026-11-30T09:00", action="submit"), follow=True).text
    assert "To be published on <time" in page
    assert only_revision().publish_at == datetime.fromisoformat("2026-11-30T09:00:00+00:00")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-11-28T12:00", PAST),
        ("2028-01-01T00:00", "Choose a time within the next year."),
        ("tomorrow", "Enter a valid date/time."),
    ],
)
def test_form_refuses_a_time_next_to_its_field(client: Client, user: User, value: str, sentence: str) -> None:
    answer = client.post(NEW, filled(publish_at=value))
    assert errors(answer, "publish_at") == sentence
    assert not Article.objects.exists()


def test_time_that_passes_while_the_author_writes_is_refused_at_submission_only(
    client: Client, user: User, clock: time_machine.Traveller
) -> None:
    article = factories.draft(user, publish_at=NOW + HOUR)
    clock.shift(2 * HOUR)
    address, data = reverse("my_article_edit", args=[article.pk]), {"publish_at": local(NOW + HOUR)}
    Revision.objects.update(publish_at=(NOW + HOUR).replace(second=0))
    assert client.post(address, filled(article, **data, title="Saved")).status_code == 302
    assert only_revision().title == "Saved"
    answer = client.post(address, filled(article, **data, action="submit"))
    assert errors(answer, "publish_at") == PAST
    assert PAST in client.post(reverse("my_article_submit", args=[article.pk]), follow=True).text
    page = client.post(address, filled(article, publish_at="", action="submit"), follow=True).text
    assert "Submitted for review." in page


def test_autosave_leaves_a_stored_time_in_place_of_an_invalid_one(client: Client, user: User) -> None:
    article = factories.draft(user)
    address = reverse("my_article_autosave", args=[article.pk])
    data = filled(article, publish_at="2026-11-30T09:00")
    answer = client.post(address, data).json()
    assert answer["unsaved"] == {}
    stored = only_revision().publish_at
    assert stored
    answer = client.post(address, filled(article, publish_at="2026-11-01T09:00", title="Lamps")).json()
    assert answer["unsaved"] == {"publish_at": PAST}
    assert (only_revision().publish_at, only_revision().title) == (stored, "Lamps")


def test_time_is_part_of_conflicts_versions_and_recovered_texts(
    client: Client, user: User, clock: time_machine.Traveller
) -> None:
    article = factories.draft(user, publish_at=NOW + HOUR)
    mine = filled(article, publish_at="2026-11-30T09:00")
    publishing.save_draft(article=article, text=factories.text(publish_at=NOW + 2 * HOUR), with_checkpoint=True)
    answer = client.post(reverse("my_article_edit", args=[article.pk]), mine)
    assert answer.status_code == 409
    shown = re.sub(r"<[^>]+>", "", answer.text)
    assert "30 November 2026, 09:00 UTC" in shown
    assert "28 November 2026, 14:00 UTC" in shown
    merged = {**mine, "version": only_revision().version, "keep": "merge", "choose-publish_at": "theirs"}
    client.post(reverse("my_article_merge", args=[article.pk]), merged)
    assert only_revision().publish_at == NOW + 2 * HOUR
    oldest = Checkpoint.objects.order_by("version")[0]
    compare = f"{reverse('my_article_versions', args=[article.pk])}?from={oldest.version}&to={only_revision().version}"
    assert "<b>Publish on:</b>" in client.get(compare).text
    drafts.restore_version(article=article, version=oldest.version)
    assert only_revision().publish_at == NOW + HOUR

    token = client.get(reverse("my_article_edit", args=[article.pk])).context["author_token"]
    client.logout()
    sent = filled(article, publish_at="2026-12-24T18:00", author_token=token)
    client.post(reverse("my_article_edit", args=[article.pk]), sent)
    client.force_login(user)
    assert 'value="2026-12-24T18:00"' in client.get(reverse("my_article_edit", args=[article.pk])).text


def test_published_article_has_no_field_for_the_time(client: Client, user: User) -> None:
    article = factories.published(user)
    address = reverse("my_article_edit", args=[article.pk])
    assert "publish_at" not in client.get(address).text
    refused = client.post(address, filled(article, title="", action="submit")).text
    assert "Enter a title." in refused
    assert "publish_at" not in refused
    assert client.post(address, filled(article, publish_at="2026-11-30T09:00", title="Better")).status_code == 302
    assert Revision.objects.get(latest_for=article).publish_at is None


def test_my_articles_of_scheduled_articles(
    client: Client, clock: time_machine.Traveller, settings: LazySettings
) -> None:
    settings.TIME_ZONE = "Asia/Yerevan"
    clock.move_to(datetime.fromisoformat("2027-05-01T09:00:00+04:00"))
    author = trusted()
    client.force_login(author)
    text = filled(publish_at="2027-05-03T09:00", action="submit")
    page = client.post(NEW, text, follow=True).text
    assert "is scheduled for 3 May 2027, 09:00 (Yerevan) — 05:00 UTC." in page
    article = Article.objects.scheduled().get()
    assert '<span class="state state--scheduled">Scheduled</span>' in page
    assert 'datetime="2027-05-03T09:00:00+0400" data-yours="your time: {time}">3 May 2027, 09:00 (Yerevan)' in page
    assert f'href="{page_of(article)}"' in page
    assert f'href="{article.get_absolute_url()}"' not in page
    preview = client.get(reverse("my_article_preview", args=[article.pk])).text
    assert "Readers cannot see this version yet." in preview
    assert "Scheduled for <time" in preview
    assert "Create a secret link" in preview
    assert "Readers see this version" not in client.get(reverse("my_article_versions", args=[article.pk])).text
    edit = client.get(reverse("my_article_edit", args=[article.pk])).text
    assert "Changes that are not published by then are not in it." in edit
    clock.move_to(datetime.fromisoformat("2027-05-03T09:00:00+04:00"))
    page = client.get(LIST).text
    assert "state--scheduled" not in page
    assert "09:00, 3 May, 2027" in page
    assert f'href="{article.get_absolute_url()}"' in page


def test_in_zones_on_another_day(settings: LazySettings) -> None:
    moment = datetime.fromisoformat("2027-05-02T22:00:00+00:00")
    assert in_zones(moment) == "2 May 2027, 22:00 UTC"
    settings.TIME_ZONE = "America/Argentina/Buenos_Aires"
    assert in_zones(moment) == "2 May 2027, 19:00 (Buenos Aires) — 22:00 UTC"
    settings.TIME_ZONE = "Asia/Yerevan"
    assert in_zones(moment) == "3 May 2027, 02:00 (Yerevan) — 2 May 2027, 22:00 UTC"


def test_schedule_page_changes_publishes_and_cancels(client: Client) -> None:
    author = trusted()
    client.force_login(author)
    article = scheduled(author)
    page = client.get(page_of(article)).text
    assert f'value="{local(NOW + HOUR)}"' in page
    assert "Publish now" in page

    def post(**data: Any) -> Any:
        return client.post(page_of(article), data, follow=True)

    assert errors(post(action="save", publish_at="2026-11-28T11:00"), "publish_at") == PAST
    assert errors(post(action="save", publish_at=""), "publish_at") == "Choose a time."
    assert "is scheduled for 1 December 2026" in post(action="save", publish_at="2026-12-01T09:00").text
    assert "The article is a draft again." in post(action="cancel", publish_at="").text
    assert "This article is not scheduled any more." in post(action="cancel").text
    publishing.submit(article=article)
    assert "is published." in post(action="now", publish_at="").text
    article.refresh_from_db()
    assert (article.published_at, article.is_public) == (NOW, True)


def test_schedule_page_of_an_author_who_is_not_trusted(client: Client, user: User) -> None:
    article = scheduled(user)
    assert "Publish now" not in client.get(page_of(article)).text
    for data in ({"action": "now"}, {"action": "save", "publish_at": "2026-11-28T12:30"}):
        assert "You can choose a later one." in client.post(page_of(article), data, follow=True).text
    assert Article.objects.get().published_at == NOW + HOUR


def test_schedule_page_is_for_the_author_only(client: Client) -> None:
    article = scheduled()
    assert client.get(page_of(article)).status_code == 302
    client.force_login(factories.UserFactory.create(is_superuser=True))
    assert client.get(page_of(article)).status_code == 404
    assert client.post(page_of(article), {"action": "cancel"}).status_code == 404


def test_coauthor_of_a_scheduled_article_reads_it_and_is_not_sent_to_its_time(client: Client, user: User) -> None:
    article = scheduled(title="Ours")
    coauthors.accept(invitation=coauthors.invite(article=article, username=user.username), user=user)
    preview, edit = reverse("my_article_preview", args=[article.pk]), reverse("my_article_edit", args=[article.pk])
    for address, sentence in ((LIST, "state--scheduled"), (preview, "Scheduled for"), (edit, "Scheduled for")):
        page = client.get(address).text
        assert sentence in page
        assert page_of(article) not in page
    assert client.get(page_of(article)).status_code == 404
    client.force_login(article.author)
    assert all(page_of(article) in client.get(address).text for address in (LIST, edit))


@pytest.mark.parametrize("count", [1, 5])
def test_pages_of_scheduled_articles_query_count(
    client: Client, user: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    articles = [scheduled(user, after=HOUR + timedelta(minutes=n)) for n in range(count)]
    client.get(LIST)
    # As of any articles (test_author_list.py); fewer, because none is in review, returned or public.
    with django_assert_num_queries(10):
        assert client.get(LIST).text.count("state--scheduled") == count
    # Session, user, article, and trust: what a moderator decided, published and hidden articles.
    with django_assert_num_queries(6):
        client.get(page_of(articles[0]))
