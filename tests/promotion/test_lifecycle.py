"""What each verb promises: who may, when, and what stands afterwards."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles.promotion import lifecycle
from articles.promotion.models import LedgerEntry, Plan, Promotion
from articles.promotion.transitions import ALLOWED, enter
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.promotion import making
from tests.promotion.making import DAY

pytestmark = pytest.mark.django_db
State = Promotion.State


def events(promotion: Promotion) -> list[str]:
    return list(promotion.ledger.in_order().values_list("event", flat=True))


def states(promotion: Promotion) -> list[tuple[str, str, str]]:
    rows = promotion.ledger.in_order().transitions()
    return [(row.from_state, row.to_state, row.actor_role) for row in rows]


def test_a_free_request_waits_for_a_moderator() -> None:
    made = making.requested()
    assert (made.state, made.kind, made.price) == (State.REQUESTED, "free", 0)
    assert states(made) == [("", "requested", "sponsor")]


def test_a_paid_request_waits_for_its_money_and_keeps_the_plans_promise() -> None:
    plan = making.plan(price=2500, currency="USD", days=3, terms="As it is.")
    made = making.requested(plan=plan)
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


def test_the_price_is_the_database_s_whatever_the_caller_holds() -> None:
    plan = making.plan(price=2500)
    plan.price = 1
    assert making.requested(plan=plan).price == 2500


def test_the_same_form_twice_is_one_request() -> None:
    article, plan, key = factories.published(), making.plan(), uuid.uuid4()
    one, two = (
        lifecycle.request_promotion(article=article, sponsor=article.author, plan=plan, form_key=key) for _ in range(2)
    )
    assert one.pk == two.pk
    assert LedgerEntry.objects.count() == 1


def test_one_open_promotion_for_an_article_and_a_place() -> None:
    article = factories.published()
    making.requested(article=article)
    with pytest.raises(ActionNotAllowed, match="open promotion"):
        making.requested(article=article, sponsor=factories.PersonFactory.create())
    making.requested(article=article, placement=making.place("beside"))  # Another place is another matter.


def test_that_is_a_constraint_and_no_mere_check() -> None:
    made = making.requested()
    twin = Promotion(article=made.article, placement=made.placement, sponsor=factories.PersonFactory.create())
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def unpublished() -> dict[str, Any]:
    return {"article": factories.draft()}


def hidden() -> dict[str, Any]:
    return {"article": factories.hidden()}


def suspended() -> dict[str, Any]:
    return {"sponsor": factories.PersonFactory.create(suspended_until=timezone.now() + DAY)}


def past_date() -> dict[str, Any]:
    return {"wanted_start": timezone.localdate() - DAY}


def too_far() -> dict[str, Any]:
    return {"wanted_start": timezone.localdate() + 61 * DAY}


def full() -> dict[str, Any]:
    place = making.place(capacity=1)
    making.approved(plan=making.plan(place, days=90))
    return {"plan": making.plan(place)}


def full_on_that_date() -> dict[str, Any]:
    place = making.place(capacity=1)
    making.approved(plan=making.plan(place, days=14))
    return {"plan": making.plan(place), "wanted_start": timezone.localdate() + 5 * DAY}


def cap_reached() -> dict[str, Any]:
    author = factories.PersonFactory.create()
    plan = making.plan(making.place(per_author_cap=1))
    making.requested(article=factories.published(author), plan=plan)
    return {"article": factories.published(author), "sponsor": factories.PersonFactory.create(), "plan": plan}


def opted_out() -> dict[str, Any]:
    author = factories.PersonFactory.create(allows_promotion_by_others=False)
    return {"article": factories.published(author), "sponsor": factories.PersonFactory.create()}


def not_offered() -> dict[str, Any]:
    return {"plan": making.plan(is_offered=False)}


def place_not_offered() -> dict[str, Any]:
    return {"plan": making.plan(making.place("beside", is_offered=False))}


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (unpublished, "Only a published article"),
        (hidden, "Only a published article"),
        (suspended, "Your account is suspended"),
        (past_date, "This date is past"),
        (too_far, "in the next 60 days"),
        (full, "no room in this place in the next 60 days"),
        (full_on_that_date, "The next free one is"),
        (cap_reached, "as many promotions in this place as one author may"),
        (opted_out, "does not want others"),
        (not_offered, "not offered any more"),
        (place_not_offered, "not offered any more"),
    ],
)
def test_a_request_is_refused_with_a_sentence_and_leaves_nothing(case: Any, words: str) -> None:
    request = case()
    before = LedgerEntry.objects.count(), Promotion.objects.count()
    with pytest.raises(ActionNotAllowed, match=words):
        making.requested(**request)
    assert (LedgerEntry.objects.count(), Promotion.objects.count()) == before


def test_an_author_who_opted_out_still_promotes_their_own() -> None:
    author = factories.PersonFactory.create(allows_promotion_by_others=False)
    assert making.requested(article=factories.published(author)).state == State.REQUESTED


def test_who_ran_before_does_not_stand_in_the_way_of_who_asks_now() -> None:
    article = factories.published()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = making.approved(article=article)
        clock.shift(7 * DAY)
        assert first.phase == "ended"
        second = making.requested(article=article)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.ENDED, State.REQUESTED)
    assert first.closed_at == first.ends_at
    assert states(first)[-1] == ("approved", "ended", "system")


def test_the_clock_decides_in_every_query() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tomorrow = timezone.localdate() + DAY
        made = making.approved(wanted_start=tomorrow, days=1)
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
        assert Promotion.objects.ended().get().state == State.APPROVED  # Nobody has stored it, and nobody needs to.
        assert lifecycle.close_ended() == 1
        assert lifecycle.close_ended() == 0
        assert Promotion.objects.ended().get().state == State.ENDED


def test_approval_binds_to_the_text_and_takes_the_first_room() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        place = making.place(capacity=1)
        first = making.approved(plan=making.plan(place, days=2))
        second = making.approved(plan=making.plan(place, days=2))
        assert first.starts_at == timezone.now()
        assert second.starts_at == first.ends_at
        assert first.approved_revision == first.article.live
        assert (second.phase, Promotion.objects.running().count()) == ("scheduled", 1)


def test_sections_have_their_own_room() -> None:
    place = making.place("section_top", capacity=1)
    plan = making.plan(place)
    one = making.approved(plan=plan)
    other = making.approved(
        plan=plan, article=factories.published(section=factories.SectionFactory.create(name="Sport"))
    )
    assert (one.phase, other.phase) == ("running", "running")
    assert making.approved(plan=plan).phase == "scheduled"


def test_two_who_follow_each_other_take_the_room_of_one() -> None:
    """Counting everything that overlaps at all would find two, though never two stand at once."""
    with time_machine.travel(timezone.now(), tick=False):
        place = making.place(capacity=2)
        long = making.plan(place, days=10)
        making.approved(plan=making.plan(place, days=5))
        second = making.requested(plan=making.plan(place, days=5))
        lifecycle.approve(promotion=second, moderator=making.moderator(), start=timezone.now() + 5 * DAY)
        assert making.approved(plan=long).phase == "running"


def test_a_wanted_day_is_the_day() -> None:
    day = timezone.localdate() + 10 * DAY
    made = making.approved(wanted_start=day)
    assert made.starts_at is not None
    assert timezone.localtime(made.starts_at).date() == day
    assert timezone.localtime(made.starts_at).hour == 0


def test_a_day_that_passed_while_it_waited_means_at_once() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        made = making.requested(wanted_start=timezone.localdate() + DAY)
        clock.shift(5 * DAY)
        made = lifecycle.approve(promotion=made, moderator=making.moderator())
        assert made.starts_at == timezone.now()


def test_nobody_approves_their_own() -> None:
    sponsor = making.moderator()
    made = making.requested(sponsor=sponsor)
    with pytest.raises(ActionNotAllowed, match="You are the sponsor"):
        lifecycle.approve(promotion=made, moderator=sponsor)
    with pytest.raises(ActionNotAllowed, match="You are the sponsor"):
        lifecycle.decline(promotion=made, moderator=sponsor, reason="No")
    paying = making.awaiting(sponsor=sponsor)
    with pytest.raises(ActionNotAllowed, match="You are the sponsor"):
        lifecycle.confirm_payment(promotion=paying, moderator=sponsor)


@pytest.mark.parametrize(
    "verb",
    [
        lambda p, who: lifecycle.approve(promotion=p, moderator=who),
        lambda p, who: lifecycle.decline(promotion=p, moderator=who, reason="No"),
        lambda p, who: lifecycle.confirm_payment(promotion=p, moderator=who),
        lambda p, who: lifecycle.revoke(promotion=p, moderator=who, reason="No"),
        lambda p, who: lifecycle.move_start(promotion=p, moderator=who, start=timezone.now()),
        lambda p, who: lifecycle.look_after_edit(promotion=p, moderator=who),
        lambda p, who: lifecycle.record_refund(promotion=p, moderator=who),
        lambda p, who: lifecycle.correct(promotion=p, moderator=who, reason="No"),
        lambda p, who: lifecycle.pin(article=p.article, moderator=who, placement=p.placement, days=1),
    ],
)
def test_who_is_no_moderator_decides_nothing(verb: Any) -> None:
    made = making.requested()
    with pytest.raises(PermissionDenied):
        verb(made, factories.PersonFactory.create(is_staff=True))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        verb(made, making.moderator(suspended_until=timezone.now() + DAY))
    assert events(made) == ["requested"]


def test_unpaid_is_not_approved() -> None:
    made = making.awaiting()
    with pytest.raises(ActionNotAllowed, match="Awaiting payment"):
        lifecycle.approve(promotion=made, moderator=making.moderator())


def test_a_hidden_article_is_not_approved() -> None:
    made = making.requested()
    publishing.hide(article=made.article)
    with pytest.raises(ActionNotAllowed, match="Only a published article"):
        lifecycle.approve(promotion=made, moderator=making.moderator())


def test_the_author_has_time_to_refuse() -> None:
    place = making.place(author_may_refuse_hours=48)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        made = making.requested(sponsor=factories.PersonFactory.create(), placement=place)
        judge = making.moderator()
        clock.shift(timedelta(hours=47))
        with pytest.raises(ActionNotAllowed, match="The author may refuse until"):
            lifecycle.approve(promotion=made, moderator=judge)
        clock.shift(timedelta(hours=1))
        with pytest.raises(ActionNotAllowed, match="time to refuse is over"):
            lifecycle.refuse(promotion=made, author=made.article.author)
        assert lifecycle.approve(promotion=made, moderator=judge).state == State.APPROVED


def test_the_author_agrees_and_it_need_not_wait() -> None:
    place = making.place(author_may_refuse_hours=48)
    made = making.requested(sponsor=factories.PersonFactory.create(), placement=place)
    for _ in range(2):
        lifecycle.agree(promotion=made, author=made.article.author)
    assert lifecycle.approve(promotion=made, moderator=making.moderator()).state == State.APPROVED
    assert events(made) == ["requested", "agreed", "approved"]


def test_the_author_refuses_and_the_money_comes_back() -> None:
    place = making.place(author_may_refuse_hours=48)
    made = making.paid(sponsor=factories.PersonFactory.create(), placement=place)
    made = lifecycle.refuse(promotion=made, author=made.article.author, reason="Not with my text.")
    assert made.state == State.DECLINED
    assert events(made)[-2:] == ["refused", "refund_due"]
    assert made.payments.get().refund_due == 7000


def test_only_the_author_answers() -> None:
    place = making.place(author_may_refuse_hours=48)
    made = making.requested(sponsor=factories.PersonFactory.create(), placement=place)
    for stranger in (factories.PersonFactory.create(), made.sponsor):
        with pytest.raises(ActionNotAllowed, match="Only the author"):
            lifecycle.refuse(promotion=made, author=stranger)
        with pytest.raises(ActionNotAllowed, match="Only the author"):
            lifecycle.agree(promotion=made, author=stranger)


def test_only_the_sponsor_cancels() -> None:
    made = making.requested()
    with pytest.raises(ActionNotAllowed, match="Only its sponsor"):
        lifecycle.cancel(promotion=made, sponsor=factories.PersonFactory.create())
    assert lifecycle.cancel(promotion=made, sponsor=made.sponsor).state == State.CANCELLED


def test_declining_and_revoking_need_a_reason() -> None:
    made = making.requested()
    with pytest.raises(ActionNotAllowed, match="Give a reason"):
        lifecycle.decline(promotion=made, moderator=making.moderator(), reason="  ")
    running = making.approved()
    with pytest.raises(ActionNotAllowed, match="Give a reason"):
        lifecycle.revoke(promotion=running, moderator=making.moderator(), reason="")


def test_a_revoked_one_frees_its_room_at_once() -> None:
    place = making.place(capacity=1)
    first = making.approved(plan=making.plan(place))
    lifecycle.revoke(promotion=first, moderator=making.moderator(), reason="It misleads.")
    first.refresh_from_db()
    assert (first.state, first.ran_until) == (State.REVOKED, first.closed_at)
    assert making.approved(plan=making.plan(place)).phase == "running"


def test_a_scheduled_start_moves_within_what_is_free() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        place = making.place(capacity=1)
        running = making.approved(plan=making.plan(place, days=3))
        later = making.approved(plan=making.plan(place, days=3))
        judge = making.moderator()
        with pytest.raises(ActionNotAllowed, match="no room"):
            lifecycle.move_start(promotion=later, moderator=judge, start=timezone.now() + DAY)
        with pytest.raises(ActionNotAllowed, match="scheduled"):
            lifecycle.move_start(promotion=running, moderator=judge, start=timezone.now() + 9 * DAY)
        with pytest.raises(ActionNotAllowed, match="in the next year"):
            lifecycle.move_start(promotion=later, moderator=judge, start=timezone.now() - DAY)
        moved = lifecycle.move_start(promotion=later, moderator=judge, start=timezone.now() + 9 * DAY)
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


def test_an_edited_article_pauses_until_a_moderator_looks() -> None:
    made = making.approved()
    judge = making.moderator()
    with pytest.raises(ActionNotAllowed, match="not paused"):
        lifecycle.look_after_edit(promotion=made, moderator=judge)
    edit(made)
    assert not Promotion.objects.deliverable().exists()
    assert Promotion.objects.paused().get() == made
    lifecycle.look_after_edit(promotion=made, moderator=judge)
    assert Promotion.objects.deliverable().get() == made
    assert not Promotion.objects.paused().exists()


@pytest.mark.parametrize("verb", ["approve", "look_after_edit"])
def test_what_passes_is_the_text_that_was_read(verb: str) -> None:
    made, judge = (making.requested() if verb == "approve" else making.approved()), making.moderator()
    read = made.article.live_id
    edit(made)
    with pytest.raises(ActionNotAllowed, match="changed meanwhile"):
        getattr(lifecycle, verb)(promotion=made, moderator=judge, revision_id=read)
    assert not Promotion.objects.deliverable().exists()
    made.article.refresh_from_db()
    getattr(lifecycle, verb)(promotion=made, moderator=judge, revision_id=made.article.live_id)
    assert Promotion.objects.deliverable().get() == made


def test_an_article_that_moved_needs_room_in_its_new_section() -> None:
    sport = factories.SectionFactory.create(name="Sport")
    plan = making.plan(making.place("section_top", capacity=1))
    made = making.approved(plan=plan)
    other = making.approved(plan=plan, article=factories.published(section=sport))
    edit(made, section=sport)
    with pytest.raises(ActionNotAllowed, match="another section"):
        lifecycle.look_after_edit(promotion=made, moderator=making.moderator())
    lifecycle.revoke(promotion=other, moderator=making.moderator(), reason="Room.")
    assert lifecycle.look_after_edit(promotion=made, moderator=making.moderator()).section == sport


def test_a_hidden_article_is_not_delivered() -> None:
    made = making.approved()
    publishing.hide(article=made.article)
    assert not Promotion.objects.deliverable().exists()


def test_editors_choice_has_an_end_and_takes_room_like_others() -> None:
    place, judge = making.place(capacity=1), making.moderator()
    made = lifecycle.pin(article=factories.published(), moderator=judge, placement=place, days=3)
    assert (made.kind, made.phase, made.price) == ("editorial", "running", 0)
    assert states(made) == [("", "approved", "moderator")]
    assert making.approved(plan=making.plan(place)).phase == "scheduled"
    for days in (0, 91):
        with pytest.raises(ActionNotAllowed, match="days"):
            lifecycle.pin(article=factories.published(), moderator=judge, placement=place, days=days)
    with pytest.raises(ActionNotAllowed, match="your own article"):
        lifecycle.pin(article=factories.published(judge), moderator=judge, placement=place, days=1)
    with pytest.raises(ActionNotAllowed, match="Only its sponsor"):
        lifecycle.cancel(promotion=made, sponsor=judge)
    assert lifecycle.revoke(promotion=made, moderator=judge, reason="Enough.").state == State.REVOKED


def test_a_correction_is_a_new_row() -> None:
    made = making.approved()
    lifecycle.correct(promotion=made, moderator=making.moderator(), reason="The place was the other one.")
    assert events(made) == ["requested", "approved", "correction"]


@pytest.mark.parametrize("start", list(ALLOWED))
@pytest.mark.parametrize("end", State.values)
@pytest.mark.parametrize("role", LedgerEntry.Role.values)
def test_no_step_outside_the_diagram(start: str, end: str, role: str) -> None:
    if start == "" or role in ALLOWED[start].get(end, ()):
        return
    moment: datetime = timezone.now()
    promotion = Promotion(state=start, starts_at=moment - DAY, ends_at=moment + DAY)
    with pytest.raises(ActionNotAllowed):
        enter(promotion, end, event="correction", role=role)
    assert promotion.state == start
