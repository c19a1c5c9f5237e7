"""Requests and their cancellation, and the answers of authors."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from articles.promotion.models import LedgerEntry, Plan, Promotion
from articles.promotion.services import decisions, requests
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import DAY, events, states

pytestmark = pytest.mark.django_db
State = Promotion.State


def test_free_request_waits_for_moderator() -> None:
    made = actions.requested()
    assert (made.state, made.kind, made.price) == (State.REQUESTED, "free", 0)
    assert states(made) == [("", "requested", "sponsor")]


def test_paid_request_awaits_payment_and_copies_plan() -> None:
    plan = actions.plan(price=2500, currency="USD", days=3, terms="As it is.")
    made = actions.requested(plan=plan)
    Plan.objects.filter(pk=plan.pk).update(price=9900, currency="EUR", days=9)
    made.refresh_from_db()
    assert (made.state, made.kind, made.price, made.currency, made.days, made.terms) == (
        State.AWAITING_PAYMENT,
        "paid",
        2500,
        "USD",
        3,
        "As it is.",
    )
    assert states(made) == [("", "requested", "sponsor"), ("requested", "awaiting_payment", "system")]


def test_request_takes_price_from_database() -> None:
    plan = actions.plan(price=2500)
    plan.price = 1
    assert actions.requested(plan=plan).price == 2500


def test_request_with_same_form_key_is_idempotent() -> None:
    article, plan, key = factories.published(), actions.plan(), uuid.uuid4()
    one, two = (
        requests.request_promotion(article=article, sponsor=article.author, plan=plan, form_key=key) for _ in range(2)
    )
    assert one.pk == two.pk
    assert LedgerEntry.objects.count() == 1


def test_request_with_open_promotion_in_placement_is_refused() -> None:
    article = factories.published()
    actions.requested(article=article)
    with pytest.raises(ActionNotAllowed, match="open promotion"):
        actions.requested(article=article, sponsor=factories.UserFactory.create())
    actions.requested(article=article, placement=actions.place("beside"))  # Another placement is possible.


def test_one_open_promotion_is_a_constraint() -> None:
    made = actions.requested()
    twin = Promotion(article=made.article, placement=made.placement, sponsor=factories.UserFactory.create())
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def unpublished() -> dict[str, Any]:
    return {"article": factories.draft()}


def hidden() -> dict[str, Any]:
    return {"article": factories.hidden()}


def suspended() -> dict[str, Any]:
    return {"sponsor": factories.UserFactory.create(suspended_until=timezone.now() + DAY)}


def past_date() -> dict[str, Any]:
    return {"wanted_start": timezone.localdate() - DAY}


def too_far() -> dict[str, Any]:
    return {"wanted_start": timezone.localdate() + 61 * DAY}


def full() -> dict[str, Any]:
    place = actions.place(capacity=1)
    actions.approved(plan=actions.plan(place, days=90))
    return {"plan": actions.plan(place)}


def full_on_that_date() -> dict[str, Any]:
    place = actions.place(capacity=1)
    actions.approved(plan=actions.plan(place, days=14))
    return {"plan": actions.plan(place), "wanted_start": timezone.localdate() + 5 * DAY}


def cap_reached() -> dict[str, Any]:
    author = factories.UserFactory.create()
    plan = actions.plan(actions.place(per_author_cap=1))
    actions.requested(article=factories.published(author), plan=plan)
    return {"article": factories.published(author), "sponsor": factories.UserFactory.create(), "plan": plan}


def opted_out() -> dict[str, Any]:
    author = factories.UserFactory.create(allows_promotion_by_others=False)
    return {"article": factories.published(author), "sponsor": factories.UserFactory.create()}


def not_offered() -> dict[str, Any]:
    return {"plan": actions.plan(is_offered=False)}


def place_not_offered() -> dict[str, Any]:
    return {"plan": actions.plan(actions.place("beside", is_offered=False))}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (unpublished, "Only published articles"),
        (hidden, "Only published articles"),
        (suspended, "Your account is suspended"),
        (past_date, "This date is in the past"),
        (too_far, "in the next 60 days"),
        (full, "fully booked for the next 60 days"),
        (full_on_that_date, "The next free date is"),
        (cap_reached, "reached the limit of promotions in this place"),
        (opted_out, "does not allow others"),
        (not_offered, "no longer available"),
        (place_not_offered, "no longer available"),
    ],
)
def test_invalid_request_is_refused_and_writes_nothing(case: Any, message: str) -> None:
    request = case()
    before = LedgerEntry.objects.count(), Promotion.objects.count()
    with pytest.raises(ActionNotAllowed, match=message):
        actions.requested(**request)
    assert (LedgerEntry.objects.count(), Promotion.objects.count()) == before


def test_author_who_opted_out_can_promote_own_article() -> None:
    author = factories.UserFactory.create(allows_promotion_by_others=False)
    assert actions.requested(article=factories.published(author)).state == State.REQUESTED


def test_approve_waits_for_author() -> None:
    place = actions.place(author_can_refuse_hours=48)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        made = actions.requested(sponsor=factories.UserFactory.create(), placement=place)
        moderator = actions.moderator()
        clock.shift(timedelta(hours=47))
        with pytest.raises(ActionNotAllowed, match="The author can refuse until"):
            decisions.approve(promotion=made, moderator=moderator)
        clock.shift(timedelta(hours=1))
        with pytest.raises(ActionNotAllowed, match="deadline to refuse has passed"):
            requests.author_refuses(promotion=made, author=made.article.author)
        assert decisions.approve(promotion=made, moderator=moderator).state == State.APPROVED


def test_approve_after_author_agrees() -> None:
    place = actions.place(author_can_refuse_hours=48)
    made = actions.requested(sponsor=factories.UserFactory.create(), placement=place)
    for _ in range(2):
        requests.author_agrees(promotion=made, author=made.article.author)
    assert decisions.approve(promotion=made, moderator=actions.moderator()).state == State.APPROVED
    assert events(made) == ["requested", "agreed", "approved"]


def test_author_refusal_creates_refund_due() -> None:
    place = actions.place(author_can_refuse_hours=48)
    made = actions.paid(sponsor=factories.UserFactory.create(), placement=place)
    made = requests.author_refuses(promotion=made, author=made.article.author, reason="Not with my text.")
    assert made.state == State.DECLINED
    assert events(made)[-2:] == ["refused", "refund_due"]
    assert made.payments.get().refund_due == 7000


def test_only_author_can_answer() -> None:
    place = actions.place(author_can_refuse_hours=48)
    made = actions.requested(sponsor=factories.UserFactory.create(), placement=place)
    for stranger in (factories.UserFactory.create(), made.sponsor):
        with pytest.raises(ActionNotAllowed, match="Only the author"):
            requests.author_refuses(promotion=made, author=stranger)
        with pytest.raises(ActionNotAllowed, match="Only the author"):
            requests.author_agrees(promotion=made, author=stranger)


def test_only_sponsor_can_cancel() -> None:
    made = actions.requested()
    with pytest.raises(ActionNotAllowed, match="Only the requester"):
        requests.cancel(promotion=made, sponsor=factories.UserFactory.create())
    assert requests.cancel(promotion=made, sponsor=made.sponsor).state == State.CANCELLED


def test_user_who_was_suspended_meanwhile_cannot_act() -> None:
    """The object in memory does not know yet what the database does."""
    sponsor, judge = factories.UserFactory.create(), actions.moderator()
    waiting = actions.requested()
    article = factories.published()
    later = timezone.now() + timedelta(days=1)
    User.objects.filter(pk__in=[sponsor.pk, judge.pk]).update(suspended_until=later)
    with pytest.raises(ActionNotAllowed, match="suspended"):
        actions.requested(article=article, sponsor=sponsor)
    with pytest.raises(ActionNotAllowed, match="suspended"):
        decisions.approve(promotion=waiting, moderator=judge, revision_id=waiting.article.live_id)
    assert not Promotion.objects.filter(article=article).exists()
