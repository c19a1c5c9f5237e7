"""The lists of promotions in the admin, their order, and who can see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from articles.promotion.models import Promotion, PromotionDay
from articles.promotion.services import decisions, payments, requests
from articles.services import publishing
from tests import factories
from tests.moderation.users import moderator as group_member
from tests.promotion import actions
from tests.promotion.actions import DAY

pytestmark = pytest.mark.django_db
LIST = "/admin/promotion/promotion/"
VIEWS = ["waiting", "unpaid", "paused", "refunds", "scheduled", "running", "over", "all"]


@pytest.fixture
def moderator(client: Client) -> User:
    user = group_member(username="mod")
    client.force_login(user)
    return user


def shown(client: Client, view: str = "", **asked: str) -> list[int]:
    """Return the promotions of one list, in its order."""
    answer = client.get(LIST, {"view": view, **asked} if view else asked)
    assert answer.status_code == 200
    return [one.pk for one in answer.context["cl"].result_list]


def changed(promotion: Promotion) -> None:
    """Edit the article of the promotion."""
    article = promotion.article
    publishing.save_draft(article=article, text=factories.text(title="Another title", section=article.section))
    article = publishing.submit(article=article)
    if article.latest and article.latest.state != "published":
        publishing.publish(article=article, revision_number=article.latest.number)


def test_queue_shows_waiting_requests_oldest_first(client: Client, moderator: User) -> None:
    with time_machine.travel(timezone.now() - 3 * DAY, tick=False):
        old = actions.paid()
    new = actions.requested()
    actions.awaiting()
    actions.approved()
    assert shown(client) == [old.pk, new.pk]
    assert shown(client, "nonsense") == [old.pk, new.pk]
    html = client.get(LIST).content.decode()
    assert "3\u00a0days" in html


def test_queue_views(client: Client, moderator: User) -> None:
    with time_machine.travel(timezone.now() - 10 * DAY, tick=False):
        over = actions.approved()
    unpaid = actions.awaiting()
    running = actions.approved()
    scheduled = decisions.approve(
        promotion=actions.requested(), moderator=actions.moderator(), start=timezone.now() + 2 * DAY
    )
    refundable = decisions.decline(promotion=actions.paid(), moderator=actions.moderator(), reason="No.")
    revoked = decisions.revoke(promotion=actions.approved(), moderator=actions.moderator(), reason="No.")
    paused = actions.approved(plan=actions.plan(actions.place("beside")))
    changed(paused)
    assert shown(client, "unpaid") == [unpaid.pk]
    assert set(shown(client, "running")) == {running.pk, paused.pk}
    assert shown(client, "scheduled") == [scheduled.pk]
    assert shown(client, "paused") == [paused.pk]
    assert shown(client, "refunds") == [refundable.pk]
    assert shown(client, "over") == [revoked.pk, over.pk]
    assert len(shown(client, "all")) == 7


def test_queue_shows_author_answer(client: Client, moderator: User) -> None:
    asked = actions.requested(
        sponsor=factories.UserFactory.create(), plan=actions.plan(actions.place(author_can_refuse_hours=48))
    )
    assert "can refuse until" in client.get(LIST).content.decode()
    requests.author_agrees(promotion=asked, author=asked.article.author)
    assert "agreed" in client.get(LIST).content.decode()


def test_queue_shows_sponsor_history(client: Client, moderator: User) -> None:
    sponsor = factories.UserFactory.create()
    actions.approved(sponsor=sponsor)
    decisions.decline(promotion=actions.requested(sponsor=sponsor), moderator=actions.moderator(), reason="No.")
    actions.requested(sponsor=sponsor)
    assert "1 completed, 1 refused" in client.get(LIST).content.decode()


def test_queue_of_running_shows_results(client: Client, moderator: User) -> None:
    running = actions.approved()
    for n, numbers in enumerate(((100, 4), (50, 1))):
        day = timezone.localdate() - timedelta(days=n)
        PromotionDay.objects.create(promotion=running, day=day, impressions=numbers[0], clicks=numbers[1])
    answer = client.get(LIST, {"view": "running"})
    (row,) = answer.context["cl"].result_list
    assert (row.impressions, row.clicks) == (150, 5)
    assert "3.3\u00a0%" in answer.content.decode()


def test_queue_search_by_title_and_user(client: Client, moderator: User) -> None:
    found = actions.requested(article=factories.published(title="The last projectionist"))
    actions.requested()
    assert shown(client, q="projectionist") == [found.pk]
    assert shown(client, q=found.sponsor.username) == [found.pk]


def test_queue_query_count_does_not_grow(client: Client, moderator: User, django_assert_max_num_queries: Any) -> None:
    chosen = [actions.plan(actions.place("beside", capacity=50), price=price) for price in (0, 500)]
    for _n in range(5):
        actions.requested(plan=chosen[0])
        changed(actions.approved(plan=chosen[0], by=moderator))
        actions.awaiting(plan=chosen[1])
        paid = payments.confirm_payment(promotion=actions.awaiting(plan=chosen[1]), moderator=moderator)
        decisions.decline(promotion=paid, moderator=moderator, reason="No.")
    for view in VIEWS:
        with django_assert_max_num_queries(11, info=view):
            assert client.get(LIST, {"view": view}).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {"placement__id__exact": "x"},
        {"placement__id__exact": "9" * 30},
        {"kind__exact": "gold"},
        {"p": "999999"},
        {"p": "x"},
        {"q": "\x00"},
        {"o": "1.2"},
        {"view": "9" * 5000},
    ],
)
def test_queue_with_invalid_parameters_is_not_a_500(client: Client, moderator: User, asked: dict[str, str]) -> None:
    actions.requested()
    assert client.get(LIST, asked, follow=True).status_code in {200, 400}


def test_admin_index_shows_pending_requests(client: Client, moderator: User) -> None:
    assert "for promotion" not in client.get("/admin/").content.decode()
    actions.requested()
    actions.awaiting()
    html = client.get("/admin/").content.decode()
    assert "1 promotion request waiting" in html
    assert "1 awaiting payment" in html


@pytest.mark.parametrize(
    "path", ["", "add/", "timeline/", "results/", "1/change/", "1/preview/", "1/history/", "1/delete/"]
)
def test_admin_pages_need_permission(client: Client, path: str) -> None:
    client.force_login(factories.UserFactory.create(is_staff=True))
    assert client.get(LIST + path).status_code in {403, 302}


@pytest.mark.parametrize("path", ["", "add/", "timeline/", "results/", "1/change/", "1/preview/"])
def test_admin_pages_redirect_readers(client: Client, path: str) -> None:
    actions.requested()
    assert client.get(LIST + path).status_code == 302
    client.force_login(factories.UserFactory.create())
    assert client.get(LIST + path, follow=True).status_code == 403


def test_promotions_cannot_be_deleted_nor_ledger_changed(client: Client) -> None:
    client.force_login(factories.UserFactory.create(is_staff=True, is_superuser=True))
    made = actions.requested()
    entry = made.ledger.get()
    assert client.post(f"{LIST}{made.pk}/delete/", {"post": "yes"}).status_code == 403
    ledger = "/admin/promotion/ledgerentry/"
    assert client.post(f"{ledger}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{ledger}{entry.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"{ledger}add/", {"reason": "x"}).status_code == 403


def test_ledger_admin_list_and_search(client: Client, moderator: User, django_assert_max_num_queries: Any) -> None:
    for _n in range(8):
        paid = actions.paid(price=1250)
    with django_assert_max_num_queries(9):
        html = client.get("/admin/promotion/ledgerentry/").content.decode()
    assert "12.50\u00a0EUR" in html
    entry = paid.ledger.get(event="paid")
    page = client.get(f"/admin/promotion/ledgerentry/{entry.pk}/change/").content.decode()
    assert entry.hash in page
    assert f"{LIST}{paid.pk}/change/" in page


def test_payments_admin_shows_what_is_not_finished(
    client: Client, moderator: User, django_assert_max_num_queries: Any
) -> None:
    finished, waiting, refundable = actions.paid(), actions.awaiting(), actions.paid(price=1250)
    payments.record_sent(payment=payments.open_payment(promotion=waiting, variant="dummy"))
    decisions.decline(promotion=refundable, moderator=actions.moderator(), reason="No.")
    path = "/admin/promotion/payment/"
    with django_assert_max_num_queries(9):
        answer = client.get(path)
    assert {one.promotion_id for one in answer.context["cl"].result_list} == {waiting.pk, refundable.pk}
    assert "12.50\u00a0EUR" in answer.text
    assert path in client.get(LIST).text
    everything = client.get(path, {"view": "all"}).context["cl"].result_list
    assert {one.promotion_id for one in everything} == {finished.pk, waiting.pk, refundable.pk}
    payment = refundable.payments.get()
    assert client.get(f"{path}{payment.pk}/change/").status_code == 200
    assert client.post(f"{path}{payment.pk}/change/", {"refunded": 1250}).status_code == 403
    assert client.get(path, {"q": "x"}).status_code == 200


def test_refund_of_a_paid_promotion_is_listed_on_every_page(
    client: Client, moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second payment is due back although the promotion is not closed."""
    monkeypatch.setattr("articles.promotion.admin.queue.PromotionAdmin.list_per_page", 2)
    made = []
    for _n in range(3):
        promotion = actions.awaiting()
        payment = payments.open_payment(promotion=promotion, variant="manual")
        payments.confirm_payment(promotion=promotion, moderator=moderator)
        payments.record_payment(payment=payment, amount=7000, currency="EUR")
        made.append(promotion.pk)
    answer = client.get(LIST, {"view": "refunds"})
    following = client.get(LIST + answer.context["cl"].next_url).context["cl"].result_list
    assert [*shown(client, "refunds"), *(one.pk for one in following)] == made
