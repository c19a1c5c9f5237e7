"""The article form, submitted twice."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article, Revision
from articles.views import edit
from core.models import SiteSettings
from tests import factories
from tests.articles.author_form import filled, hidden_value

pytestmark = pytest.mark.django_db
NEW = reverse("my_article_new")


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def test_form_submitted_twice_creates_one_article(client: Client, user: User) -> None:
    data = filled(action="submit")
    for _ in range(2):
        assert client.post(NEW, data).headers["Location"] == reverse("my_articles")
    assert (Article.objects.count(), Article.objects.get().state) == (1, "in_review")


def test_form_submitted_twice_by_trusted_author_publishes_once(client: Client, user: User) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    data = filled(action="submit")
    for _ in range(2):
        assert "is published." in client.post(NEW, data, follow=True).text
    assert (Article.objects.count(), Revision.objects.count()) == (1, 1)


def test_change_submitted_twice_is_one_revision(client: Client, user: User) -> None:
    article = factories.published(user)
    data = filled(article, title="Changed", action="submit")
    for _ in range(2):
        answer = client.post(reverse("my_article_edit", args=[article.pk]), data, follow=True)
        assert "readers see the previous version" in answer.text
    assert Revision.objects.filter(article=article).count() == 2


@pytest.mark.parametrize("key", ["", "nonsense", "{}", "0" * 32 + "\n'"])
def test_invalid_form_key_counts_as_new(client: Client, user: User, key: str) -> None:
    assert client.post(NEW, filled(form_key=key)).status_code == 302
    assert Article.objects.count() == 1


def test_each_new_form_has_its_own_form_key(client: Client, user: User) -> None:
    assert hidden_value(client.get(NEW), "form_key") != hidden_value(client.get(NEW), "form_key")


def test_too_many_new_articles_are_429_and_keep_typed_text(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edit, "MAX_ARTICLES_PER_HOUR", 1)
    client.post(NEW, filled())
    answer = client.post(NEW, filled(title="One too many"))
    assert answer.status_code == 429
    assert "One too many" in answer.text
    assert Article.objects.count() == 1
