"""When promotions start and end, and how many run at once."""

from __future__ import annotations

import pytest
import time_machine
from django.utils import timezone

from articles.promotion.models import Promotion
from articles.promotion.services import decisions, state_machine
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import DAY, events, states

pytestmark = pytest.mark.django_db
State = Promotion.State


def test_request_after_ended_promotion() -> None:
    article = factories.published()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = actions.approved(article=article)
        clock.shift(7 * DAY)
        assert first.phase == "ended"
        second = actions.requested(article=article)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.ENDED, State.REQUESTED)
    assert first.closed_at == first.ends_at
    assert states(first)[-1] == ("approved", "ended", "system")


def test_querysets_compare_times_with_clock() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tomorrow = timezone.localdate() + DAY
        made = actions.approved(wanted_start=tomorrow, days=1)
        assert (made.phase, Promotion.objects.scheduled().count()) == ("scheduled", 1)
        assert made.starts_at is not None
        clock.move_to(made.starts_at)
        assert (made.phase, Promotion.objects.running().count(), Promotion.objects.deliverable().count()) == (
            "running",
            1,
            1,
        )
        clock.shift(DAY)
        assert made.phase == "ended"
        assert not Promotion.objects.running().exists()
        assert not Promotion.objects.open().exists()
        assert Promotion.objects.ended().get().state == State.APPROVED  # It is not stored yet, and does not have to be.
        assert state_machine.close_ended() == 1
        assert state_machine.close_ended() == 0
        assert Promotion.objects.ended().get().state == State.ENDED


def test_approve_binds_to_revision_and_takes_first_free_start() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        place = actions.place(capacity=1)
        first = actions.approved(plan=actions.plan(place, days=2))
        second = actions.approved(plan=actions.plan(place, days=2))
        assert first.starts_at == timezone.now()
        assert second.starts_at == first.ends_at
        assert first.approved_revision == first.article.live
        assert (second.phase, Promotion.objects.running().count()) == ("scheduled", 1)


def test_capacity_per_section() -> None:
    place = actions.place("section_top", capacity=1)
    plan = actions.plan(place)
    one = actions.approved(plan=plan)
    other = actions.approved(
        plan=plan, article=factories.published(section=factories.SectionFactory.create(name="Sport"))
    )
    assert (one.phase, other.phase) == ("running", "running")
    assert actions.approved(plan=plan).phase == "scheduled"


def test_capacity_of_consecutive_promotions() -> None:
    """Counting all that overlap would find two, though they never run at the same time."""
    with time_machine.travel(timezone.now(), tick=False):
        place = actions.place(capacity=2)
        long = actions.plan(place, days=10)
        actions.approved(plan=actions.plan(place, days=5))
        second = actions.requested(plan=actions.plan(place, days=5))
        decisions.approve(promotion=second, moderator=actions.moderator(), start=timezone.now() + 5 * DAY)
        assert actions.approved(plan=long).phase == "running"


def test_approve_on_wanted_day() -> None:
    day = timezone.localdate() + 10 * DAY
    made = actions.approved(wanted_start=day)
    assert made.starts_at is not None
    assert timezone.localtime(made.starts_at).date() == day
    assert timezone.localtime(made.starts_at).hour == 0


def test_approve_after_wanted_day_starts_now() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        made = actions.requested(wanted_start=timezone.localdate() + DAY)
        clock.shift(5 * DAY)
        made = decisions.approve(promotion=made, moderator=actions.moderator())
        assert made.starts_at == timezone.now()


def test_revoke_frees_capacity() -> None:
    place = actions.place(capacity=1)
    first = actions.approved(plan=actions.plan(place))
    decisions.revoke(promotion=first, moderator=actions.moderator(), reason="It misleads.")
    first.refresh_from_db()
    assert (first.state, first.ran_until) == (State.REVOKED, first.closed_at)
    assert actions.approved(plan=actions.plan(place)).phase == "running"


def test_move_start_needs_capacity() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        place = actions.place(capacity=1)
        running = actions.approved(plan=actions.plan(place, days=3))
        later = actions.approved(plan=actions.plan(place, days=3))
        moderator = actions.moderator()
        with pytest.raises(ActionNotAllowed, match="not free for the whole period"):
            decisions.move_start(promotion=later, moderator=moderator, start=timezone.now() + DAY)
        with pytest.raises(ActionNotAllowed, match="scheduled"):
            decisions.move_start(promotion=running, moderator=moderator, start=timezone.now() + 9 * DAY)
        with pytest.raises(ActionNotAllowed, match="in the next year"):
            decisions.move_start(promotion=later, moderator=moderator, start=timezone.now() - DAY)
        moved = decisions.move_start(promotion=later, moderator=moderator, start=timezone.now() + 9 * DAY)
        assert moved.starts_at == timezone.now() + 9 * DAY
        assert moved.ends_at == timezone.now() + 12 * DAY
        assert events(moved)[-1] == "moved"
