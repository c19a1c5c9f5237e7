"""Images in texts: whose they are, which versions show them, and what happens when an article is hidden."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Image
from articles.services import publishing
from articles.services.images import delete_own_image, remove_unused, store_image
from core.exceptions import ActionNotAllowed
from core.images import load_image
from tests import factories
from tests.articles.test_images import upload

pytestmark = pytest.mark.django_db


def image(owner: User, key: str = "a") -> Image:
    return Image.objects.create(owner=owner, key=key * 32, width=900, height=600, size=1)


def figure(shown: Image, alt: str = "A lamp", caption: str = "") -> str:
    return f'<figure><img data-image="{shown.pk}" alt="{alt}"><figcaption>{caption}</figcaption></figure>'


@pytest.fixture
def author() -> User:
    return factories.UserFactory.create()


def test_article_shows_its_images(client: Client, author: User) -> None:
    shown = image(author)
    page = client.get(factories.published(author, body=factories.BODY + figure(shown)).get_absolute_url()).text
    assert f'src="{shown.url(960)}"' in page
    assert "data-image" not in page


def test_image_of_another_user_is_dropped(author: User) -> None:
    foreign = image(factories.UserFactory.create())
    article = factories.draft(author, body=factories.BODY + figure(foreign))
    assert article.latest
    assert article.latest.body == factories.BODY
    assert not foreign.used_in.exists()


def test_image_of_another_user_in_a_stored_text_is_not_shown(client: Client, author: User) -> None:
    foreign = image(factories.UserFactory.create())
    article = factories.published(author)
    assert article.live
    type(article.live).objects.filter(pk=article.live.pk).update(body=factories.BODY + figure(foreign))
    assert foreign.key not in client.get(article.get_absolute_url()).text
    assert foreign.key not in client.get("/feeds/rss.xml").text


def test_correction_by_a_moderator_keeps_the_images_of_the_author(author: User) -> None:
    shown = image(author)
    article = factories.published(author, body=factories.BODY + figure(shown))
    article = publishing.correct(article=article, text=factories.text(body="<p>New</p>" + figure(shown)))
    assert article.live
    assert f'data-image="{shown.pk}"' in article.live.body
    assert shown.used_in.count() == 2


def test_images_are_recorded_with_the_version_that_shows_them(author: User) -> None:
    first, second = image(author), image(author, "b")
    article = factories.draft(author, body=factories.BODY + figure(first, "One", "Left"))
    revision = article.latest
    assert revision
    assert list(revision.body_images.all()) == [first]
    first.refresh_from_db()
    assert (first.alternative_text, first.caption) == ("One", "Left")
    publishing.save_draft(article=article, text=factories.text(body=factories.BODY + figure(second)))
    assert list(revision.body_images.all()) == [second]
    # A later version has its own.
    publishing.submit(article=article)
    publishing.publish(article=article, revision_number=1)
    publishing.save_draft(article=article, text=factories.text(body=factories.BODY))
    assert list(revision.body_images.all()) == [second]


def test_saving_the_same_images_needs_no_more_queries(
    author: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    plain = factories.draft(author)
    with_image = factories.draft(author, body=factories.BODY + figure(image(author)))

    def queries(article: Article, body: str) -> int:
        text = factories.text(body=body)
        with django_assert_max_num_queries(30) as captured:
            publishing.save_draft(article=article, text=text)
        return len(captured)

    shown = figure(Image.objects.get())
    assert queries(with_image, "<p>New</p>" + factories.BODY + shown) == queries(plain, "<p>New</p>" + factories.BODY)


def test_hiding_takes_the_images_of_all_texts_down(
    client: Client, author: User, django_capture_on_commit_callbacks: Any
) -> None:
    old, shown = (store_image(owner=author, pixels=load_image(upload(500, 300))) for _ in range(2))
    article = factories.published(author, body=factories.BODY + figure(old))
    publishing.save_draft(article=article, text=factories.text(body=factories.BODY + figure(shown)))
    publishing.submit(article=article)
    article = publishing.publish(article=article, revision_number=2)
    public = [default_storage.url(path) for one in (old, shown) for path in one.paths]
    assert {client.get(url).status_code for url in public} == {200}
    with django_capture_on_commit_callbacks(execute=True):
        publishing.hide(article=article)
    assert {client.get(url).status_code for url in public} == {404}
    shown.refresh_from_db()
    assert shown.is_hidden
    client.force_login(author)
    assert shown.key in client.get(reverse("my_article_preview", args=[article.pk])).text
    publishing.restore(article=article)
    assert shown.key in Client().get(article.get_absolute_url()).text
    assert not Image.objects.filter(is_hidden=True).exists()


def test_hidden_image_is_not_shown_in_another_article(client: Client, author: User) -> None:
    shown = image(author)
    other = factories.published(author, body=factories.BODY + figure(shown))
    hidden = factories.hidden(author, body=factories.BODY + figure(shown))
    shown.refresh_from_db()
    assert "<figure" not in client.get(other.get_absolute_url()).text
    # Nor can it be put into a new one.
    draft = factories.draft(author, body=factories.BODY + figure(shown))
    assert draft.latest
    assert "<figure" not in draft.latest.body
    publishing.restore(article=hidden)
    assert shown.key in client.get(other.get_absolute_url()).text


def test_image_of_two_hidden_articles_stays_hidden_until_both_are_restored(author: User) -> None:
    shown = image(author)
    first, second = (factories.published(author, body=factories.BODY + figure(shown)) for _ in range(2))
    for article in (first, second):
        publishing.hide(article=article)
    publishing.restore(article=first)
    assert Image.objects.get().is_hidden
    publishing.restore(article=second)
    assert not Image.objects.get().is_hidden


def test_article_page_with_images_needs_one_more_query(
    client: Client, author: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    body = factories.BODY + figure(image(author)) + figure(image(author, "b"))
    article = factories.published(author, body=body)
    client.get(factories.published(author, section=article.section).get_absolute_url())
    with django_assert_max_num_queries(4):
        client.get(article.get_absolute_url())


@pytest.mark.parametrize("address", ["/feeds/rss.xml", "/feeds/atom.xml"])
def test_feed_with_images_needs_one_more_query(
    client: Client, author: User, address: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for key in "abc":
        factories.published(author, body=factories.BODY + figure(image(author, key)))
    client.get(address)
    with django_assert_max_num_queries(3):
        page = client.get(address).text
    for key in "abc":
        assert f"http://testserver/media/pictures/{key * 2}/{key * 32}-900.webp" in page


def test_used_image_is_not_deleted(author: User) -> None:
    in_text, lead, unused = image(author), image(author, "b"), image(author, "c")
    factories.draft(author, body=factories.BODY + figure(in_text), image=lead)
    for used in (in_text, lead):
        with pytest.raises(ActionNotAllowed, match="An article uses this image"):
            delete_own_image(image=used, owner=author)
    with pytest.raises(PermissionDenied):
        delete_own_image(image=unused, owner=factories.UserFactory.create())
    delete_own_image(image=unused, owner=author)
    delete_own_image(image=unused, owner=author)  # The button was pressed twice.
    assert set(Image.objects.all()) == {in_text, lead}


def test_images_that_no_version_uses_are_deleted_after_thirty_days(author: User) -> None:
    in_text, unused, recent = image(author), image(author, "b"), image(author, "c")
    factories.draft(author, body=factories.BODY + figure(in_text))
    Image.objects.exclude(pk=recent.pk).update(created_at=timezone.now() - timedelta(days=29))
    remove_unused()
    assert Image.objects.count() == 3
    Image.objects.exclude(pk=recent.pk).update(created_at=timezone.now() - timedelta(days=31))
    remove_unused()
    assert set(Image.objects.all()) == {in_text, recent}
    assert unused.pk


def test_deleted_image_is_left_out_of_the_text(client: Client, author: User) -> None:
    shown = image(author)
    article = factories.published(author, body=factories.BODY + figure(shown))
    shown.delete()
    page = client.get(article.get_absolute_url())
    assert page.status_code == 200
    assert "<figure" not in page.text
