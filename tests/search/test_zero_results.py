"""Words of searches that found nothing: what is stored, and when."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from articles.search import zero_results
from articles.search.models import ZeroResultWord
from tests.search.test_search import article

pytestmark = pytest.mark.django_db


def stored() -> dict[str, int]:
    return dict(ZeroResultWord.objects.values_list("word", "number"))


def search(query: str, *, address: str, path: str = "/search/", **parameters: str) -> None:
    response = Client(REMOTE_ADDR=address).get(path, {"q": query, **parameters})
    assert response.status_code == 200


def search_from_three_addresses(query: str, **parameters: str) -> None:
    for number in range(3):
        search(query, address=f"192.0.2.{number}", **parameters)


def test_word_is_stored_when_three_addresses_searched_for_it() -> None:
    for _ in range(3):
        search("Kolophon", address="192.0.2.1")
    search("kolophon", address="192.0.2.2")
    assert stored() == {}
    search("the kolophón", address="192.0.2.3")
    assert stored() == {"kolophon": 3}
    search("kolophon", address="192.0.2.4")
    search("kolophon", address="192.0.2.4")
    assert stored() == {"kolophon": 4}


def test_addresses_of_one_network_count_once() -> None:
    for number in range(5):
        search("kolophon", address=f"2001:db8::{number}")
    assert stored() == {}


def test_numbers_addresses_and_long_words_are_never_stored() -> None:
    search_from_three_addresses("+37491123456 a1b2 ab " + "x" * 31)
    assert stored() == {}


def test_search_with_results_or_filters_is_not_looked_at() -> None:
    article("Kolophon")
    search_from_three_addresses("kolophon")
    search_from_three_addresses("vellum", when="day")
    assert stored() == {}


def test_nothing_readable_is_in_the_cache_before_a_word_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []

    def add(key: str, *args: object, **options: object) -> bool:
        keys.append(key)
        return True

    monkeypatch.setattr("articles.search.zero_results.cache.add", add)
    zero_results.note("kolophon", "192.0.2.1")
    text = "".join(keys) + str(cache.get(f"zero-results:{timezone.localdate()}:key"))
    assert len(keys) >= 3
    assert "kolophon" not in text
    assert "192.0.2.1" not in text


def test_words_of_a_day_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zero_results, "MAX_WORDS", 1)
    search_from_three_addresses("kolophon")
    search_from_three_addresses("vellum")
    search("kolophon", address="192.0.2.9")
    assert stored() == {"kolophon": 4}


def test_searches_of_a_day_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zero_results, "MAX_SEARCHES", 2)
    search_from_three_addresses("kolophon")
    assert stored() == {}


def test_search_is_answered_if_nothing_can_be_written() -> None:
    with patch.object(ZeroResultWord.objects, "create", side_effect=DatabaseError):
        search_from_three_addresses("kolophon")
    assert stored() == {}


def test_words_are_deleted_after_ninety_days() -> None:
    for days in (89, 91):
        day = timezone.localdate() - timedelta(days=days)
        ZeroResultWord.objects.create(day=day, word=f"w{days}", number=3)
    zero_results.delete_old()
    assert stored() == {"w89": 3}
