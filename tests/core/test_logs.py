"""Log lines: one for each event, with the request and the user, without personal text."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from unittest import mock
from unittest.mock import patch

import psycopg
import pytest
from django.conf import LazySettings
from django.db import IntegrityError, OperationalError, connection
from django.test import Client

from accounts.models import User
from articles.models.preview import new_token
from articles.services import publishing
from core import database, periodic
from core.logs import JSONFormatter, PlainFormatter, log_event
from tests import factories
from tests.accounts.conftest import PASSWORD, SIGNUP_DATA

pytestmark = pytest.mark.django_db


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(JSONFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def named(self, event: str) -> dict[str, Any]:
        [line] = [line for line in self.lines if line["event"] == event]
        return line


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines of the log; those that wait for a commit are written at once."""
    monkeypatch.setattr("core.logs.transaction.on_commit", lambda function: function())
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_log_in_out_and_sign_up_are_logged_without_names(client: Client, log: Lines) -> None:
    user = factories.UserFactory.create(username="lilit", email="lilit@example.org")
    client.post("/accounts/login/", {"login": "lilit", "password": "wrong"})
    client.post("/accounts/login/", {"login": "lilit", "password": PASSWORD})
    client.post("/accounts/logout/")
    Client().post("/accounts/signup/", SIGNUP_DATA)
    assert log.named("logged_in")["user_id"] == user.pk
    assert len(log.named("logged_in")["request_id"]) == 32
    assert log.named("login_failed")["request_id"] != log.named("logged_in")["request_id"]
    assert log.named("logged_out")["user_id"] == user.pk
    assert log.named("signed_up")["user_id"] == User.objects.latest("pk").pk
    text = str(log.lines).lower()
    assert not [word for word in ("lilit", "example.org", "anna", PASSWORD) if word in text]


def test_actions_are_logged_with_the_user(client: Client, log: Lines) -> None:
    article, user = factories.published(title="A secret title"), factories.UserFactory.create()
    client.force_login(user)
    client.post(f"/articles/{article.pk}/vote/", {"vote": "1"})
    line = log.named("vote_cast")
    assert (line["article_id"], line["user_id"], line["value"]) == (article.pk, user.pk, 1)
    publishing.hide(article=article)
    assert log.named("article_hidden")["article_id"] == article.pk
    assert "secret" not in str(log.lines)


def test_refusal_by_a_limit_is_logged(client: Client, log: Lines, settings: LazySettings) -> None:
    settings.SEARCHES_PER_MINUTE = 0
    assert client.get("/search/?q=secret").status_code == 429
    assert log.named("rate_limited")["action"] == "search"
    assert "secret" not in str(log.named("rate_limited"))


@pytest.mark.django_db(transaction=True)
def test_event_of_a_transaction_that_is_rolled_back_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    from django.db import transaction

    with transaction.atomic():
        log_event("first", number=1)
        transaction.set_rollback(True)
    with transaction.atomic():
        log_event("second", number=2)
        assert not caplog.records
    assert [record.getMessage() for record in caplog.records] == ["second"]


def test_event_outside_of_transactions_opens_no_connection(caplog: pytest.LogCaptureFixture) -> None:
    def log_in_a_new_thread() -> Any:
        log_event("rate_limited")
        return connection.connection

    caplog.set_level(logging.INFO)
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(log_in_a_new_thread).result() is None
    assert "rate_limited" in caplog.text


def test_request_id_of_a_trusted_proxy_is_used(client: Client, log: Lines, settings: LazySettings) -> None:
    given = "0123456789abcdef" * 2
    for count, expected in ((0, False), (1, True)):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = count
        log.lines.clear()
        headers = {"x-request-id": given, "x-forwarded-for": "192.0.2.1"}
        client.post("/accounts/login/", {"login": "x", "password": "y"}, headers=headers)
        assert (log.named("login_failed")["request_id"] == given) is expected


def test_log_reads_no_session_while_the_database_is_away(client: Client, log: Lines) -> None:
    client.force_login(factories.UserFactory.create())
    client.raise_request_exception = False
    lost = OperationalError("the connection is lost")
    lost.__cause__ = psycopg.OperationalError()
    try:
        with mock.patch.object(connection, "cursor", side_effect=lost) as cursor:
            assert client.get("/my/articles/").status_code == 503
        assert cursor.call_count == 1
    finally:
        database._is_away.clear()
    assert "user_id" not in log.lines[-1]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("get", "/nothing", {}, 404),
        ("get", "/", {"host": "evil.example.org"}, 400),
        ("post", "/accounts/login/", {}, 403),
        ("get", "/search/?q=x", {}, 429),
        ("get", "/articles/rules/", {}, 500),
        ("post", "/beacon/1/", {}, 403),
        ("get", "/ready/", {}, 503),
    ],
)
def test_every_line_of_a_request_has_its_id(
    log: Lines, settings: LazySettings, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    settings.SEARCHES_PER_MINUTE = 0
    settings.MEDIA_ROOT = "/dev/null/media"
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    with patch("core.models.SiteSettings.current", side_effect=ValueError) if status == 500 else nullcontext():
        assert getattr(client, method)(path, headers=headers).status_code == status
    assert log.lines or path == "/beacon/1/"
    [request_id] = {line.get("request_id") for line in log.lines} or {"0" * 32}
    assert len(str(request_id)) == 32


@pytest.mark.parametrize(
    "path", ["/preview/{}/", "/ru/preview/{}/", "/accounts/confirm-email/{}/", "/hy/accounts/password/reset/key/1z-{}/"]
)
def test_lines_have_no_secret_of_a_path(client: Client, log: Lines, path: str) -> None:
    secret = new_token()
    client.get(path.format(secret))
    logging.getLogger().warning("Refused: %s", path.format(secret))
    plain = PlainFormatter("%(message)s").format(record(ValueError(path.format(secret))))
    assert secret not in f"{log.lines}{plain}"
    assert log.lines[-1]["event"] == f"Refused: {path.format('*').replace('1z-', '')}"


def test_lines_of_a_task_have_its_id_and_the_request_says_which_it_enqueued(client: Client, log: Lines) -> None:
    """The immediate backend runs the task within the request."""
    client.post("/accounts/signup/", SIGNUP_DATA)
    log_event("later")
    enqueued, sent = log.named("task_enqueued"), log.named("email_sent")
    assert sent["task_id"] == log.named("task_finished")["task_id"] == enqueued["enqueued_task_id"]
    assert len(enqueued["request_id"]) == 32
    assert "task_id" not in log.named("later")


def test_lines_of_a_periodic_job_have_its_name(log: Lines, settings: LazySettings) -> None:
    settings.PERIODIC_JOBS = {"tests.core.test_logs.log_and_fail": timedelta(minutes=1)}
    periodic.run_due()
    assert {line["job"] for line in log.lines} == {"tests.core.test_logs.log_and_fail"}
    assert log.lines[0]["event"] == "something"


def log_and_fail() -> None:
    log_event("something")
    raise ValueError


def record(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except type(error):
        return logging.LogRecord("name", logging.ERROR, "file", 1, "It failed: %s", ("x",), sys.exc_info())


def test_exception_of_the_database_is_logged_without_its_values() -> None:
    line = json.loads(JSONFormatter().format(record(IntegrityError("Key (email)=(lilit@example.org) exists"))))
    assert line["exception"] == "django.db.utils.IntegrityError"
    assert "test_logs.py" in line["traceback"]
    assert "lilit" not in str(line)
    assert json.loads(JSONFormatter().format(record(ValueError("why"))))["exception_message"] == "why"


def test_plain_lines_have_the_fields() -> None:
    logged = record(ValueError("why"))
    logged.fields = {"article_id": 7}
    line = PlainFormatter("%(levelname)s %(message)s").format(logged)
    assert line.startswith("ERROR It failed: x article_id=7\nTraceback")
