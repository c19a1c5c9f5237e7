"""The trash of drafts: undo, restore, and deletion for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Revision
from articles.services import checkpoints, drafts, publishing
from tests import factories
from tests.articles.author_form import filled

pytestmark = pytest.mark.django_db
LIST, TRASH = reverse("my_articles"), reverse("my_articles_trash")


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def discard(client: Client, article: Article) -> str:
    return client.post(reverse("my_article_discard", args=[article.pk]), follow=True).text


def test_discarded_draft_is_in_the_trash_alone(client: Client, user: User) -> None:
    article = factories.draft(user, title="A bad idea")
    factories.draft(user, title="A good one")
    discard(client, article)
    page = client.get(LIST).text
    assert "A bad idea" not in page
    assert "A good one" in page
    assert f'href="{TRASH}"' in page
    assert "A bad idea" in client.get(TRASH).text
    assert client.get(reverse("my_article_preview", args=[article.pk])).status_code == 404


def test_undo_directly_after_deletion(client: Client, user: User) -> None:
    article = factories.draft(user)
    undo = reverse("my_article_undiscard", args=[article.pk])
    assert f'action="{undo}"' in discard(client, article)
    assert f'action="{undo}"' not in client.get(LIST).text  # Offered once; then it is in the trash.
    for _ in range(2):
        assert "is a draft again." in client.post(undo, follow=True).text
    assert not Article.objects.in_trash().exists()
    assert client.get(reverse("my_article_edit", args=[article.pk])).status_code == 200


def test_form_of_a_draft_in_the_trash_keeps_typed_text(client: Client, user: User) -> None:
    article = factories.draft(user)
    publishing.discard(article=article)
    address = reverse("my_article_edit", args=[article.pk])
    assert client.get(address).headers["Location"] == TRASH
    answer = client.post(address, filled(article, title="Typed for an hour"))
    assert "This draft is in the trash." in answer.text
    assert "Typed for an hour" in answer.text


def test_new_form_whose_draft_is_in_the_trash_keeps_typed_text(client: Client, user: User) -> None:
    data = filled()
    client.post(reverse("my_article_new"), data)
    publishing.discard(article=Article.objects.get())
    answer = client.post(reverse("my_article_new"), data | {"title": "Typed for an hour"})
    assert "This draft is in the trash." in answer.text
    assert "Typed for an hour" in answer.text


def test_trash_of_another_author_is_404(client: Client, user: User) -> None:
    article = factories.draft()
    publishing.discard(article=article)
    assert client.post(reverse("my_article_undiscard", args=[article.pk])).status_code == 404
    assert "We counted" not in client.get(TRASH).text
    assert Article.objects.in_trash().exists()


def test_trash_is_emptied_after_thirty_days(user: User) -> None:
    old, recent, restored = (factories.draft(user, title=title) for title in ("Old", "Recent", "Restored"))
    checkpoints.create(Revision.objects.get(latest_for=old))
    for article in (old, restored):
        publishing.discard(article=article)
    drafts.restore_from_trash(article=restored)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        publishing.discard(article=recent)
        assert drafts.delete_trashed() == 0
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1)):
        assert drafts.delete_trashed() == 1
    assert set(Article.objects.values_list("pk", flat=True)) == {recent.pk, restored.pk}


def test_trash_queries(client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(10):
        publishing.discard(article=factories.draft(user, title=f"Draft {number}"))
    client.get(TRASH)
    with django_assert_num_queries(3):
        assert client.get(TRASH).text.count("Restore") == 10
