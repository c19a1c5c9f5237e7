"""Random actions at random times keep all invariants: states, capacity, and money."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from articles.models import Article
from articles.promotion.models import LedgerEntry, Payment, Placement, Plan, Promotion
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.models.promotion import OPEN
from articles.promotion.services import decisions, payments, refunds, requests
from articles.promotion.services.capacity import max_concurrent
from articles.promotion.services.state_machine import ALLOWED
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import DAY

EARLY = timezone.now() - timedelta(days=4000)
LATE = timezone.now() + timedelta(days=4000)


class World:
    """Users, articles and plans, and everything that users can try."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a test that repeats itself
        self.authors = [factories.UserFactory.create(allows_promotion_by_others=bool(n)) for n in range(3)]
        self.moderators = [actions.moderator() for _ in range(2)]
        self.users: list[User] = [*self.authors, *self.moderators, factories.UserFactory.create()]
        self.articles = [factories.published(author) for author in self.authors for _ in range(2)]
        self.places = [
            actions.place("front_top", capacity=2, per_author_cap=2, author_can_refuse_hours=24),
            actions.place("section_top", capacity=1, per_author_cap=3),
            actions.place("beside", capacity=1, author_can_refuse_hours=12),
        ]
        self.plans = [actions.plan(place, days=n + 1, price=3333 * (n % 2)) for n, place in enumerate(self.places * 2)]

    def one(self) -> Promotion | None:
        """Return a random promotion, mostly an open one."""
        found = list(Promotion.objects.open() if self.chance.random() < 0.8 else Promotion.objects.all())
        return self.chance.choice(found) if found else None

    def any_user(self) -> User:
        return self.chance.choice(self.users)

    def ask(self) -> None:
        day = self.chance.choice([None, None, timezone.localdate() + self.chance.randint(-1, 9) * DAY])
        article: Article = self.chance.choice(self.articles)
        plan: Plan = self.chance.choice(self.plans)
        requests.request_promotion(article=article, sponsor=self.any_user(), plan=plan, wanted_start=day)

    def decide(self) -> None:
        promotion = self.one()
        if promotion is None:
            return
        # Half of the time a user who can do it, otherwise any user.
        fitting = self.chance.random() < 0.5
        moderator = self.chance.choice(self.moderators) if fitting else self.any_user()
        author = promotion.article.author if fitting else self.any_user()
        sponsor = promotion.sponsor if fitting else self.any_user()
        start = self.chance.choice([None, None, timezone.now() + self.chance.randint(-1, 9) * DAY])
        approve = partial(decisions.approve, promotion=promotion, moderator=moderator, start=start)
        attempts: list[Callable[[], object]] = [
            *[approve] * 4,
            *[partial(payments.confirm_payment, promotion=promotion, moderator=moderator)] * 2,
            *[partial(requests.author_agrees, promotion=promotion, author=author)] * 2,
            *[partial(payments.open_payment, promotion=promotion, variant="dummy")] * 2,
            partial(decisions.decline, promotion=promotion, moderator=moderator, reason="No."),
            partial(decisions.revoke, promotion=promotion, moderator=moderator, reason="No."),
            partial(requests.author_refuses, promotion=promotion, author=author),
            partial(requests.cancel, promotion=promotion, sponsor=sponsor),
            partial(
                decisions.move_start, promotion=promotion, moderator=moderator, start=start or timezone.now() + DAY
            ),
            partial(decisions.reapprove_after_edit, promotion=promotion, moderator=moderator),
            partial(refunds.record_refund, promotion=promotion, moderator=moderator),
        ]
        self.chance.choice(attempts)()

    def report(self) -> None:
        found = list(Payment.objects.exclude(variant="manual"))
        if found:
            payment = self.chance.choice(found)
            wrong = self.chance.random() < 0.2
            payments.record_payment(payment=payment, amount=payment.amount - wrong, currency=payment.currency)

    def pick(self) -> None:
        place: Placement = self.chance.choice(self.places)
        article = self.chance.choice(self.articles)
        decisions.create_editorial_pick(
            article=article, moderator=self.any_user(), placement=place, days=self.chance.randint(0, 4)
        )

    def hide_or_show(self) -> None:
        article = self.chance.choice(self.articles)
        article.refresh_from_db()
        (publishing.hide if article.is_public else publishing.restore)(article=article)

    def step(self) -> None:
        tries = [self.ask] * 4 + [self.decide] * 14 + [self.report] * 3 + [self.pick, self.hide_or_show]
        with suppress(ActionNotAllowed, PermissionDenied):
            self.chance.choice(tries)()


def check_everything(world: World) -> None:
    assert verify_ledger() is None
    for promotion in Promotion.objects.all():
        rows = list(LedgerEntry.objects.all().filter(promotion=promotion))
        state = ""
        for row in rows:
            assert row.from_state == state
            if row.from_state != row.to_state:
                assert row.actor_role in ALLOWED[row.from_state].get(row.to_state, ())
            state = row.to_state
        assert state == promotion.state
        approvals = [row for row in rows if row.event == "approved"]
        assert all(row.actor_id != promotion.sponsor_id for row in approvals)
        check_money(promotion)
    open_ones = list(Promotion.objects.filter(state__in=OPEN).values_list("article", "placement"))
    assert len(open_ones) == len(set(open_ones))
    for place in world.places:
        granted = Promotion.objects.filter(placement=place).exclude(starts_at=None)
        sections = set(granted.values_list("section", flat=True))
        for section in sections:
            intervals = [
                (one.starts_at, one.ran_until)
                for one in granted.filter(section=section)
                if one.starts_at and one.ran_until and one.ran_until > one.starts_at
            ]
            assert max_concurrent(intervals, EARLY, LATE) <= place.capacity


def check_money(promotion: Promotion) -> None:
    received = promotion.payments.exclude(received_at=None).aggregate(sum=Sum("amount"), back=Sum("refunded"))
    balance = promotion.ledger.filter(event__in=LedgerEntry.MOVES_MONEY).aggregate(sum=Sum("amount"))["sum"] or 0
    assert balance == (received["sum"] or 0) - (received["back"] or 0)
    assert balance >= 0
    due = -(promotion.ledger.filter(event="refund_due").aggregate(sum=Sum("amount"))["sum"] or 0)
    assert due == (promotion.payments.aggregate(sum=Sum("refund_due"))["sum"] or 0)
    if promotion.state in {"declined", "cancelled"} and promotion.starts_at is None:
        assert due == (received["sum"] or 0)


class TestRandomWalks(TestCase):
    @pytest.fixture(autouse=True)
    def _dummy(self, settings: LazySettings) -> None:
        settings.PAYMENT_VARIANTS = {
            **settings.PAYMENT_VARIANTS,
            "dummy": ("articles.promotion.payments.DummyProvider", {}),
        }

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32), st.lists(st.integers(-30, 12), min_size=60, max_size=140))
    def test_random_actions_keep_all_invariants(self, seed: int, hours: list[int]) -> None:
        world = World(seed)
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for pause in hours:
                clock.shift(timedelta(hours=max(0, pause)))
                world.step()
            check_everything(world)
