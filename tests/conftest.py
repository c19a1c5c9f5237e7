"""Fixtures for all tests. tests/environment.py sets environment variables before Django reads its settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django
import pytest
from django.conf import LazySettings, settings
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import connection

from core import ratelimit as limits
from tests import production
from tests.readership.wsgi import open_connections


@pytest.fixture(autouse=True)
def _test_settings(settings: LazySettings, tmp_path: Path) -> Iterator[None]:
    """Set fast password hashing, a media folder per test, empty caches and (except in production) immediate tasks."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT = tmp_path / "media"
    if not production.IS_PRODUCTION:
        settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
        settings.STORAGES = {
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }
    for cache in caches.all():
        cache.clear()
    yield
    for cache in caches.all():
        cache.clear()


def pytest_configure(config: pytest.Config) -> None:
    """Collect the hashed static files once, in the main process of pytest-xdist."""
    if production.IS_PRODUCTION and not hasattr(config, "workerinput"):
        django.setup()
        call_command("collectstatic", "--no-input", verbosity=0)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Use SQLite in a file, as in production, so that each thread has its own connection."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(settings.DATA_DIR / "test.sqlite3")


@pytest.fixture(autouse=True)
def _within_one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze the clock of `core.ratelimit`, so that no window ends while a test counts up to a limit."""
    moment = time.time() // 3600 * 3600 + 1830
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: moment))


@pytest.fixture(autouse=True)
def _no_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no publication for a review afterwards, unless all are drawn."""
    monkeypatch.setattr("articles.moderation.services.sampling.randbelow", lambda interval: interval - 1)


@pytest.fixture
def real_cache_timeouts() -> None:
    """Let the caches of a process expire as in production."""


@pytest.fixture(autouse=True)
def _within_one_cache_timeout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prolong the few seconds that each process caches rows, so that a slow test does not count one query more."""
    if "real_cache_timeouts" in request.fixturenames:
        return
    get_backend_timeout = LocMemCache.get_backend_timeout

    def prolonged(cache: LocMemCache, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        return get_backend_timeout(cache, 3600 if timeout in range(1, 3600) else timeout)

    monkeypatch.setattr(LocMemCache, "get_backend_timeout", prolonged)


@pytest.fixture
def open_connection(db: None) -> Iterator[None]:
    """Stop requests from closing the connection that holds the test's transaction."""
    with open_connections():
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order and group the tests that affect others, also with pytest-xdist.

    Transactional tests flush the database, with the rows of migrations, so they run after all others (pytest-django
    orders them, the groups do so in every process). Browser tests run last: Playwright leaves an event loop running,
    and asynchronous views need their own.
    """
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)
    for item in items:
        database = item.get_closest_marker("django_db")
        commits = bool(database and database.kwargs.get("transaction"))
        item.add_marker(pytest.mark.xdist_group(f"{item.path.relative_to(item.config.rootpath)}{' commits' * commits}"))
