"""The services: who can call them, when, and what they write."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from articles.promotion.forms import Action
from articles.promotion.models import LedgerEntry, Plan, Promotion
from articles.promotion.services import decisions, payments, refunds, requests, state_machine
from articles.promotion.services.state_machine import ALLOWED, transition
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import DAY
from tests.promotion.test_admin_queue import changed

pytestmark = pytest.mark.django_db
State = Promotion.State


def events(promotion: Promotion) -> list[str]:
    return list(promotion.ledger.values_list("event", flat=True))


def states(promotion: Promotion) -> list[tuple[str, str, str]]:
    rows = promotion.ledger.exclude(from_state=F("to_state"))
    return [(row.from_state, row.to_state, row.actor_role) for row in rows]


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


def decided(name: str, promotion: Promotion, who: User) -> object:
    """Take a decision by its name."""
    choices: dict[str, Any] = {
        "approve": decisions.approve,
        "decline": decisions.decline,
        "confirm_payment": payments.confirm_payment,
        "revoke": decisions.revoke,
        "move_start": partial(decisions.move_start, start=timezone.now() + 3 * DAY),
        "reapprove_after_edit": decisions.reapprove_after_edit,
        "record_refund": refunds.record_refund,
        "add_correction": decisions.add_correction,
    }
    assert set(choices) == set(Action.values)  # All that the admin offers.
    return choices[name](promotion=promotion, moderator=who, reason="Because.")


def possible(name: str, **changes: Any) -> Promotion:
    """Return a promotion on which another moderator could take this decision."""
    match name:
        case "confirm_payment":
            return actions.awaiting(**changes)
        case "approve" | "decline":
            return actions.paid(**changes)
        case "record_refund":
            return decisions.decline(promotion=actions.paid(**changes), moderator=actions.moderator(), reason="No")
        case "move_start":
            return actions.approved(wanted_start=timezone.localdate() + 9 * DAY, **changes)
        case "reapprove_after_edit":
            made = actions.approved(**changes)
            changed(made)
            return made
    return actions.approved(**changes)


@pytest.mark.parametrize("whose", ["request", "article"])
@pytest.mark.parametrize("name", Action.values)
def test_decision_on_own_request_or_article_is_refused(name: str, whose: str) -> None:
    moderator = actions.moderator()
    own: dict[str, Any] = (
        {"sponsor": moderator}
        if whose == "request"
        else {"article": factories.published(moderator), "sponsor": factories.UserFactory.create()}
    )
    made = possible(name, **own)
    before = events(made)
    if name in {"revoke", "add_correction"}:  # They end it, or add what everybody reads.
        decided(name, made, moderator)
        return
    with pytest.raises(ActionNotAllowed, match="Another moderator must decide"):
        decided(name, made, moderator)
    assert events(made) == before
    decided(name, made, actions.moderator())


@pytest.mark.parametrize("name", [*Action.values, "pick"])
def test_decisions_need_permission(name: str) -> None:
    made = actions.requested()

    def act(who: User) -> None:
        if name == "pick":
            decisions.create_editorial_pick(article=made.article, moderator=who, placement=made.placement, days=1)
        else:
            decided(name, made, who)

    with pytest.raises(PermissionDenied):
        act(factories.UserFactory.create(is_staff=True))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        act(actions.moderator(suspended_until=timezone.now() + DAY))
    assert events(made) == ["requested"]


def test_approve_unpaid_is_refused() -> None:
    made = actions.awaiting()
    with pytest.raises(ActionNotAllowed, match="Awaiting payment"):
        decisions.approve(promotion=made, moderator=actions.moderator())


def test_approve_hidden_article_is_refused() -> None:
    made = actions.requested()
    publishing.hide(article=made.article)
    with pytest.raises(ActionNotAllowed, match="Only published articles"):
        decisions.approve(promotion=made, moderator=actions.moderator())


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


def test_decline_and_revoke_need_reason() -> None:
    made = actions.requested()
    with pytest.raises(ActionNotAllowed, match="Enter a reason"):
        decisions.decline(promotion=made, moderator=actions.moderator(), reason="  ")
    running = actions.approved()
    with pytest.raises(ActionNotAllowed, match="Enter a reason"):
        decisions.revoke(promotion=running, moderator=actions.moderator(), reason="")


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


def edit(promotion: Promotion, **changes: Any) -> None:
    article = promotion.article
    article.refresh_from_db()
    publishing.save_draft(article=article, text=factories.text(title="Another title", **changes))
    article = publishing.submit(article=article)
    assert article.latest is not None
    if article.latest.state != "published":
        publishing.publish(article=article, revision_number=article.latest.number)


def test_edited_article_is_paused_until_reapproved() -> None:
    made = actions.approved()
    moderator = actions.moderator()
    with pytest.raises(ActionNotAllowed, match="not paused"):
        decisions.reapprove_after_edit(promotion=made, moderator=moderator)
    edit(made)
    assert not Promotion.objects.deliverable().exists()
    assert Promotion.objects.paused().get() == made
    decisions.reapprove_after_edit(promotion=made, moderator=moderator)
    assert Promotion.objects.deliverable().get() == made
    assert not Promotion.objects.paused().exists()


@pytest.mark.parametrize("action", ["approve", "reapprove_after_edit"])
def test_decision_needs_current_revision(action: str) -> None:
    made, moderator = (actions.requested() if action == "approve" else actions.approved()), actions.moderator()
    read = made.article.live_id
    edit(made)
    with pytest.raises(ActionNotAllowed, match="text of the article has changed"):
        getattr(decisions, action)(promotion=made, moderator=moderator, revision_id=read)
    assert not Promotion.objects.deliverable().exists()
    made.article.refresh_from_db()
    getattr(decisions, action)(promotion=made, moderator=moderator, revision_id=made.article.live_id)
    assert Promotion.objects.deliverable().get() == made


def test_reapprove_in_new_section_needs_capacity() -> None:
    sport = factories.SectionFactory.create(name="Sport")
    plan = actions.plan(actions.place("section_top", capacity=1))
    made = actions.approved(plan=plan)
    other = actions.approved(plan=plan, article=factories.published(section=sport))
    edit(made, section=sport)
    with pytest.raises(ActionNotAllowed, match="another section"):
        decisions.reapprove_after_edit(promotion=made, moderator=actions.moderator())
    decisions.revoke(promotion=other, moderator=actions.moderator(), reason="Room.")
    assert decisions.reapprove_after_edit(promotion=made, moderator=actions.moderator()).section == sport


def test_hidden_article_is_not_deliverable() -> None:
    made = actions.approved()
    publishing.hide(article=made.article)
    assert not Promotion.objects.deliverable().exists()


def test_editorial_pick_has_end_and_counts_for_capacity() -> None:
    place, moderator = actions.place(capacity=1), actions.moderator()
    made = decisions.create_editorial_pick(article=factories.published(), moderator=moderator, placement=place, days=3)
    assert (made.kind, made.phase, made.price) == ("editorial", "running", 0)
    assert states(made) == [("", "approved", "moderator")]
    assert actions.approved(plan=actions.plan(place)).phase == "scheduled"
    for days in (0, 91):
        with pytest.raises(ActionNotAllowed, match="days"):
            decisions.create_editorial_pick(
                article=factories.published(), moderator=moderator, placement=place, days=days
            )
    with pytest.raises(ActionNotAllowed, match="your own article"):
        decisions.create_editorial_pick(
            article=factories.published(moderator), moderator=moderator, placement=place, days=1
        )
    with pytest.raises(ActionNotAllowed, match="Only the requester"):
        requests.cancel(promotion=made, sponsor=moderator)
    assert decisions.revoke(promotion=made, moderator=moderator, reason="Enough.").state == State.REVOKED


def test_correction_adds_ledger_row() -> None:
    made = actions.approved()
    decisions.add_correction(promotion=made, moderator=actions.moderator(), reason="The place was the other one.")
    assert events(made) == ["requested", "approved", "correction"]


@pytest.mark.parametrize("start", sorted({*State.values} - {State.SCHEDULED, State.RUNNING}))
@pytest.mark.parametrize("end", State.values)
@pytest.mark.parametrize("role", LedgerEntry.Role.values)
def test_other_transitions_are_refused(start: str, end: str, role: str) -> None:
    if role in ALLOWED.get(start, {}).get(end, ()):
        return
    moment: datetime = timezone.now()
    promotion = Promotion(pk=1, state=start, starts_at=moment - DAY, ends_at=moment + DAY)
    with pytest.raises(ActionNotAllowed):
        transition(promotion, end, event="correction", role=role)
    assert promotion.state == start


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
