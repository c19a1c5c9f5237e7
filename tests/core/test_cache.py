"""A shared cache that fails: the disk of its file is full, or its server is away."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache, caches
from django.test import Client

from articles.models import Article
from core import cache as failover
from core.cache import FailoverSQLiteCache
from tests import factories
from tests.accounts.conftest import SIGNUP_DATA
from tests.articles.author_form import filled


@pytest.fixture(autouse=True)
def _is_retried() -> None:
    FailoverSQLiteCache._retry_at = 0
    failover._in_memory.clear()


@pytest.fixture
def full(tmp_path: Path) -> FailoverSQLiteCache:
    """A cache whose file cannot grow."""
    full = FailoverSQLiteCache(tmp_path / "shared.sqlite3", {})
    full.set("before", 1)
    full._connection().execute("PRAGMA max_page_count = 1")
    return full


def test_cache_that_fails_counts_in_memory(full: FailoverSQLiteCache, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        full.set("large", "x" * 100_000)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert full.get("large") == "x" * 100_000
    assert full.add("count", 1)
    assert not full.add("count", 1)
    assert full.incr("count") == 2
    with pytest.raises(ValueError, match="nothing"):
        full.incr("nothing")
    assert full.get_many(["count", "nothing"]) == {"count": 2}
    assert full.delete("count")
    assert len(caplog.records) == 1  # It was not asked again.


def test_cache_that_works_again_is_used_again(full: FailoverSQLiteCache, monkeypatch: pytest.MonkeyPatch) -> None:
    full.set("large", "x" * 100_000)
    assert full.get("before") is None
    monkeypatch.setattr(FailoverSQLiteCache, "_retry_at", 0)
    assert full.get("before") == 1


def test_cache_that_is_locked_counts_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.sqlite_cache.LOCK_TIMEOUT", 0.05)
    locked = FailoverSQLiteCache(tmp_path / "shared.sqlite3", {})
    locked.set("before", 1)
    with closing(sqlite3.connect(tmp_path / "shared.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        locked.set("count", 1)
        assert locked.is_failing
        assert locked.incr("count") == 2
    monkeypatch.setattr(FailoverSQLiteCache, "_retry_at", 0)
    assert locked.incr("before") == 2


# --- The site without its cache ----------------------------------------------------------------


@pytest.fixture
def _away(settings: LazySettings) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {"BACKEND": "core.cache.FailoverSQLiteCache", "LOCATION": "/dev/null/shared.sqlite3"},
    }
    with pytest.raises(OSError):  # noqa: PT011 - Not a directory, or a read-only one.
        super(failover.FailoverMixin, caches["default"]).get("key")  # type: ignore[misc]


@pytest.mark.usefixtures("_away")
@pytest.mark.django_db
def test_sign_up_and_log_in_without_the_cache(client: Client) -> None:
    assert client.post("/accounts/signup/", SIGNUP_DATA).status_code == 302
    assert len(mail.outbox) == 1
    user = factories.UserFactory.create(username="nare")
    user.set_password("a long password 1")
    user.save()
    assert Client().post("/accounts/login/", {"login": "nare", "password": "wrong"}).status_code == 200
    assert Client().post("/accounts/login/", {"login": "nare", "password": "a long password 1"}).status_code == 302


@pytest.mark.usefixtures("_away")
@pytest.mark.django_db
def test_saving_a_draft_and_voting_without_the_cache(client: Client) -> None:
    article = factories.published()
    client.force_login(factories.UserFactory.create())
    assert client.post(f"/articles/{article.pk}/vote/", {"vote": "1"}).status_code == 303
    article.refresh_from_db()
    assert article.likes == 1
    assert client.post("/my/articles/new/", filled(title="Written meanwhile")).status_code == 302
    assert Article.objects.filter(latest__title="Written meanwhile").exists()


@pytest.mark.usefixtures("_away")
def test_limits_count_in_each_process_without_the_cache() -> None:
    assert cache.add("limit", 1, 60)
    assert cache.incr("limit") == 2
