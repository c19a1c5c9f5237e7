"""Concurrent actions of moderators and authors, over parallel connections."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from functools import partial
from threading import Barrier

import pytest
from django.core import mail
from django.core.cache import caches
from django.db import connection
from django.utils import timezone

from articles.models import Article, Revision, Trust
from articles.moderation.models import Appeal, Claim, Decision, Sample, Suspension
from articles.moderation.services import alerts, change_trust, claims, decide, lift, suspend
from articles.moderation.services.appeals import appeal_decision, decide_appeal
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from core.models import PendingEmail, SiteSettings
from core.tasks import send_pending_emails
from tests import factories
from tests.moderation.users import moderator

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs real parallel connections"),
]
assert connection  # for the condition above


def at_once(*functions: Callable[[], object]) -> list[object]:
    """Call the functions in parallel; return what each returned or raised."""
    start = Barrier(len(functions))

    def run(function: Callable[[], object]) -> object:
        start.wait()
        try:
            return function()
        except ActionNotAllowed as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


def waiting() -> Revision:
    revision = factories.in_review().latest
    assert revision is not None
    return revision


def test_decide_concurrently_one_wins() -> None:
    revision = waiting()
    moderators = [moderator() for _ in range(6)]
    verdicts = ["publish", "return"] * 3

    results = at_once(
        *(
            partial(decide, revision=revision, moderator=user, verdict=verdict, reason="Because.")
            for user, verdict in zip(moderators, verdicts, strict=True)
        )
    )

    made = [one for one in results if isinstance(one, Decision)]
    refused = [one for one in results if isinstance(one, ActionNotAllowed)]
    assert (len(made), len(refused), Decision.objects.count(), len(mail.outbox)) == (1, 5, 1, 1)
    assert all(made[0].moderator.name in str(one) for one in refused)
    state = Article.objects.get(pk=revision.article_id).state
    assert state == {"publish": "published", "return": "returned"}[made[0].verdict]


@pytest.mark.parametrize("_", range(5))
def test_take_next_concurrently_gives_each_another_one(_: int) -> None:
    submissions = {waiting().pk for _ in range(4)}
    moderators = [moderator() for _ in range(6)]

    results = at_once(*(partial(claims.take_next, moderator=user) for user in moderators))

    taken = [one.pk for one in results if isinstance(one, Revision)]
    assert sorted(taken) == sorted(submissions)
    assert results.count(None) == 2
    assert Claim.objects.count() == 4


@pytest.mark.parametrize("_", range(5))
def test_take_next_and_decide_concurrently_agree(_: int) -> None:
    revision = waiting()
    one, other = moderator(), moderator()

    taken, decided = at_once(
        partial(claims.take_next, moderator=one), partial(decide, revision=revision, moderator=other, verdict="publish")
    )

    # Decided first, or claimed first; never both.
    assert isinstance(decided, Decision) == (taken is None)
    assert Claim.objects.count() == (taken is not None)


@pytest.mark.parametrize("_", range(3))
def test_decide_appeal_concurrently_once(_: int) -> None:
    revision = waiting()
    decision = decide(revision=revision, moderator=moderator(), verdict="return", reason="Too thin.")
    appeal = appeal_decision(decision=decision, user=decision.revision.article.author, text="It is not.")
    outcomes = ["granted", "refused"] * 2

    results = at_once(
        *(
            partial(decide_appeal, appeal=appeal, moderator=user, outcome=outcome, answer="Because.")
            for user, outcome in zip([moderator() for _ in outcomes], outcomes, strict=True)
        )
    )

    assert sum(isinstance(one, Appeal) for one in results) == 1
    state = Article.objects.get(pk=revision.article_id).state
    assert state == {"granted": "published", "refused": "returned"}[Appeal.objects.get().outcome]


@pytest.mark.parametrize("_", range(5))
def test_suspend_and_grant_an_appeal_concurrently_schedule_nothing(_: int) -> None:
    revision = factories.in_review(publish_at=timezone.now() + timedelta(hours=1)).latest
    assert revision is not None
    returned = decide(revision=revision, moderator=moderator(), verdict="return", reason="Too thin.")
    author = returned.revision.article.author
    appeal = appeal_decision(decision=returned, user=author, text="It is not.")

    at_once(
        partial(decide_appeal, appeal=appeal, moderator=moderator(), outcome="granted", answer="Because."),
        partial(suspend, user=author, moderator=moderator(), until=timezone.now() + timedelta(days=1), reason="Spam."),
    )

    assert Suspension.objects.filter(user=author).exists()
    assert not Article.objects.get(pk=revision.article_id).is_scheduled


def test_appeal_concurrently_is_stored_once() -> None:
    decision = decide(revision=waiting(), moderator=moderator(), verdict="return", reason="Too thin.")
    author = decision.revision.article.author

    at_once(*[partial(appeal_decision, decision=decision, user=author, text="It is not.")] * 4)

    assert Appeal.objects.count() == 1


def test_take_over_from_each_other_concurrently_does_not_deadlock() -> None:
    first, second, one, other = waiting(), waiting(), moderator(), moderator()
    claims.claim(revision=first, moderator=one)
    claims.claim(revision=second, moderator=other)

    at_once(
        partial(claims.claim, revision=second, moderator=one, take_over=True),
        partial(claims.claim, revision=first, moderator=other, take_over=True),
    )

    assert Claim.objects.count() <= 2
    assert Claim.objects.exists()


@pytest.mark.parametrize("_", range(5))
def test_withdraw_and_publish_concurrently_agree(_: int) -> None:
    revision = waiting()
    user = moderator()

    withdrawn, decided = at_once(
        lambda: publishing.withdraw(article=revision.article),
        lambda: decide(revision=revision, moderator=user, verdict="publish"),
    )

    revision.refresh_from_db()
    state = Article.objects.get(pk=revision.article_id).state
    assert isinstance(withdrawn, ActionNotAllowed) != isinstance(decided, ActionNotAllowed)
    assert (state, revision.state) in [("published", "published"), ("draft", "draft")]


def test_pending_email_concurrently_is_sent_once() -> None:
    PendingEmail.objects.create(to="anna@example.org", subject="s", text="t", html="h")

    at_once(*[send_pending_emails] * 5)

    assert len(mail.outbox) == 1


def test_suspend_concurrently_latest_end_wins() -> None:
    user, judge = factories.UserFactory.create(), moderator()
    ends = [timezone.now() + timedelta(days=days) for days in (3, 30, 7)]

    at_once(
        *(lambda until=until: suspend(user=user, moderator=judge, until=until, reason="Threats.") for until in ends)
    )

    user.refresh_from_db()
    assert user.suspended_until == max(ends)

    at_once(*(partial(lift, suspension=one, moderator=judge) for one in Suspension.objects.all()))

    user.refresh_from_db()
    assert user.suspended_until is None


def sampled() -> Revision:
    """Return a publication without review that was drawn."""
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0, "sampling_interval": 1})
    caches["local"].clear()
    return waiting()


@pytest.mark.parametrize("_", range(3))
def test_take_next_concurrently_gives_each_another_sample(_: int) -> None:
    samples = {sampled().pk for _ in range(3)}
    moderators = [moderator() for _ in range(4)]

    results = at_once(*(partial(claims.take_next, moderator=user) for user in moderators))

    assert sorted(one.pk for one in results if isinstance(one, Revision)) == sorted(samples)
    assert results.count(None) == 1


@pytest.mark.parametrize("_", range(3))
def test_take_next_and_keep_a_sample_concurrently_agree(_: int) -> None:
    revision = sampled()
    one, other = moderator(), moderator()

    taken, reviewed = at_once(
        partial(claims.take_next, moderator=one), partial(decide, revision=revision, moderator=other, verdict="keep")
    )

    assert isinstance(reviewed, Decision) == (taken is None)
    assert Sample.objects.unreviewed().exists() == (taken is not None)


def test_moderators_change_the_trust_of_each_other_concurrently() -> None:
    one, other = moderator(), moderator()
    freeze = partial(change_trust, kind="frozen", reason="Because.")

    results = at_once(*(partial(freeze, user=a, moderator=b) for a, b in [(one, other), (other, one)] * 3))

    assert all(isinstance(result, Trust) for result in results)
    assert Trust.objects.count() == 2


@pytest.mark.parametrize("_", range(3))
def test_send_due_concurrently_sends_one_email_to_each_moderator(_: int) -> None:
    for user in (moderator(), moderator()):
        alerts.set_alerts(user=user, frequency="at_once", threshold=2, daily_at=time(9))
    Revision.objects.filter(pk=waiting().pk).update(submitted_at=timezone.now() - timedelta(hours=1))

    results = at_once(*[alerts.send_due] * 4)

    assert results.count(2) + results.count(1) + results.count(0) == 4
    assert sum(number for number in results if isinstance(number, int)) == 2
    assert len({message.to[0] for message in mail.outbox}) == len(mail.outbox) == 2
