"""Services at the same moment, on real parallel connections."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from articles.promotion.models import Promotion
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.services import decisions, payments, requests
from articles.promotion.services.capacity import max_concurrent
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories, parallel
from tests.promotion import actions
from tests.promotion.actions import DAY

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]
State = Promotion.State


def at_once(jobs: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """Run the jobs in parallel, each with its own connection, regardless of the size of the pool."""
    options = connection.settings_dict["OPTIONS"]
    pool = options.pop("pool")
    try:
        return parallel.at_once(jobs)
    finally:
        options["pool"] = pool


def refused(errors: list[BaseException | None]) -> int:
    """Return how many were refused; any other exception is a failure."""
    assert all(one is None or isinstance(one, ActionNotAllowed) for one in errors), errors
    return sum(one is not None for one in errors)


def test_fifty_approvals_for_last_capacity_grant_one() -> None:
    place, moderator = actions.place(capacity=2), actions.moderator()
    plan, start = actions.plan(place), timezone.now() + DAY
    decisions.approve(promotion=actions.requested(plan=plan), moderator=moderator, start=start)
    waiting = [actions.requested(plan=plan) for _ in range(50)]
    errors = at_once([partial(decisions.approve, promotion=one, moderator=moderator, start=start) for one in waiting])
    assert refused(errors) == 49
    assert Promotion.objects.filter(state=State.APPROVED).count() == 2
    assert verify_ledger() is None


def test_parallel_approvals_are_scheduled_in_sequence() -> None:
    place, moderator = actions.place(capacity=1), actions.moderator()
    waiting = [actions.requested(plan=actions.plan(place, days=2)) for _ in range(12)]
    errors = at_once([partial(decisions.approve, promotion=one, moderator=moderator) for one in waiting])
    assert refused(errors) == 0
    times = [(one.starts_at, one.ends_at) for one in Promotion.objects.all() if one.starts_at and one.ends_at]
    assert len(times) == 12
    assert max_concurrent(times, timezone.now() - DAY, timezone.now() + 90 * DAY) == 1


def test_parallel_requests_of_one_form_make_one_promotion() -> None:
    article, plan, key = factories.published(), actions.plan(), uuid.uuid4()
    ask = partial(requests.request_promotion, article=article, sponsor=article.author, plan=plan, form_key=key)
    assert refused(at_once([ask] * 12)) == 0
    assert Promotion.objects.count() == 1


def test_parallel_requests_make_one_open_promotion() -> None:
    article, plan = factories.published(), actions.plan()
    users = factories.UserFactory.create_batch(12)
    asking = [partial(requests.request_promotion, article=article, sponsor=one, plan=plan) for one in users]
    assert refused(at_once(asking)) == 11
    assert Promotion.objects.count() == 1


def test_parallel_requests_respect_author_cap() -> None:
    author = factories.UserFactory.create()
    plan = actions.plan(actions.place(per_author_cap=3))
    articles = [factories.published(author) for _ in range(10)]
    asking = [partial(requests.request_promotion, article=one, sponsor=author, plan=plan) for one in articles]
    assert refused(at_once(asking)) == 7
    assert Promotion.objects.count() == 3


def test_parallel_approve_decline_and_cancel_have_one_winner() -> None:
    for _ in range(5):
        made = actions.paid()
        at_once(
            [
                partial(decisions.approve, promotion=made, moderator=actions.moderator()),
                partial(decisions.decline, promotion=made, moderator=actions.moderator(), reason="No."),
                partial(requests.cancel, promotion=made, sponsor=made.sponsor),
            ]
        )
        states = list(made.ledger.exclude(from_state=F("to_state")).values_list("to_state", flat=True))
        made.refresh_from_db()
        assert states[-1] == made.state
        # A cancellation can follow an approval; nothing follows a decline or a cancellation.
        assert states[3:] in (["approved"], ["declined"], ["cancelled"], ["approved", "cancelled"])
    assert verify_ledger() is None


def test_parallel_payment_reports_count_once() -> None:
    from articles.promotion.services.payments import open_payment

    payment = open_payment(promotion=actions.awaiting(), variant="dummy")
    report = partial(payments.record_payment, payment=payment, amount=7000, currency="EUR")
    assert refused(at_once([report] * 12)) == 0
    assert payment.promotion.ledger.filter(event="paid").count() == 1


def test_approve_and_hide_in_parallel() -> None:
    made, moderator = actions.requested(), actions.moderator()
    errors = at_once(
        [
            partial(decisions.approve, promotion=made, moderator=moderator),
            partial(publishing.hide, article=made.article),
        ]
    )
    assert all(one is None or isinstance(one, ActionNotAllowed) for one in errors)
    assert not Promotion.objects.deliverable().exists()


def test_parallel_writes_make_one_ledger_chain() -> None:
    waiting, moderator = [actions.requested() for _ in range(20)], actions.moderator()
    at_once([partial(decisions.decline, promotion=one, moderator=moderator, reason="No.") for one in waiting])
    assert verify_ledger() is None
    assert Promotion.objects.filter(state=State.DECLINED).count() == 20
