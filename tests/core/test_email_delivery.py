"""The delivery of emails: claim, send, delete."""

from __future__ import annotations

from datetime import timedelta
from smtplib import (
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from unittest import mock

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.mail import enqueue_email
from core.models import DailyFigure, PendingEmail
from core.tasks import MAX_EMAIL_ATTEMPTS, send_pending_emails

pytestmark = pytest.mark.django_db
TEMPLATE = "account/email/email_confirm"


def enqueue(to: str = "anna@example.org") -> None:
    enqueue_email(to=to, template=TEMPLATE, context={"ip": "192.0.2.1", "user_agent": "curl"})


def make_due() -> None:
    PendingEmail.objects.update(next_attempt_at=timezone.now())


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException | type[BaseException]) -> mock.Mock:
    send = mock.Mock(side_effect=error)
    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    return send


def test_sent_email_is_deleted() -> None:
    enqueue()
    assert [message.to for message in mail.outbox] == [["anna@example.org"]]
    assert not PendingEmail.objects.exists()


def test_email_is_counted_after_it_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that fails at the figure does not have the email sent again."""
    stored: list[int] = []

    def fail(name: str) -> None:
        stored.append(PendingEmail.objects.count())
        raise OperationalError

    monkeypatch.setattr(DailyFigure, "add", fail)
    PendingEmail.objects.create(to="anna@example.org", subject="x", text="x", html="x")
    with pytest.raises(OperationalError):
        send_pending_emails()
    assert stored == [0]
    make_due()
    send_pending_emails()
    assert len(mail.outbox) == 1


def test_email_of_rolled_back_transaction_is_not_sent(settings: LazySettings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)
    send_pending_emails()
    assert not mail.outbox


REFUSED = [SMTPException(), SMTPDataError(554, b"spam"), SMTPSenderRefused(550, b"no", "a"), SMTPRecipientsRefused({})]
OUTAGES = [ConnectionRefusedError(), TimeoutError(), SMTPServerDisconnected(), SMTPConnectError(421, b"busy"),
           SMTPSenderRefused(452, b"the disk is full", "a"), SMTPDataError(452, b"the disk is full")]  # fmt: skip


@pytest.mark.parametrize("error", [*REFUSED, *OUTAGES], ids=repr)
def test_failed_email_is_logged_and_sent_later(
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        failing(patch, error)
        enqueue()
        make_due()
        send_pending_emails()
    failures = [record for record in caplog.records if record.getMessage() == "email_failed"]
    assert [(one.levelname, one.fields["error"]) for one in failures] == [("WARNING", type(error).__name__)] * 2  # type: ignore[attr-defined]
    assert "anna" not in caplog.text
    email = PendingEmail.objects.get()
    assert email.next_attempt_at is not None
    minutes = (email.next_attempt_at - timezone.now()) / timedelta(minutes=1)
    if error in REFUSED:
        assert (email.attempts, round(minutes)) == (2, 10)
    else:  # It is not this email that the server refuses.
        assert (email.attempts, round(minutes)) == (0, 1)

    send_pending_emails()
    assert not mail.outbox, "not due yet"
    make_due()
    send_pending_emails()
    assert len(mail.outbox) == 1
    assert not PendingEmail.objects.exists()


def test_email_whose_worker_was_killed_is_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing(patch, SystemExit)
        enqueue()
    make_due()
    send_pending_emails()
    assert len(mail.outbox) == 1


def test_email_is_claimed_while_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    send = EmailMultiAlternatives.send

    def slow(self: EmailMultiAlternatives) -> int:
        send_pending_emails()  # another worker
        return send(self)

    monkeypatch.setattr(EmailMultiAlternatives, "send", slow)
    enqueue()
    assert len(mail.outbox) == 1


def test_email_is_not_attempted_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    send = failing(monkeypatch, SMTPException)
    enqueue()
    for _ in range(MAX_EMAIL_ATTEMPTS + 3):
        PendingEmail.objects.exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())
        send_pending_emails()
    assert send.call_count == MAX_EMAIL_ATTEMPTS
    assert PendingEmail.objects.get().next_attempt_at is None


def test_outage_of_days_counts_as_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ConnectionRefusedError())
    enqueue()
    PendingEmail.objects.update(created_at=timezone.now() - timedelta(days=5), next_attempt_at=timezone.now())
    send_pending_emails()
    assert PendingEmail.objects.get().attempts == 1


def test_server_away_stops_the_run_and_refused_email_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing(patch, SMTPException)
        enqueue("a@example.org")
        enqueue("b@example.org")
        make_due()
        away = failing(patch, SMTPException)
        send_pending_emails()
        assert away.call_count == 1
        for error in (SMTPRecipientsRefused({}), SMTPDataError(554, b"spam")):
            make_due()
            refused = failing(patch, error)
            send_pending_emails()
            assert refused.call_count == 2


@pytest.mark.django_db(transaction=True)
def test_email_is_sent_outside_of_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    PendingEmail.objects.create(to="anna@example.org", subject="s", text="t", html="h")
    send = mock.Mock(side_effect=lambda: pytest.fail("in a transaction") if connection.in_atomic_block else 1)
    monkeypatch.setattr(EmailMultiAlternatives, "send", send)
    send_pending_emails()
    assert send.call_count == 1
    assert not PendingEmail.objects.exists()


def test_task_has_no_arguments(settings: LazySettings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    enqueue()
    Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
    arguments = [task.args_kwargs for task in DBTaskResult.objects.all()]
    assert {"args": [], "kwargs": {}} in arguments
    assert "example.org" not in str(arguments)
