"""Emails that tell moderators how much waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from articles.moderation.models import AlertPreference, Decision, Submission
from articles.moderation.services import alerts, decide
from articles.moderation.services.alerts import send_due, set_alerts
from articles.moderation.services.appeals import appeal_decision
from core import maintenance
from core.exceptions import ActionNotAllowed
from core.models import PendingEmail
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/submission/"
PAGE = f"{QUEUE}alerts/"
NOON = datetime(2031, 5, 4, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def anna(clock: Any) -> User:
    return moderator(username="anna", display_name="Anna")


def chooses(user: User, frequency: str, threshold: int = 10, daily_at: time = time(9)) -> None:
    set_alerts(user=user, frequency=frequency, threshold=threshold, daily_at=daily_at)


def after(clock: Any, **time_passed: float) -> int:
    """Let time pass and the job run; return how many emails it sent."""
    clock.shift(timedelta(**time_passed))
    return send_due()


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


def test_alert_at_once_counts_without_texts(anna: User, clock: Any) -> None:
    chooses(anna, "at_once")
    for _ in range(2):
        factories.in_review(title="Secret title", body=factories.BODY + "<p>Secret text</p>")
    assert after(clock, hours=1) == len(mail.outbox) == 1
    message: Any = mail.outbox[0]
    assert (message.to, message.subject) == (["anna@example.org"], "2 submissions waiting, oldest: 1 h · Spokesperson")
    for text in (message.body, str(message.alternatives[0][0])):
        assert QUEUE in text
        assert PAGE in text
        assert "Secret" not in text
    assert send_due() == after(clock, days=1) == 0  # The same two.


def test_alert_in_the_language_of_the_moderator(clock: Any) -> None:
    chooses(moderator(preferred_language="ru"), "at_once")
    factories.in_review()
    after(clock, hours=3)
    assert mail.outbox[0].subject.startswith("1 ")
    assert "submission" not in mail.outbox[0].subject
    assert "/ru/admin/moderation/submission/alerts/" in mail.outbox[0].body


def test_alerts_at_once_do_not_flood(anna: User, client: Client, clock: Any) -> None:
    chooses(anna, "at_once")
    sent = []
    for minute in range(0, 320, 10):
        factories.in_review()
        if after(clock, minutes=10):
            sent.append(minute)
    assert sent == [0, 10, 30, 70, 150, 310]
    client.force_login(anna)
    client.get(QUEUE)
    factories.in_review()
    assert [after(clock, minutes=9), after(clock, minutes=1)] == [0, 1]
    factories.in_review()
    assert [after(clock, minutes=9), after(clock, minutes=1)] == [0, 1]


def test_alert_leaves_what_may_not_be_committed_to_the_next_run(anna: User, clock: Any) -> None:
    chooses(anna, "at_once")
    factories.in_review()
    assert [after(clock, seconds=5), after(clock, seconds=6)] == [0, 1]


def test_alert_from_a_number_on(anna: User, clock: Any) -> None:
    chooses(anna, "waiting", threshold=3)
    for _ in range(2):
        factories.in_review()
    assert after(clock, minutes=1) == 0
    factories.in_review()
    assert after(clock, minutes=1) == 1
    factories.in_review()
    assert [after(clock, hours=3), after(clock, hours=2)] == [0, 1]
    for revision in Submission.objects.waiting()[:3]:
        decide(revision=revision, moderator=anna, verdict="publish")
    factories.in_review()
    assert after(clock, days=3) == 0


def test_daily_alert_at_the_time_of_the_site(anna: User, clock: Any) -> None:
    assert NOON.utcoffset() == timedelta(hours=4)
    chooses(anna, "daily", daily_at=time(8, 30))
    factories.in_review()
    assert [after(clock, hours=20), after(clock, minutes=29), after(clock, minutes=2)] == [0, 0, 1]
    assert [after(clock, hours=23), after(clock, hours=1)] == [0, 1]
    # The worker was off at the time.
    assert [after(clock, hours=30), after(clock, hours=17), after(clock, hours=2)] == [1, 0, 1]


def test_daily_alert_with_nothing_waiting_is_not_sent_later_in_the_day(anna: User, clock: Any) -> None:
    assert after(clock, days=1) == 0
    assert AlertPreference.objects.get().frequency == "daily"
    assert after(clock, days=1) == 0
    factories.in_review()
    assert [after(clock, hours=1), after(clock, days=1)] == [0, 1]


def test_alert_leaves_out_what_is_own(anna: User, clock: Any) -> None:
    other = moderator()
    factories.in_review(anna)
    decision = decide(revision=latest(factories.in_review()), moderator=anna, verdict="return", reason="Thin.")
    appeal_decision(decision=decision, user=decision.revision.article.author, text="It is not.")
    chooses(anna, "at_once")
    chooses(other, "at_once")
    clock.shift(timedelta(hours=1))
    assert send_due() == 1
    assert subjects()[-1] == "1 submission waiting, oldest: 1 h, 1 appeal waiting · Spokesperson"
    assert mail.outbox[-1].to == [other.email]


def test_alert_is_for_moderators_alone(anna: User, clock: Any) -> None:
    demoted, suspended, closed, without_staff = (moderator() for _ in range(4))
    boss = administrator()
    everyone = [anna, demoted, suspended, closed, without_staff, boss]
    for user in everyone:
        chooses(user, "at_once")
    demoted.groups.remove(Group.objects.get(name="Moderators"))
    User.objects.filter(pk=suspended.pk).update(suspended_until=timezone.now() + timedelta(days=9))
    User.objects.filter(pk=closed.pk).update(is_active=False)
    User.objects.filter(pk=without_staff.pk).update(is_staff=False)
    factories.in_review()
    assert after(clock, hours=1) == 2
    assert sorted(message.to[0] for message in mail.outbox) == sorted([anna.email, boss.email])


def test_moderator_who_chose_never_gets_none(anna: User, clock: Any) -> None:
    chooses(anna, "never")
    factories.in_review()
    assert after(clock, days=2) == 0


def test_alert_claimed_by_another_worker_is_not_sent(anna: User, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chooses(anna, "at_once")
    factories.in_review()
    waiting_for = alerts.waiting_for

    def meanwhile(user: User) -> alerts.Waiting:
        monkeypatch.setattr(alerts, "waiting_for", waiting_for)
        assert send_due() == 1
        return waiting_for(user)

    monkeypatch.setattr(alerts, "waiting_for", meanwhile)
    assert after(clock, hours=1) == 0
    assert len(mail.outbox) == 1


def test_alert_waits_in_the_outbox_while_the_mail_server_hangs(
    anna: User, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmailMultiAlternatives, "send", mock.Mock(side_effect=TimeoutError))
    chooses(anna, "at_once")
    factories.in_review()
    assert [after(clock, hours=1), after(clock, hours=1)] == [1, 0]
    assert PendingEmail.objects.get().to == anna.email


def test_alerts_page_stores_the_choice(anna: User, client: Client, clock: Any) -> None:
    client.force_login(anna)
    assert PAGE in client.get("/admin/").text
    assert 'value="daily"' in client.get(PAGE).text
    response = client.post(PAGE, {"frequency": "waiting", "threshold": 1, "daily_at": "25:00"})
    assert response.text.count('class="errorlist"') == 2
    response = client.post(PAGE, {"frequency": "waiting", "threshold": 7, "daily_at": "18:15"}, follow=True)
    assert "Saved." in response.text
    assert 'value="7"' in client.get(PAGE).text
    assert 'value="18:15"' in client.get(PAGE).text
    chosen = AlertPreference.objects.get()
    assert (chosen.user, chosen.frequency, chosen.threshold) == (anna, "waiting", 7)


def test_alerts_need_permission(anna: User, client: Client) -> None:
    with pytest.raises(PermissionDenied):
        chooses(factories.UserFactory.create(), "at_once")
    User.objects.filter(pk=anna.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed):
        chooses(anna, "at_once")
    client.force_login(factories.UserFactory.create(is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_opening_the_queue_in_maintenance_writes_nothing(anna: User, client: Client, clock: Any) -> None:
    chooses(anna, "at_once")
    factories.in_review()
    after(clock, hours=1)
    client.force_login(anna)
    maintenance.switch(on=True)
    assert client.get(QUEUE).status_code == 200
    assert AlertPreference.objects.get(pk=anna.pk).unopened == 1


def test_job_queries_do_not_grow_with_what_waits(anna: User, clock: Any) -> None:
    chooses(anna, "daily")
    for _ in range(5):
        factories.in_review()
    send_due()
    with CaptureQueriesContext(connection) as captured:
        assert send_due() == 0
    assert len(captured) == 3  # Nobody's email is due.
    assert not Decision.objects.exists()
