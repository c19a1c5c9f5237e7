"""Every sum that is not as it should be: the moderators get one email about it, and it stands in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe
from django.core import mail
from django.test import Client

from articles.promotion.models import Payment
from articles.promotion.services import payments
from tests.moderation.users import moderator
from tests.promotion import actions
from tests.promotion.stripe_events import UNREACHABLE, decline, event, failed_event, send

pytestmark = pytest.mark.django_db
RefundAnswer = dict[str, Any] | Exception


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> list[RefundAnswer]:
    """What Stripe answers to the next refund; at first nothing, so that the refund stays unfinished."""
    answers: list[RefundAnswer] = [UNREACHABLE]

    def create(**_: Any) -> RefundAnswer:
        if isinstance(answers[-1], Exception):
            raise answers[-1]
        return answers[-1]

    monkeypatch.setattr(stripe.Refund, "create", create)
    return answers


def wrong_amount(payment: Payment, answer: list[RefundAnswer]) -> None:
    send(event(payment, amount_total=6999))


def wrong_currency(payment: Payment, answer: list[RefundAnswer]) -> None:
    send(event(payment, currency="usd"))


def paid_twice_on_two_pages(payment: Payment, answer: list[RefundAnswer]) -> None:
    send(event(payment))
    send(event(payment, id="cs_2", payment_intent="pi_2"))


def paid_after_a_transfer(payment: Payment, answer: list[RefundAnswer]) -> None:
    if payment.promotion.payments.filter(variant="manual").exists():
        send(event(payment))
        return
    payments.confirm_payment(promotion=payment.promotion, moderator=actions.moderator())
    send(event(payment))


def paid_after_decline(payment: Payment, answer: list[RefundAnswer]) -> None:
    payment.promotion.refresh_from_db()
    if payment.promotion.is_open:
        decline(payment)
    send(event(payment))


def refund_refused(payment: Payment, answer: list[RefundAnswer]) -> None:
    answer.append(stripe.CardError("closed", None, "card_declined"))  # type: ignore[no-untyped-call]
    pay_and_decline(payment)


def refund_refused_in_its_answer(payment: Payment, answer: list[RefundAnswer]) -> None:
    answer.append({"id": "re_1", "amount": 7000, "status": "failed"})
    pay_and_decline(payment)
    send(failed_event())


def refund_refused_later(payment: Payment, answer: list[RefundAnswer]) -> None:
    answer.append({"id": "re_1", "amount": 7000, "status": "pending"})
    pay_and_decline(payment)
    send(failed_event())


def pay_and_decline(payment: Payment) -> None:
    send(event(payment))
    payment.promotion.refresh_from_db()
    if payment.promotion.is_open:
        decline(payment)


@pytest.mark.parametrize(
    ("happens", "subject"),
    [
        (wrong_amount, "Unexpected payment"),
        (wrong_currency, "Unexpected payment"),
        (paid_twice_on_two_pages, "Unexpected payment"),
        (paid_after_a_transfer, "Unexpected payment"),
        (paid_after_decline, "Unexpected payment"),
        (refund_refused, "Refund due"),
        (refund_refused_in_its_answer, "Refund due"),
        (refund_refused_later, "Refund due"),
    ],
)
def test_moderators_are_told_once_of_a_refused_sum_and_find_it_in_the_list(
    payment: Payment,
    answer: list[RefundAnswer],
    happens: Callable[[Payment, list[RefundAnswer]], None],
    subject: str,
    client: Client,
) -> None:
    moderators = [actions.moderator() for _ in range(2)]
    mail.outbox.clear()
    for _ in range(2):  # Reports are repeated.
        happens(payment, answer)
    for user in moderators:
        to_moderator = [one.subject for one in mail.outbox if user.email in one.to]
        alerts = [one for one in to_moderator if one.startswith(("Unexpected payment", "Refund due"))]
        assert alerts == [f"{subject}: promotion no. {payment.promotion_id}"]
    client.force_login(moderator())
    unfinished = payment.promotion.payments.order_by("pk").exclude(refund_due=0).get()
    assert f"/admin/promotion/payment/{unfinished.pk}/change/" in client.get("/admin/promotion/payment/").text
    assert payment.promotion in type(payment.promotion).objects.refunds()
