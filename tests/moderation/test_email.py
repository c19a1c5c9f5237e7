"""Emails about decisions and suspensions."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone, translation

from articles.moderation.services import decide, suspend
from core.models import PendingEmail
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db


def html_of(message: Any) -> str:
    assert isinstance(message, EmailMultiAlternatives)
    return str(message.alternatives[0][0])


def test_email_of_return_has_reason_and_edit_link() -> None:
    article = factories.in_review(title="Lamps & <b>benches</b>")
    decide(
        revision=latest(article), moderator=moderator(), verdict="return", reason="Who's the source?", rule="sources"
    )

    (message,) = mail.outbox
    assert message.to == [article.author.email]
    assert message.subject == "Returned: Lamps & <b>benches</b>"
    for expected in ["Lamps & <b>benches</b>", "1. Unsourced facts", "Who's the source?"]:
        assert expected in message.body
    assert f"http://testserver/my/articles/{article.pk}/" in message.body
    assert "Lamps &amp; &lt;b&gt;benches&lt;/b&gt;" in html_of(message)
    assert f'href="http://testserver/my/articles/{article.pk}/"' in html_of(message)


@pytest.mark.parametrize(
    ("verdict", "subject", "path"),
    [("keep", None, None), ("hide", "Hidden: ", "/my/articles/"), ("hide", "Hidden: ", "/moderation/")],
)
def test_email_of_decision_on_published_article(verdict: str, subject: str | None, path: str | None) -> None:
    decide(revision=latest(factories.published()), moderator=moderator(), verdict=verdict, reason="Copied.")

    if subject is None:
        assert not mail.outbox
        return
    assert mail.outbox[0].subject.startswith(subject)
    assert f"http://testserver{path}\n" in mail.outbox[0].body
    assert "Copied." in mail.outbox[0].body


def test_email_of_publication_links_in_preferred_language() -> None:
    article = factories.in_review(factories.UserFactory.create(preferred_language="ru"))
    with translation.override("hy"):
        decide(revision=latest(article), moderator=moderator(), verdict="publish")

    article.refresh_from_db()
    with translation.override("ru"):
        assert "http://testserver" + article.get_absolute_url() in mail.outbox[0].body
    assert '<html lang="ru">' in html_of(mail.outbox[0])


def test_email_subject_with_newline_adds_no_header() -> None:
    article = factories.in_review(title="One\nBcc: everyone@example.org")
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    assert mail.outbox[0].subject == "Published: One Bcc: everyone@example.org"


def test_email_decision_to_inactive_user_is_not_sent() -> None:
    article = factories.in_review()
    article.author.is_active = False
    article.author.save(update_fields=["is_active"])
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    assert not mail.outbox


def test_email_decision_with_mail_server_down_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    article = factories.in_review()
    monkeypatch.setattr(EmailMultiAlternatives, "send", mock.Mock(side_effect=SMTPServerDisconnected))
    decide(revision=latest(article), moderator=moderator(), verdict="publish")

    article.refresh_from_db()
    assert article.state == "published"
    assert PendingEmail.objects.get().to == article.author.email


def test_email_suspension_has_reason_and_rules() -> None:
    user = factories.UserFactory.create()
    suspend(user=user, moderator=moderator(), until=timezone.now() + timedelta(days=7), reason="Threats.")

    (message,) = mail.outbox
    assert message.to == [user.email]
    assert "Threats." in message.body
    assert "http://testserver/rules/" in message.body
