"""What `spokesperson doctor` finds out by requests to the site, through its proxies: addresses, clocks and files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from email.message import Message
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from unittest import mock
from urllib.error import HTTPError

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils.http import http_date

from spokesperson.operations import site_requests
from tests.operations.findings import REFUSED, results

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_requests")]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch, client: Client) -> Callable[..., None]:
    """Return a function that answers the doctor's requests as behind proxies, which each treat X-Forwarded-For."""

    def answer(*proxies: Callable[[str], str], ahead: float = 0) -> None:
        def get(path: str, headers: dict[str, str] | None = None) -> tuple[bytes, str]:
            sent = dict(headers or {})
            for proxy in proxies:
                sent["X-Forwarded-For"] = proxy(sent.get("X-Forwarded-For", ""))
            response = client.get(path, headers=sent)
            if response.status_code != 200:
                raise HTTPError(path, response.status_code, "", Message(), BytesIO())
            return b"".join(response), http_date(time.time() + ahead)

        monkeypatch.setattr(site_requests, "_get", get)

    return answer


def appending(forwarded: str) -> str:
    return f"{forwarded}, 203.0.113.7" if forwarded else "203.0.113.7"


def replacing(forwarded: str) -> str:
    return "203.0.113.7"


@pytest.mark.parametrize(
    ("proxies", "trusted", "sentence"),
    [
        ([], 0, ""),
        ([appending], 1, ""),
        ([replacing], 1, ""),
        ([appending, appending], 2, ""),
        ([replacing, appending], 2, ""),
        ([], 1, "TRUSTED_PROXY_COUNT is 1, so visitors can forge their address: set it to 0."),
        ([appending], 2, "TRUSTED_PROXY_COUNT is 2, so visitors can forge their address: set it to 1."),
        ([replacing], 2, "TRUSTED_PROXY_COUNT is 2, so visitors can forge their address: set it to 1."),
        ([appending], 0, "TRUSTED_PROXY_COUNT is 0, so all visitors share one address: set it to 1."),
        ([appending, appending], 1, "TRUSTED_PROXY_COUNT is 1, so all visitors share one address: set it to 2."),
    ],
)
def test_doctor_compares_the_number_of_proxies(
    behind: Callable[..., None],
    settings: LazySettings,
    proxies: list[Callable[[str], str]],
    trusted: int,
    sentence: str,
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = trusted
    behind(*proxies)
    [(level, message)] = results("proxies")
    assert (level, message) == ("failed", sentence) if sentence else level == "ok"


def test_doctor_finds_a_proxy_without_forwarded_headers(behind: Callable[..., None], settings: LazySettings) -> None:
    settings.HTTPS = True
    behind()
    assert results("proxies") == [
        ("failed", "The site does not see that requests come over https: have the proxy set X-Forwarded-Proto."),
        ("failed", "No proxy sets X-Forwarded-For, so all visitors share its address: have it set that."),
    ]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (REFUSED, "does not answer (refused)"),
        (HTTPError("", 400, "", Message(), BytesIO()), "the proxy does not pass on the Host header"),
        (HTTPError("", 404, "", Message(), BytesIO()), "another SECRET_KEY"),
        (HTTPError("", 502, "", Message(), BytesIO()), "the web server does not run"),
        (HTTPError("", 500, "", Message(), BytesIO()), "look into the log"),
    ],
)
def test_doctor_says_why_the_site_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    monkeypatch.setattr(site_requests, "_get", mock.Mock(side_effect=error))
    [(level, message)] = results("proxies")
    assert level == "failed"
    assert sentence in message


@pytest.mark.parametrize("header", [None, "forged", "doctor:1:xyz"])
def test_health_client_answers_the_doctor_only(client: Client, header: str | None) -> None:
    response = client.get("/health/client/", headers={"X-Doctor": header} if header else {})
    assert response.status_code == 404


@pytest.mark.parametrize(("ahead", "level"), [(0, "ok"), (10, "warning"), (-10, "warning"), (3600, "failed")])
def test_doctor_compares_clocks(behind: Callable[..., None], ahead: float, level: str) -> None:
    behind(ahead=ahead)
    [(found, message)] = results("clock")
    assert found == level
    assert ahead == 0 or f"the web server is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'}" in message


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has the clock of this machine")
def test_doctor_compares_the_clock_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_requests, "time", SimpleNamespace(time=lambda: time.time() + 120))
    [(level, message)] = results("clock")
    assert level == "failed"
    assert "The clock of the database is 120 s behind" in message


def test_doctor_stores_reads_and_deletes_a_file(behind: Callable[..., None], settings: LazySettings) -> None:
    (settings.STATIC_ROOT / "css").mkdir(exist_ok=True)
    (settings.STATIC_ROOT / "css" / "site.css").write_text("a{}")
    behind()
    assert results("files")[0] == ("ok", "Images can be stored, read and deleted.")
    assert default_storage.listdir("doctor") == ([], [])


def test_doctor_finds_files_that_the_proxy_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    error = HTTPError("", 403, "", Message(), BytesIO())
    monkeypatch.setattr(site_requests, "_get", mock.Mock(side_effect=error))
    found = results("files")
    assert [level for level, _ in found] == ["ok", "failed", "failed"]
    assert "answers 403 at /media/doctor/" in found[1][1]
    assert "answers 403 at /static/css/site.css" in found[2][1]


def test_doctor_finds_static_files_that_are_not_complete(
    monkeypatch: pytest.MonkeyPatch, behind: Callable[..., None]
) -> None:
    missing = mock.Mock(side_effect=ValueError("Missing staticfiles manifest entry"))
    monkeypatch.setattr(site_requests, "staticfiles_storage", SimpleNamespace(url=missing))
    behind()
    assert results("files")[1:] == [
        ("failed", "The static files are not complete: run `spokesperson manage collectstatic`.")
    ]


def test_doctor_goes_on_after_a_check_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", mock.Mock(side_effect=RuntimeError("a bug\nof two lines")))
    assert results("disk") == [("failed", "This could not be examined (RuntimeError: a bug).")]


def test_doctor_finds_another_folder_behind_media(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_requests, "_get", lambda _: (b"something else", ""))
    assert "has another file at /media/doctor/" in results("files")[1][1]


def test_doctor_finds_storage_that_cannot_be_written(settings: LazySettings) -> None:
    settings.MEDIA_ROOT = Path("/dev/null/media")
    [(level, message)] = results("files")
    assert level == "failed"
    assert message.startswith("Images cannot be stored (")
