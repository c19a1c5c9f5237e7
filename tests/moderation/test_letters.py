"""What authors and suspended people are told, once, in their language."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone, translation

from articles.moderation.models import Decision
from articles.moderation.services import decide, suspend
from articles.moderation.tasks import tell_author
from tests import factories
from tests.moderation.people import moderator
from tests.moderation.test_decide import latest

pytestmark = pytest.mark.django_db


def html_of(letter: Any) -> str:
    assert isinstance(letter, EmailMultiAlternatives)
    return str(letter.alternatives[0][0])


def test_a_return_says_why_and_leads_to_the_desk() -> None:
    article = factories.in_review(title="Lamps & <b>benches</b>")
    decide(
        revision=latest(article), moderator=moderator(), verdict="return", reason="Who's the source?", rule="sources"
    )

    (letter,) = mail.outbox
    assert letter.to == [article.author.email]
    assert letter.subject == "Returned to you: Lamps & <b>benches</b>"
    for expected in ["Lamps & <b>benches</b>", "facts without a source", "Who's the source?"]:
        assert expected in letter.body
    assert f"http://testserver/my/articles/{article.pk}/" in letter.body
    assert "Lamps &amp; &lt;b&gt;benches&lt;/b&gt;" in html_of(letter)
    assert f'href="http://testserver/my/articles/{article.pk}/"' in html_of(letter)


@pytest.mark.parametrize(
    ("verdict", "subject", "path"),
    [("keep", None, None), ("hide", "Hidden: ", "/my/articles/"), ("hide", "Hidden: ", "/moderation/")],
)
def test_what_follows_a_publication(verdict: str, subject: str | None, path: str | None) -> None:
    decide(revision=latest(factories.published()), moderator=moderator(), verdict=verdict, reason="Copied.")

    if subject is None:
        assert not mail.outbox
        return
    assert mail.outbox[0].subject.startswith(subject)
    assert f"http://testserver{path}\n" in mail.outbox[0].body
    assert "Copied." in mail.outbox[0].body


def test_a_publication_leads_to_the_article_in_the_author_s_language() -> None:
    article = factories.in_review(factories.PersonFactory.create(preferred_language="ru"))
    with translation.override("hy"):
        decide(revision=latest(article), moderator=moderator(), verdict="publish")

    article.refresh_from_db()
    with translation.override("ru"):
        assert "http://testserver" + article.get_absolute_url() in mail.outbox[0].body
    assert '<html lang="ru">' in html_of(mail.outbox[0])


def test_a_title_cannot_add_a_header() -> None:
    article = factories.in_review(title="One\nBcc: everyone@example.org")
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    assert mail.outbox[0].subject == "Published: One Bcc: everyone@example.org"


def test_a_letter_is_sent_once() -> None:
    decision = decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="publish")
    tell_author.call(decision.pk)
    tell_author.call(decision.pk + 1000)  # not there any more

    assert len(mail.outbox) == 1
    decision.refresh_from_db()
    assert decision.mailed_at is not None


def test_who_closed_the_account_gets_none() -> None:
    article = factories.in_review()
    article.author.is_active = False
    article.author.save(update_fields=["is_active"])
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    assert not mail.outbox


def test_a_mail_server_that_is_away_leaves_the_decision_and_owes_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    article = factories.in_review()
    with monkeypatch.context() as away:
        away.setattr(EmailMultiAlternatives, "send", mock.Mock(side_effect=SMTPServerDisconnected))
        decision = decide(revision=latest(article), moderator=moderator(), verdict="publish")

    decision.refresh_from_db()
    article.refresh_from_db()
    assert (article.state, decision.mailed_at, len(mail.outbox)) == ("published", None, 0)

    # Much later somebody decides on something else: the letter that is owed goes out too.
    Decision.objects.filter(pk=decision.pk).update(decided_at=timezone.now() - timedelta(hours=5))
    decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="publish")
    assert {one.to[0] for one in mail.outbox} >= {article.author.email}
    assert len(mail.outbox) == 2


def test_a_mail_server_that_is_away_is_asked_again_later(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    from django_tasks_db.models import DBTaskResult

    decision = decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="publish")
    assert DBTaskResult.objects.count() == 1
    monkeypatch.setattr(EmailMultiAlternatives, "send", mock.Mock(side_effect=SMTPServerDisconnected))

    tell_author.call(decision.pk)
    later = DBTaskResult.objects.latest("enqueued_at")
    assert later.args_kwargs == {"args": [decision.pk, 2], "kwargs": {}}
    assert later.run_after > timezone.now()

    with pytest.raises(SMTPServerDisconnected):
        tell_author.call(decision.pk, 6)


def test_a_decision_that_is_rolled_back_sends_nothing(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    from django.db import transaction
    from django_tasks_db.models import DBTaskResult

    with transaction.atomic():
        decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="publish")
        transaction.set_rollback(True)
    assert not DBTaskResult.objects.exists()


def test_who_is_suspended_is_told_until_when_and_why() -> None:
    user = factories.PersonFactory.create()
    suspend(user=user, moderator=moderator(), until=timezone.now() + timedelta(days=7), reason="Threats.")

    (letter,) = mail.outbox
    assert letter.to == [user.email]
    assert "Threats." in letter.body
    assert "http://testserver/rules/" in letter.body
