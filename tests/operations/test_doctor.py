"""`spokesperson doctor`: what each check finds, and the remedy. test_doctor_requests.py has those with requests."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.checks import Warning as CheckWarning
from django.core.files.storage import default_storage
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import selectors
from articles.models import Article, Image
from core import maintenance
from core.models import PendingEmail, PeriodicRun
from spokesperson import checks, cli
from spokesperson.operations import diagnosis
from tests import factories
from tests.operations.conftest import Site
from tests.operations.findings import OPTIONS, results

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_requests")]


# --- Settings, database, email -----------------------------------------------------------------


def test_doctor_reports_system_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    message = CheckWarning("HSTS is short.", hint="Raise it.", id="security.W004")
    monkeypatch.setattr(diagnosis, "run_checks", lambda **_: [message])
    assert results("settings") == [("warning", "HSTS is short. Raise it.")]


def test_doctor_reports_what_health_reports(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    settings.MEDIA_ROOT = Path("/dev/null/media")
    found = results("running")
    assert ("failed", "Images cannot be stored in /dev/null/media: Not a directory.") in found
    assert ("warning", "No task worker runs: start `spokesperson serve worker`.") in found


def test_doctor_says_that_the_site_is_read_only() -> None:
    maintenance.switch(on=True)
    assert ("warning", "The site is read-only: end that with `spokesperson maintenance off`.") in results("running")


def test_doctor_sends_a_test_message() -> None:
    options = argparse.Namespace(**{**vars(OPTIONS), "email": "anna@example.org"})
    [(level, message)] = results("email", options)
    assert level == "ok"
    assert "anna@example.org" in message
    assert [sent.to for sent in mail.outbox] == [["anna@example.org"]]


def test_doctor_says_that_the_mail_server_is_away(settings: LazySettings) -> None:
    options = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    [(level, message)] = results("email")
    assert level == "failed"
    assert message.endswith(": check EMAIL_URL.")


def test_doctor_counts_emails_that_were_given_up() -> None:
    PendingEmail.objects.create(to="a@example.org", subject="x", text="x", html="x", next_attempt_at=None)
    assert results("email")[-1][0] == "warning"
    assert results("email")[-1][1].startswith("Emails that were given up: 1.")


@pytest.mark.parametrize(("is_https", "level"), [(True, "warning"), (False, "ok")])
def test_doctor_says_that_emails_are_only_printed(settings: LazySettings, is_https: bool, level: str) -> None:
    settings.HTTPS, settings.EMAIL_URL = is_https, "consolemail://"
    assert results("email") == [(level, "Emails are only printed: set EMAIL_URL.")]


# --- Machine and worker ------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "level"), [(10 * 1024**3, "ok"), (1024**3, "warning"), (1024**2, "failed")])
def test_doctor_measures_free_space(monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert results("disk")[0][0] == level


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, ""),
        ({"has_failed": True, "outcome": "2 differ."}, "The periodic job clearsessions failed (2 differ.)"),
        ({"started_at": timedelta(days=3)}, "The periodic job clearsessions has not run for 3"),
    ],
)
def test_doctor_names_periodic_jobs_that_failed_or_did_not_run(changes: dict[str, Any], sentence: str) -> None:
    started_at = timezone.now() - changes.pop("started_at", timedelta(hours=1))
    PeriodicRun.objects.create(pk="clearsessions", started_at=started_at, **changes)
    [(level, message)] = results("worker")
    assert level == ("warning" if sentence else "ok")
    assert message.startswith(sentence)


def test_doctor_says_how_long_a_task_has_waited() -> None:
    DBTaskResult.objects.create(
        run_after=timezone.now(), args_kwargs={}, task_path="x", backend_name="default", queue_name="default"
    )
    assert results("worker")[0][0] == "ok"
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(minutes=20))
    assert results("worker")[0][1].startswith("A task has waited for 20 minutes")


@pytest.mark.parametrize(
    ("finished", "verified", "level", "sentence"),
    [
        (timedelta(hours=5), timedelta(days=8), "ok", "The last backup is 5\xa0hours old, and was verified"),
        (timedelta(days=3), timedelta(days=3), "failed", "The last backup is 3\xa0days old"),
        (timedelta(hours=5), None, "warning", "No backup was restored for a month"),
        (timedelta(hours=5), timedelta(days=60), "warning", "No backup was restored for a month"),
        (None, None, "warning", "There is no backup"),
    ],
)
def test_doctor_reads_the_age_of_the_last_backup(
    settings: LazySettings,
    tmp_path: Path,
    finished: timedelta | None,
    verified: timedelta | None,
    level: str,
    sentence: str,
) -> None:
    settings.DATA_DIR = tmp_path
    if finished is not None:
        last = {
            "finished_at": (timezone.now() - finished).isoformat(),
            "verified_at": verified and (timezone.now() - verified).isoformat(),
            "path": "/backups/1",
        }
        (tmp_path / "backups").mkdir()
        (tmp_path / "backups" / "last.json").write_text(json.dumps(last))
    [(found, message)] = results("backup")
    assert found == level
    assert message.startswith(sentence)


# --- Data ----------------------------------------------------------------------------------------


@pytest.fixture
def article() -> Article:
    return factories.published()


def test_doctor_compares_counters_ledger_and_search_index(article: Article) -> None:
    assert [results(name)[0][0] for name in ("counters", "ledger", "search")] == ["ok"] * 3
    Article.objects.update(likes=7)
    [(level, message)] = results("counters")
    assert level == "failed"
    assert message == "1 counter differs: run `spokesperson manage recount`."


def test_doctor_names_lost_images(article: Article) -> None:
    image = Image.objects.create(owner=article.author, key="k" * 32, width=480, height=300, size=4)
    for path in image.paths:
        default_storage.save(path, BytesIO(b"x"))
    assert results("images")[0][0] == "ok"
    default_storage.delete(image.paths[0])
    [(level, message)] = results("images")
    assert level == "failed"
    assert message.startswith(f"1 of {len(image.paths)} files of images are lost, such as {image.paths[0]}:")
    image.retired_key = "moves"
    image.save()
    assert results("images")[0][0] == "ok"


def test_doctor_names_lost_avatars() -> None:
    factories.UserFactory.create(avatar_key="k" * 32)
    [(level, message)] = results("images")
    assert level == "failed"
    assert selectors.avatar_path("k" * 32, selectors.AVATAR_SIZES[0]) in message


# --- The command ---------------------------------------------------------------------------------


def test_doctor_without_database_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "database", lambda: "The database cannot be used: refused")
    monkeypatch.setattr(checks, "REQUIRED", {**checks.REQUIRED, "database": checks.database})
    assert results("running")[0] == ("failed", "The database cannot be used: refused")
    assert results("disk")[0][0] in {"ok", "warning"}


def test_doctor_prints_findings_and_returns_1_if_one_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--only", "disk,backup,ledger"]) == 0
    output = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in output[:-1]] == ["disk:", "backup:", "ledger:"]
    assert output[-1].endswith("0 failed.")
    assert cli.main(["doctor", "--only", "proxies"]) == 1


def test_doctor_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--json", "--only", "proxies,backup"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["failed"], printed["warnings"]) == (1, 1)
    assert [(finding["check"], finding["level"]) for finding in printed["findings"]] == [
        ("proxies", "failed"),
        ("backup", "warning"),
    ]


def test_doctor_with_an_unknown_check_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--only", "everything"]) == 2
    assert capsys.readouterr().err.startswith("There is no check everything; there are settings, running, ")


@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_doctor_with_a_wrong_setting(tmp_path: Path, json_option: list[str]) -> None:
    run = Site(tmp_path).run("doctor", *json_option, ORIGIN="news.example.org")
    assert run.returncode == os.EX_CONFIG
    sentence = "ORIGIN must be the site's address"
    if json_option:
        assert json.loads(run.stdout)["findings"][0]["message"].startswith(sentence)
    else:
        assert run.stderr.startswith(sentence)
