"""Fixtures for all tests (tests/environment.py sets the variables before Django reads its settings)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import django
import pytest
from django.conf import LazySettings, settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection

from core import ratelimit as limits
from tests import production


@pytest.fixture(autouse=True)
def _test_settings(settings: LazySettings, tmp_path: Path) -> Iterator[None]:
    """Fast password hashing, media of the test's own, empty caches; tasks at once, unless TEST_STACK=production."""
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
    """Collect the hashed static files once, in the process that starts the others."""
    if production.IS_PRODUCTION and not hasattr(config, "workerinput"):
        django.setup()
        call_command("collectstatic", "--no-input", verbosity=0)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as the product has it: threads then have connections of their own, not one between them."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(settings.DATA_DIR / "test.sqlite3")


@pytest.fixture(autouse=True)
def _within_one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The windows of `core.ratelimit` neither end nor begin while a test counts up to a limit."""
    moment = time.time() // 3600 * 3600 + 1830
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: moment))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep apart what spoils the ground for others, also where several processes share the tests.

    Tests that commit empty the database after them, with the rows that migrations made, so they come after all others
    (pytest-django sees to the order, the groups to it on every process). Browser journeys come last: Playwright leaves
    an event loop running, and asynchronous views need their own.
    """
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)
    for item in items:
        database = item.get_closest_marker("django_db")
        commits = bool(database and database.kwargs.get("transaction"))
        item.add_marker(pytest.mark.xdist_group(f"{item.path.relative_to(item.config.rootpath)}{' commits' * commits}"))
