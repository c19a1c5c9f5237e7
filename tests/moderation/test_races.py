"""Moderators and authors at the same moment, over real parallel connections."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from articles.models import Article, Revision
from articles.moderation.models import Decision, Sanction
from articles.moderation.services import decide, lift, suspend
from articles.moderation.tasks import tell_author
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.people import moderator

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs real parallel connections"),
]
assert connection  # for the condition above


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """Run the verbs in parallel, from the same moment; what each returned or raised."""
    start = Barrier(len(verbs))

    def run(verb: Callable[[], object]) -> object:
        start.wait()
        try:
            return verb()
        except ActionNotAllowed as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(run, verbs))


def waiting() -> Revision:
    revision = factories.in_review().latest
    assert revision is not None
    return revision


def test_of_many_decisions_at_once_one_happens() -> None:
    revision = waiting()
    people = [moderator() for _ in range(6)]
    verdicts = ["publish", "return"] * 3

    results = at_once(
        *(
            partial(decide, revision=revision, moderator=user, verdict=verdict, reason="Because.")
            for user, verdict in zip(people, verdicts, strict=True)
        )
    )

    made = [one for one in results if isinstance(one, Decision)]
    refused = [one for one in results if isinstance(one, ActionNotAllowed)]
    assert (len(made), len(refused), Decision.objects.count(), len(mail.outbox)) == (1, 5, 1, 1)
    assert all(made[0].moderator.name in str(one) for one in refused)
    state = Article.objects.get(pk=revision.article_id).state
    assert state == {"publish": "published", "return": "returned"}[made[0].verdict]


@pytest.mark.parametrize("_", range(5))
def test_taking_back_and_publishing_at_once_agree(_: int) -> None:
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


def test_a_letter_is_sent_once_however_many_workers_send_it() -> None:
    revision = waiting()
    decision = Decision.objects.create(revision=revision, moderator=moderator(), verdict="publish")

    at_once(*[lambda: tell_author.call(decision.pk)] * 5)

    assert len(mail.outbox) == 1


def test_suspensions_at_once_end_with_the_longest() -> None:
    user, judge = factories.PersonFactory.create(), moderator()
    ends = [timezone.now() + timedelta(days=days) for days in (3, 30, 7)]

    at_once(
        *(lambda until=until: suspend(user=user, moderator=judge, until=until, reason="Threats.") for until in ends)
    )

    user.refresh_from_db()
    assert user.suspended_until == max(ends)

    at_once(*(partial(lift, sanction=one, moderator=judge) for one in Sanction.objects.all()))

    user.refresh_from_db()
    assert user.suspended_until is None
