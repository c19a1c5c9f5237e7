"""Decisions of moderators: who can take them, when, and what they write."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from articles.promotion.forms import Action
from articles.promotion.models import LedgerEntry, Promotion
from articles.promotion.services import decisions, payments, refunds, requests
from articles.promotion.services.state_machine import ALLOWED, transition
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import DAY, events, states
from tests.promotion.test_admin_queue import changed

pytestmark = pytest.mark.django_db
State = Promotion.State


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


def test_decline_and_revoke_need_reason() -> None:
    made = actions.requested()
    with pytest.raises(ActionNotAllowed, match="Enter a reason"):
        decisions.decline(promotion=made, moderator=actions.moderator(), reason="  ")
    running = actions.approved()
    with pytest.raises(ActionNotAllowed, match="Enter a reason"):
        decisions.revoke(promotion=running, moderator=actions.moderator(), reason="")


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
