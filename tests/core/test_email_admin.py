"""Unsent emails in the admin."""

from __future__ import annotations

from smtplib import SMTPException
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from core.mail import enqueue_email
from core.models import PendingEmail
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
LIST = "/admin/core/pendingemail/"


@pytest.fixture
def email(monkeypatch: pytest.MonkeyPatch) -> PendingEmail:
    with monkeypatch.context() as patch:
        patch.setattr(EmailMultiAlternatives, "send", mock.Mock(side_effect=SMTPException("mailbox is full")))
        context = {"key": "secret-key", "uid": "1"}
        enqueue_email(to="anna@example.org", template="account/email/password_reset_key", context=context)
    PendingEmail.objects.update(attempts=20, next_attempt_at=None)
    return PendingEmail.objects.get()


def test_failed_email_is_listed_without_its_text_and_sent_again(client: Client, email: PendingEmail) -> None:
    client.force_login(administrator())
    for page in (client.get(LIST).text, client.get(f"{LIST}{email.pk}/change/").text):
        assert "anna@example.org" in page
        assert "mailbox is full" in page
        assert "secret-key" not in page
    client.post(LIST, {"action": "send_again", "_selected_action": [str(email.pk)]})
    assert [message.to for message in mail.outbox] == [["anna@example.org"]]
    assert not PendingEmail.objects.exists()


def test_moderators_do_not_see_emails(client: Client, email: PendingEmail) -> None:
    client.force_login(moderator())
    assert client.get(LIST).status_code == 403
