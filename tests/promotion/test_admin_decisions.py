"""The page of decision in the admin, and editorial picks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from articles.promotion.models import Promotion
from articles.promotion.services import decisions, requests, state_machine
from articles.services import publishing
from tests import factories
from tests.moderation.users import moderator as group_member
from tests.promotion import actions
from tests.promotion.actions import DAY
from tests.promotion.factories import place
from tests.promotion.test_admin_queue import changed

pytestmark = pytest.mark.django_db
LIST = "/admin/promotion/promotion/"
State = Promotion.State


@pytest.fixture
def moderator(client: Client) -> User:
    user = group_member(username="mod")
    client.force_login(user)
    return user


def page(promotion: Promotion) -> str:
    return f"{LIST}{promotion.pk}/change/"


def offered(client: Client, promotion: Promotion) -> list[str]:
    """Return the actions that the page offers."""
    answer = client.get(page(promotion))
    assert answer.status_code == 200
    return [value for value, _label in answer.context["form"].fields["action"].choices]


def decide(client: Client, promotion: Promotion, action: str, **values: str) -> Any:
    """Send the form of the page as it is now."""
    promotion.article.refresh_from_db()
    return client.post(
        page(promotion), {"action": action, "reason": "", "revision": promotion.article.live_id, **values}
    )


def form_value(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def test_decision_page_offers_possible_actions(client: Client, moderator: User) -> None:
    asked, unpaid, paid = actions.requested(), actions.awaiting(), actions.paid()
    scheduled = decisions.approve(
        promotion=actions.requested(), moderator=actions.moderator(), start=timezone.now() + 2 * DAY
    )
    running = actions.approved(plan=actions.plan(actions.place("beside")))
    declined = decisions.decline(promotion=actions.paid(), moderator=actions.moderator(), reason="No.")
    assert offered(client, asked) == ["approve", "decline", "add_correction"]
    assert offered(client, unpaid) == ["confirm_payment", "decline", "add_correction"]
    assert offered(client, paid) == ["approve", "decline", "add_correction"]
    assert offered(client, scheduled) == ["move_start", "revoke", "add_correction"]
    assert offered(client, running) == ["revoke", "add_correction"]
    assert offered(client, declined) == ["record_refund", "add_correction"]
    changed(running)
    assert offered(client, running) == ["reapprove_after_edit", "revoke", "add_correction"]
    publishing.hide(article=running.article)
    assert offered(client, running) == ["revoke", "add_correction"]


def test_approve_returns_to_queue(client: Client, moderator: User) -> None:
    asked = actions.requested()
    answer = decide(client, asked, "approve")
    asked.refresh_from_db()
    assert asked.state == State.APPROVED
    assert asked.decided_by == moderator
    assert answer.headers["Location"] == LIST


def test_approve_with_start_of_moderator(client: Client, moderator: User) -> None:
    asked, start = actions.requested(), timezone.now().replace(second=0, microsecond=0) + 5 * DAY
    decide(client, asked, "approve", start=form_value(start))
    asked.refresh_from_db()
    assert asked.starts_at == start


def test_confirm_payment_is_recorded_in_ledger(client: Client, moderator: User) -> None:
    unpaid = actions.awaiting(price=2500)
    answer = decide(client, unpaid, "confirm_payment", reason="Transfer 4711")
    unpaid.refresh_from_db()
    assert unpaid.state == State.PAID
    entry = unpaid.ledger.get(event="paid")
    assert (entry.amount, entry.currency, entry.reason, entry.actor) == (2500, "EUR", "Transfer 4711", moderator)
    assert answer.headers["Location"] == page(unpaid)


def test_decline_needs_reason_and_creates_refund_due(client: Client, moderator: User) -> None:
    paid = actions.paid(price=2500)
    answer = decide(client, paid, "decline")
    assert answer.status_code == 200
    assert "Enter a reason." in answer.content.decode()
    assert answer.context["form"]["action"].value() == "decline"
    decide(client, paid, "decline", reason="Reads like an advertisement.")
    paid.refresh_from_db()
    assert paid.state == State.DECLINED
    assert paid.ledger.get(event="refund_due").amount == -2500
    assert "25.00\u00a0EUR" in client.get(page(paid)).content.decode()


def test_record_refund_by_hand(client: Client, moderator: User) -> None:
    paid = actions.paid(price=2500)
    decide(client, paid, "decline", reason="No.")
    decide(client, paid, "record_refund", reason="Transfer 4712")
    assert paid.ledger.get(event="refunded").amount == -2500
    assert offered(client, paid) == ["add_correction"]


def test_revoke_running_shows_refund_before(client: Client, moderator: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        running = actions.approved(price=7000)
        clock.shift(DAY)
        assert "60.00\u00a0EUR" in client.get(page(running)).content.decode()
        decide(client, running, "revoke", reason="The author asked for it.")
    running.refresh_from_db()
    assert running.state == State.REVOKED
    assert running.ledger.get(event="refund_due").amount == -6000


def test_move_start(client: Client, moderator: User) -> None:
    start = timezone.now().replace(second=0, microsecond=0)
    made = decisions.approve(promotion=actions.requested(), moderator=actions.moderator(), start=start + 2 * DAY)
    assert "start" in decide(client, made, "move_start").context["form"].errors
    decide(client, made, "move_start", start=form_value(start + 9 * DAY))
    made.refresh_from_db()
    assert made.starts_at == start + 9 * DAY
    assert made.ends_at == start + 16 * DAY


def test_reapprove_after_edit(client: Client, moderator: User) -> None:
    running = actions.approved()
    changed(running)
    html = client.get(page(running)).content.decode()
    assert "text of the article changed after it was approved" in html
    decide(client, running, "reapprove_after_edit")
    assert Promotion.objects.deliverable().filter(pk=running.pk).exists()


@pytest.mark.parametrize("action", ["approve", "reapprove_after_edit"])
def test_decision_on_outdated_revision_is_refused(client: Client, moderator: User, action: str) -> None:
    asked = actions.requested() if action == "approve" else actions.approved()
    read = asked.article.live_id
    changed(asked)
    answer = client.post(page(asked), {"action": action, "reason": "It is good.", "revision": read})
    html = answer.content.decode()
    assert "text of the article has changed" in html
    assert "It is good." in html
    assert not Promotion.objects.deliverable().filter(pk=asked.pk).exists()


@pytest.mark.parametrize("action", ["approve", "reapprove_after_edit"])
def test_decision_is_refused_if_article_changes_during_request(
    client: Client, moderator: User, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    asked = actions.requested() if action == "approve" else actions.approved()
    monkeypatch.setattr(state_machine, "close_ended", lambda: changed(Promotion.objects.get(pk=asked.pk)))
    answer = decide(client, asked, action, reason="It is good.")
    assert answer.status_code == 409
    assert "text of the article has changed" in answer.content.decode()
    assert not Promotion.objects.deliverable().filter(pk=asked.pk).exists()


def test_decision_after_another_moderators_shows_refusal_and_input(client: Client, moderator: User) -> None:
    asked = actions.requested()
    decisions.decline(promotion=asked, moderator=actions.moderator(), reason="No.")
    answer = decide(client, asked, "approve", reason="A fine text.")
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Declined" in html
    assert "A fine text." in html
    assert offered(client, asked) == ["add_correction"]


def test_decision_page_without_capacity(client: Client, moderator: User) -> None:
    chosen = actions.plan(actions.place(capacity=1), days=90)
    first, second = actions.requested(plan=chosen), actions.requested(plan=chosen)
    decide(client, first, "approve")
    assert "fully booked for the next 60 days" in client.get(page(second)).content.decode()
    assert decide(client, second, "approve").status_code == 409
    second.refresh_from_db()
    assert second.state == State.REQUESTED


def test_moderator_cannot_decide_on_own_request(client: Client, moderator: User) -> None:
    own = actions.requested(sponsor=moderator)
    assert offered(client, own) == ["add_correction"]
    assert "Another moderator must decide" in client.get(page(own)).content.decode()
    assert decide(client, own, "approve").status_code == 409
    own.refresh_from_db()
    assert own.state == State.REQUESTED


def test_approve_is_offered_after_author_agrees(client: Client, moderator: User) -> None:
    chosen = actions.plan(actions.place(author_can_refuse_hours=48))
    asked = actions.requested(sponsor=factories.UserFactory.create(), plan=chosen)
    assert offered(client, asked) == ["decline", "add_correction"]
    assert decide(client, asked, "approve").status_code == 409
    requests.author_agrees(promotion=asked, author=asked.article.author)
    assert offered(client, asked) == ["approve", "decline", "add_correction"]


def test_user_with_view_permission_cannot_decide(client: Client) -> None:
    reader = actions.moderator()
    reader.user_permissions.set(reader.user_permissions.filter(codename="view_promotion"))
    client.force_login(reader)
    asked = actions.requested()
    html = client.get(page(asked)).content.decode()
    assert "Save decision" not in html
    assert decide(client, asked, "decline", reason="No.").status_code == 403
    asked.refresh_from_db()
    assert asked.state == State.REQUESTED


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"action": "end", "revision": "1"},
        {"action": "approve", "revision": "9" * 30},
        {"action": "approve", "start": "yesterday"},
        {"action": "move_start", "start": "9999-99-99T00:00"},
        {"action": "decline", "reason": "x" * 3000},
        {"action": "decline", "reason": "\x00"},
    ],
)
def test_invalid_decision_form_is_refused(client: Client, moderator: User, data: dict[str, str]) -> None:
    asked = actions.requested()
    answer = client.post(page(asked), data)
    assert answer.status_code in {200, 400}
    asked.refresh_from_db()
    assert asked.state == State.REQUESTED


@pytest.mark.parametrize("key", ["0", "999999", "9" * 30, "x", "-1"])
def test_unknown_promotion_is_not_a_500(client: Client, moderator: User, key: str) -> None:
    assert client.get(f"{LIST}{key}/change/", follow=True).status_code == 200
    assert client.get(f"{LIST}{key}/preview/").status_code == 404


def test_decision_page_shows_article_and_sponsor(client: Client, moderator: User) -> None:
    sponsor = factories.UserFactory.create(display_name="Lilit Sahakyan")
    other = actions.approved(sponsor=sponsor)
    asked = actions.requested(sponsor=sponsor, article=factories.published(title="The last projectionist"))
    html = client.get(page(asked)).content.decode()
    assert "The last projectionist" in html
    assert "Lilit Sahakyan" in html
    assert page(other) in html
    assert f"{LIST}{asked.pk}/preview/" in html
    assert " style=" not in html.partition('id="content"')[2]


def test_preview_can_be_framed_and_has_no_beacon(client: Client, moderator: User) -> None:
    asked = actions.requested()
    answer = client.get(f"{LIST}{asked.pk}/preview/")
    html = answer.content.decode()
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert "Readers cannot see this version yet" not in html
    assert "data-beacon" not in html
    assert "frame-ancestors 'none'" in client.get(page(asked)).headers["Content-Security-Policy"]


def test_decision_page_query_count(client: Client, moderator: User, django_assert_max_num_queries: Any) -> None:
    sponsor = factories.UserFactory.create()
    for _n in range(12):
        asked = actions.paid(sponsor=sponsor)
    with django_assert_max_num_queries(16):
        assert client.get(page(asked)).status_code == 200


def pick(client: Client, **changes: object) -> Any:
    return client.post(
        f"{LIST}add/", {"days": "7", "placement": place("front_top").pk, "start": "", "reason": "", **changes}
    )


def test_editorial_pick_has_an_end(client: Client, moderator: User) -> None:
    article = factories.published()
    assert str(article.pk) in client.get(f"{LIST}add/", {"article": article.pk}).content.decode()
    answer = pick(client, article=article.pk, days="3")
    made = Promotion.objects.get()
    assert answer.headers["Location"] == page(made)
    assert (made.kind, made.phase, made.sponsor, made.article) == ("editorial", "running", moderator, article)
    assert made.starts_at is not None
    assert made.ends_at == made.starts_at + 3 * DAY
    assert offered(client, made) == ["revoke", "add_correction"]


@pytest.mark.parametrize("address", ["{path}", "http://testserver{path}", "https://news.example.org/ru{path}?x=1#y"])
def test_editorial_pick_by_article_url(client: Client, moderator: User, address: str) -> None:
    article = factories.published()
    pick(client, article=address.format(path=article.get_absolute_url()))
    assert Promotion.objects.get().article == article


@pytest.mark.parametrize("article", ["", "0", "999999", "9" * 40, "the map", "/authors/anna/", "\x00"])
def test_editorial_pick_of_invalid_article_is_refused(client: Client, moderator: User, article: str) -> None:
    factories.draft()
    answer = pick(client, article=article)
    assert answer.status_code in {200, 400}
    assert not Promotion.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "91", "x", "9" * 30])
def test_editorial_pick_with_invalid_days_is_refused(client: Client, moderator: User, days: str) -> None:
    answer = pick(client, article=factories.published().pk, days=days)
    assert "days" in answer.context["form"].errors
    assert not Promotion.objects.exists()


def test_editorial_pick_without_capacity_or_of_own_article_is_refused(client: Client, moderator: User) -> None:
    answer = pick(client, article=factories.published(moderator).pk)
    assert "your own article" in answer.content.decode()
    start = form_value(timezone.now() + DAY)
    actions.approved()
    actions.place(capacity=1)
    answer = pick(client, article=factories.published().pk, start=start)
    assert "not free for the whole period" in answer.content.decode()
    assert answer.context["form"]["start"].value() == start
