"""Existing tags for what an author has typed of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.models import Tag
from articles.selectors import MAX_TAGS_SHOWN
from articles.services import publishing
from articles.views import tags
from tests import factories

pytestmark = pytest.mark.django_db
URL = reverse("my_tag_suggestions")


@pytest.fixture
def author(client: Client) -> Client:
    client.force_login(factories.UserFactory.create())
    return client


def suggested(author: Client, typed: str) -> list[str]:
    cache.clear()
    answer = author.get(URL, {"q": typed})
    assert answer.headers["Cache-Control"].startswith(("private", "max-age=0"))
    return answer.json()["tags"]  # type: ignore[no-any-return]


def test_most_used_tags_come_first(author: Client) -> None:
    for names in (["street", "Street lamps"], ["Street lamps", "Ёлка", "Երևան"], ["Street lamps", "street"], ["strip"]):
        factories.published(tag_names=names)
    assert suggested(author, " STR") == ["Street lamps", "street", "strip"]
    assert suggested(author, "street l") == ["Street lamps"]
    assert suggested(author, "st%") == ["Street lamps", "street", "strip"]
    assert suggested(author, "ел") == ["Ёлка"]
    assert suggested(author, "ԵՐ") == ["Երևան"]
    for typed in ("", "s", "s ", "%", "_t", "#", "nothing", "x" * 5000):
        assert suggested(author, typed) == [], typed


def test_tags_of_unpublished_articles_are_not_suggested(author: Client) -> None:
    factories.draft(tag_names=["lamps"])
    factories.in_review(tag_names=["lamps of the yard"])
    hidden = factories.published(tag_names=["lamps at night"])
    Tag.objects.named(["lamps nowhere", "lamps tomorrow"])
    factories.published(tag_names=["lamps tomorrow"], publish_at=timezone.now() + timedelta(hours=1))
    assert suggested(author, "lamps") == ["lamps at night"]
    publishing.hide(article=hidden)
    assert suggested(author, "lamps") == []


def test_suggestions_are_few_and_cached(author: Client, django_assert_num_queries: Any) -> None:
    for number in range(3):
        factories.published(tag_names=[f"lamp {number}{end}" for end in "abcde"])
    assert len(suggested(author, "lamp")) == MAX_TAGS_SHOWN
    with django_assert_num_queries(2):  # the session and the user
        author.get(URL, {"q": "LAMP"})


def test_suggestions_need_a_login_and_are_limited(author: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get(URL, {"q": "lamp"}).status_code == 403
    assert author.post(URL).status_code == 405
    monkeypatch.setattr(tags, "MAX_SUGGESTIONS_PER_MINUTE", 1)
    cache.clear()
    assert [author.get(URL, {"q": "lamp"}).status_code for _ in range(2)] == [200, 429]
