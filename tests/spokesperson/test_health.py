"""/health/ for load balancers, and the same checks as sentences for operators."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core import database
from core.models import PeriodicRun
from core.page_cache.keys import cache_key
from spokesperson import checks

pytestmark = pytest.mark.django_db
OK = {"database": "ok", "migrations": "ok", "static_files": "ok", "images": "ok", "cache": "ok", "worker": "ok"}


@pytest.fixture(autouse=True)
def _worker_runs() -> Iterator[None]:
    PeriodicRun.objects.create(pk="job", started_at=timezone.now() - timedelta(seconds=70))
    checks._complete.clear()
    yield
    checks._complete.clear()


def test_health_ok(client: Client) -> None:
    response = client.get("/health/", headers={"accept": "text/html;level=1;q=broken"})
    assert response.status_code == 200
    assert response.json() == {**OK, "seconds_since_periodic_job": 70, "seconds_oldest_task_waits": 0}
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]


def test_health_database_error_is_503_without_details(client: Client) -> None:
    error = DatabaseError("password of spokesperson at 10.0.0.7")
    with patch.object(connection, "cursor", side_effect=error):
        response = client.get("/health/")
    assert response.status_code == 503
    assert response.json() == {"database": "failed", "static_files": "ok", "images": "ok", "cache": "ok"}


def test_health_without_migrations(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' AND name <> '0001_initial'")
    response = client.get("/health/")
    assert response.status_code == 503
    assert response.json() == {**OK, "migrations": "failed"}


def test_health_without_static_files(client: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    response = client.get("/health/")
    assert (response.status_code, response.json()["static_files"]) == (503, "failed")


def test_health_without_a_folder_for_images(client: Client, settings: LazySettings) -> None:
    settings.MEDIA_ROOT = "/dev/null/media"
    response = client.get("/health/")
    assert (response.status_code, response.json()["images"]) == (503, "failed")


def test_health_behind_a_proxy_that_is_not_trusted(client: Client, settings: LazySettings) -> None:
    settings.HTTPS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = True, 0
    response = client.get("/health/", headers={"x-forwarded-proto": "https"})
    assert (response.status_code, response.json()["trusted_proxy_count"]) == (503, "failed")


def test_health_behind_fewer_proxies_than_are_trusted(client: Client, settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    for forwarded, word in (("192.0.2.1", "failed"), ("192.0.2.1, 192.0.2.2", None)):
        response = client.get("/health/", headers={"x-forwarded-for": forwarded})
        assert (response.status_code, response.json().get("forwarded_for")) == (200, word)


def test_health_when_the_disk_of_images_hangs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(checks, "DISK_TIMEOUT", 0.05)
    monkeypatch.setattr(checks, "_store_bytes", lambda *_: hangs.wait(10))
    threads = threading.active_count()
    for _ in range(3):
        assert client.get("/health/").json()["images"] == "failed"
    assert threading.active_count() <= threads + 1
    hangs.set()
    monkeypatch.undo()
    assert client.get("/health/").json()["images"] == "ok"


def test_health_tells_of_a_worker_that_does_not_run_and_of_tasks_that_wait(client: Client) -> None:
    PeriodicRun.objects.update(started_at=timezone.now() - timedelta(minutes=6))
    DBTaskResult.objects.create(
        run_after=timezone.now(), args_kwargs={}, task_path="x", backend_name="default", queue_name="default"
    )
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(minutes=10))
    response = client.get("/health/")
    assert response.status_code == 200  # Pages do not need it.
    assert response.json() == {
        **OK,
        "worker": "failed",
        "seconds_since_periodic_job": 360,
        "seconds_oldest_task_waits": 600,
    }


def test_health_needs_get(client: Client) -> None:
    assert client.post("/health/").status_code == 405


# --- /live/ and /ready/ --------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["testserver", "10.0.0.7:8000", "other.example.org", "", "x y"])
@pytest.mark.parametrize("path", ["/live/", "/ready/"])
def test_probes_answer_every_host_with_a_word_that_no_cache_stores(client: Client, path: str, host: str) -> None:
    response = client.get(path, headers={"host": host})
    assert (response.status_code, response.content) == (200, b"ok")
    assert response["Cache-Control"] == "private, no-store"
    assert not response.cookies
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy"):
        assert name in response


@pytest.mark.parametrize("path", ["/live/", "/ready/"])
def test_probes_are_never_answered_from_the_page_cache(path: str) -> None:
    for host in ("testserver", "10.0.0.7"):
        assert cache_key({"PATH_INFO": path, "HTTP_HOST": host, "wsgi.url_scheme": "http"}) is None


@pytest.mark.parametrize("path", ["/live/", "/ready/"])
def test_probes_are_not_redirected_to_https(client: Client, settings: LazySettings, path: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client(headers={"host": "10.0.0.7"}).get(path).status_code == 200
    assert client.post(path).status_code == 405


def test_live_needs_no_database(client: Client) -> None:
    with patch.object(connection, "cursor", side_effect=DatabaseError):
        assert client.get("/live/").status_code == 200


def test_live_and_ready_answer_while_pages_are_refused_at_once(client: Client) -> None:
    with patch.object(database, "_is_away") as is_away, patch.object(database, "_is_back", return_value=False):
        is_away.is_set.return_value = True
        assert client.get("/").status_code == 503
        assert client.get("/live/").status_code == 200
        assert client.get("/ready/").status_code == 200


def test_ready_database_error_is_503_without_details(client: Client) -> None:
    error = DatabaseError("password of spokesperson at 10.0.0.7")
    with patch.object(connection, "cursor", side_effect=error):
        response = client.get("/ready/")
    assert (response.status_code, response.content) == (503, b"failed")


def test_ready_without_a_folder_for_images(client: Client, settings: LazySettings) -> None:
    settings.MEDIA_ROOT = "/dev/null/media"
    assert client.get("/ready/").status_code == 503


def test_ready_behind_a_proxy_that_is_not_trusted(client: Client, settings: LazySettings) -> None:
    settings.HTTPS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = True, 0
    assert client.get("/ready/", headers={"x-forwarded-proto": "https"}).status_code == 503


def test_ready_does_not_need_the_worker(client: Client) -> None:
    PeriodicRun.objects.all().delete()
    assert client.get("/ready/").status_code == 200
    assert client.get("/health/").json()["worker"] == "failed"


# --- For operators -----------------------------------------------------------------------------


def messages(databases: list[str] | None = None) -> list[str]:
    found = run_checks(include_deployment_checks=True, databases=databases)
    return [message.msg for message in found if str(message.id).startswith("spokesperson.")]


def test_check_deploy_with_database_says_what_is_missing(settings: LazySettings) -> None:
    PeriodicRun.objects.all().delete()
    settings.MEDIA_ROOT = "/dev/null/media"
    settings.HTTPS, settings.EMAIL_URL = True, "consolemail://"
    assert messages(databases=["default"]) == [
        "Images cannot be stored in /dev/null/media: Not a directory.",
        "No task worker runs: start `spokesperson serve worker`.",
        "Emails are only printed: set EMAIL_URL.",
    ]


def test_check_deploy_without_database_needs_none() -> None:
    with patch.object(connection, "cursor", side_effect=AssertionError):
        assert messages() == []


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("DATABSE_URL", "DATABASE_URL"), ("TRUSTED_PROXIES_COUNT", "TRUSTED_PROXY_COUNT"), ("EXTRA_HOST", "EXTRA_HOSTS")],
)
def test_check_deploy_names_misspelt_variables(monkeypatch: pytest.MonkeyPatch, variable: str, meant: str) -> None:
    monkeypatch.setenv(variable, "1")
    assert messages() == [f"{variable} is not a setting. Is {meant} meant?"]


def test_check_deploy_leaves_the_variables_of_opentelemetry_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4318/v1/traces")
    assert messages() == []


def test_check_deploy_names_a_key_file_that_others_can_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(mode=0o644)
    monkeypatch.setitem(os.environ, "SECRET_KEY_FILE", str(file))
    assert "chmod 600" in messages()[0]
    file.chmod(0o600)
    assert messages() == []
