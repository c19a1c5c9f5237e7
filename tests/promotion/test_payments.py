"""Payments and refunds in minor units, and their sums in the ledger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from payments import PaymentError

from articles.promotion.models import LedgerEntry, Payment, Promotion
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.models.payment import EXPONENTS, format_amount, format_price, to_decimal, to_minor
from articles.promotion.payments import DummyProvider
from articles.promotion.services import decisions, payments, refunds, requests
from core.exceptions import ActionNotAllowed
from tests.promotion import actions
from tests.promotion.actions import DAY, events

State = Promotion.State


def balance(promotion: Promotion) -> int:
    return promotion.ledger.filter(event__in=LedgerEntry.MOVES_MONEY).aggregate(sum=Sum("amount"))["sum"] or 0


@pytest.fixture
def dummy(settings: LazySettings) -> None:
    settings.PAYMENTS = "dummy"
    settings.PAYMENT_VARIANTS = {
        **settings.PAYMENT_VARIANTS,
        "dummy": ("articles.promotion.payments.DummyProvider", {}),
    }


@pytest.mark.parametrize(
    ("amount", "currency", "decimal", "formatted"),
    [
        (1250, "EUR", "12.50", "12.50\u00a0EUR"),
        (1250, "JPY", "1250", "1,250\u00a0JPY"),
        (5, "USD", "0.05", "0.05\u00a0USD"),
        (123456789, "AMD", "1234567.89", "1,234,567.89\u00a0AMD"),
    ],
)
def test_amount_conversions(amount: int, currency: str, decimal: str, formatted: str) -> None:
    assert to_decimal(amount, currency) == Decimal(decimal)
    assert to_minor(Decimal(decimal), currency) == amount
    assert format_amount(amount, currency) == formatted


def test_format_price_of_zero_and_to_minor_of_fractions() -> None:
    assert format_price(0, "EUR") == "free"
    assert format_amount(0, "EUR") == "0.00\u00a0EUR"
    with pytest.raises(ValueError, match="no amount"):
        to_minor(Decimal("0.001"), "EUR")
    with pytest.raises(ValueError, match="no amount"):
        to_minor(Decimal("0.5"), "JPY")


@given(st.integers(0, 999_999_900), st.sampled_from(sorted(EXPONENTS)))
def test_to_decimal_and_to_minor_are_inverse(amount: int, currency: str) -> None:
    assert to_minor(to_decimal(amount, currency), currency) == amount


@given(st.integers(1, 999_999_900), st.integers(1, 90), st.integers(-5, 91 * 86400))
def test_refund_amount_is_between_zero_and_price(price: int, days: int, after: int) -> None:
    start = timezone.now()
    promotion = Promotion(price=price, starts_at=start, ends_at=start + days * DAY)
    back = refunds.refund_amount(promotion, price, now=start + timedelta(seconds=after))
    assert 0 <= back <= price
    if after <= 0:
        assert back == price
    if after >= days * 86400:
        assert back == 0


@pytest.mark.django_db
class TestTransfer:
    def test_confirm_payment_twice_counts_once(self) -> None:
        made, moderator = actions.awaiting(), actions.moderator()
        for _ in range(2):
            made = payments.confirm_payment(promotion=made, moderator=moderator, reason="Transfer 77")
        assert made.state == State.PAID
        assert events(made) == ["requested", "payment_asked", "paid"]
        payment = made.payments.get()
        assert (payment.variant, payment.amount, payment.total, payment.status) == (
            "manual",
            7000,
            Decimal("70.00"),
            "confirmed",
        )
        assert balance(made) == 7000

    def test_declined_transfer_is_refunded_by_hand(self) -> None:
        made, moderator = actions.paid(), actions.moderator()
        mail.outbox.clear()
        made = decisions.decline(promotion=made, moderator=moderator, reason="It is an advertisement.")
        emails = {one.to[0]: one for one in mail.outbox}
        assert "refund of 70.00\u00a0EUR" in emails[made.sponsor.email].body
        assert "manual refund" in emails[moderator.email].body
        assert (events(made)[-2:], balance(made)) == (["declined", "refund_due"], 7000)
        assert Promotion.objects.refunds().get() == made
        refunds.record_refund(promotion=made, moderator=moderator)
        assert (events(made)[-1], balance(made)) == ("refunded", 0)
        assert not Promotion.objects.refunds().exists()
        with pytest.raises(ActionNotAllowed, match="No refund is due"):
            refunds.record_refund(promotion=made, moderator=moderator)
        assert verify_ledger() is None


@pytest.mark.django_db
class TestGivingBack:
    @pytest.mark.parametrize("action", ["cancel", "revoke"])
    def test_refund_before_start_is_complete(self, action: str) -> None:
        made = actions.approved(price=7000, wanted_start=timezone.localdate() + 3 * DAY)
        self.stop(made, action)
        assert made.payments.get().refund_due == 7000

    @pytest.mark.parametrize("action", ["cancel", "revoke"])
    def test_refund_while_running_is_by_the_second(self, action: str) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            made = actions.approved(price=7000, days=7)
            clock.shift(timedelta(days=2, seconds=1, milliseconds=500))
            self.stop(made, action)
        # 5 days less 1.5 seconds, of 7: 431 998 whole seconds of 604 800.
        assert made.payments.get().refund_due == 7000 * 431_998 // 604_800 == 4999

    def test_no_refund_after_end(self) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            made = actions.approved(price=7000, days=7)
            clock.shift(7 * DAY)
            with pytest.raises(ActionNotAllowed, match="Ended"):
                self.stop(made, "revoke")
        made.refresh_from_db()
        assert (made.state, made.payments.get().refund_due) == (State.ENDED, 0)

    def stop(self, made: Promotion, action: str) -> None:
        if action == "cancel":
            requests.cancel(promotion=made, sponsor=made.sponsor)
        else:
            decisions.revoke(promotion=made, moderator=actions.moderator(), reason="It misleads.")


@pytest.mark.django_db
@pytest.mark.usefixtures("dummy")
class TestProvider:
    def payment(self, **changes: object) -> Payment:
        return payments.open_payment(promotion=actions.awaiting(**changes), variant="dummy")

    def test_payment_reported_twice_counts_once(self) -> None:
        payment = self.payment()
        for _ in range(3):
            made = payments.record_payment(payment=payment, amount=7000, currency="eur")
        assert (made.state, events(made).count("paid"), balance(made)) == (State.PAID, 1, 7000)

    @pytest.mark.parametrize(("amount", "currency"), [(6999, "EUR"), (7001, "EUR"), (7000, "USD")])
    def test_wrong_amount_is_recorded_reported_and_refunded(self, amount: int, currency: str) -> None:
        payment, moderator = self.payment(), actions.moderator()
        mail.outbox.clear()
        for _ in range(2):
            made = payments.record_payment(payment=payment, amount=amount, currency=currency)
        assert made.state == State.AWAITING_PAYMENT
        assert events(made) == ["requested", "payment_asked", "payment_refused", "refund_due", "refunded"]
        refused = made.ledger.get(event="payment_refused")
        assert (refused.amount, refused.currency) == (amount, currency)
        assert balance(made) == 0
        told = {email.to[0] for email in mail.outbox if email.subject.startswith("Unexpected payment")}
        assert told == {moderator.email, made.sponsor.email}
        assert payments.open_payment(promotion=made, variant="dummy") != payment  # The sponsor can pay again.
        assert verify_ledger() is None

    def test_late_payment_is_refunded(self) -> None:
        payment = self.payment()
        requests.cancel(promotion=payment.promotion, sponsor=payment.promotion.sponsor)
        made = payments.record_payment(payment=payment, amount=7000, currency="EUR")
        assert made.state == State.CANCELLED
        assert events(made)[-3:] == ["paid_late", "refund_due", "refunded"]
        assert balance(made) == 0

    def test_second_payment_is_refunded(self) -> None:
        payment = self.payment()
        payments.confirm_payment(promotion=payment.promotion, moderator=actions.moderator())
        made = payments.record_payment(payment=payment, amount=7000, currency="EUR")
        assert (made.state, balance(made)) == (State.PAID, 7000)
        assert events(made)[-2:] == ["refund_due", "refunded"]

    def test_provider_refund_notifies_sponsor(self) -> None:
        payment = self.payment()
        made = payments.record_payment(payment=payment, amount=7000, currency="EUR")
        mail.outbox.clear()
        made = decisions.decline(promotion=made, moderator=actions.moderator(), reason="No.")
        assert events(made)[-3:] == ["declined", "refund_due", "refunded"]
        payment.refresh_from_db()
        assert (payment.refund_due, payment.refunded, payment.refund_status) == (7000, 7000, "confirmed")
        assert any("Refunded" in email.subject for email in mail.outbox)
        refunds.record_provider_refund(payment=payment, total=7000)  # a repeated report
        refunds.send_refund.call(payment.pk)
        assert (events(made).count("refunded"), balance(made)) == (1, 0)

    def test_failed_refund_is_recorded_and_done_by_hand(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(self: object, payment: Payment) -> bool:
            raise PaymentError("The card is closed.")

        monkeypatch.setattr(DummyProvider, "send_refund", broken)
        payment, moderator = self.payment(), actions.moderator()
        made = payments.record_payment(payment=payment, amount=7000, currency="EUR")
        mail.outbox.clear()
        decisions.decline(promotion=made, moderator=moderator, reason="No.")
        assert events(made)[-2:] == ["refund_due", "refund_failed"]
        assert [one.subject for one in mail.outbox if moderator.email in one.to] == [
            f"Refund due: promotion no. {made.pk}"
        ]
        refunds.record_refund(promotion=made, moderator=moderator, reason="Bank transfer.")
        assert (events(made)[-1], balance(made)) == ("refunded", 0)

    def test_refund_of_removed_provider_is_done_by_hand(self, settings: LazySettings) -> None:
        payment = self.payment()
        made = payments.record_payment(payment=payment, amount=7000, currency="EUR")
        settings.PAYMENT_VARIANTS = {}
        decisions.decline(promotion=made, moderator=actions.moderator(), reason="No.")
        assert events(made)[-1] == "refund_failed"

    def test_open_payment_continues_started_payment(self) -> None:
        payment = self.payment()
        assert payments.open_payment(promotion=payment.promotion, variant="dummy") == payment
        with time_machine.travel(timezone.now() + timedelta(hours=21)):
            assert payments.open_payment(promotion=payment.promotion, variant="dummy") != payment
        payments.record_payment_failure(payment=payment)
        assert payments.open_payment(promotion=payment.promotion, variant="dummy") != payment

    def test_everything_paid_twice_is_due_back_after_decline(self) -> None:
        first = self.payment()
        made = payments.record_payment(payment=first, amount=7000, currency="EUR", reference="one")
        made = payments.record_payment(payment=first, amount=7000, currency="EUR", reference="two")
        made = payments.record_payment(payment=first, amount=7000, currency="EUR", reference="two")
        assert (made.state, balance(made)) == (State.PAID, 7000)
        decisions.decline(promotion=made, moderator=actions.moderator(), reason="No.")
        assert [(one.amount, one.refund_due, one.refunded) for one in made.payments.all()] == [(7000, 7000, 7000)] * 2
        assert balance(made) == 0

    def test_transfer_and_card_are_both_due_back_after_decline(self) -> None:
        payment = self.payment()
        payments.confirm_payment(promotion=payment.promotion, moderator=actions.moderator())
        made = payments.record_payment(payment=payment, amount=7000, currency="EUR")
        decisions.decline(promotion=made, moderator=actions.moderator(), reason="No.")
        assert {one.variant: one.refund_due for one in made.payments.all()} == {"manual": 7000, "dummy": 7000}
        assert balance(made) == 7000  # The transfer is refunded by hand.


@pytest.mark.django_db
@pytest.mark.usefixtures("dummy")
class TestReconcile:
    """The worker is killed, or the provider gives no answer, at each step."""

    @pytest.fixture
    def payment(self) -> Payment:
        payment = payments.open_payment(promotion=actions.awaiting(), variant="dummy")
        payments.record_payment(payment=payment, amount=7000, currency="EUR")
        payment.refresh_from_db()
        return payment

    def decline(self, payment: Payment) -> None:
        decisions.decline(promotion=payment.promotion, moderator=actions.moderator(), reason="No.")
        payment.refresh_from_db()

    def later(self) -> time_machine.travel:
        return time_machine.travel(timezone.now() + timedelta(minutes=11))

    def test_refund_that_was_never_sent_is_sent(self, payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refunds.send_refund.__class__, "enqueue", lambda *_: None)
        self.decline(payment)
        assert (payment.refund_status, payment.refunded) == ("requested", 0)
        monkeypatch.undo()
        payments.reconcile()
        payment.refresh_from_db()
        assert (payment.refund_status, payment.refunded) == ("confirmed", 7000)

    def test_refund_without_answer_is_sent_again(self, payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = []

        def hangs(self: object, payment: Payment) -> bool:
            calls.append(payment.pk)
            raise TimeoutError

        monkeypatch.setattr(DummyProvider, "send_refund", hangs)
        self.decline(payment)
        payments.reconcile()  # Another worker may still be at it.
        assert (payment.refund_status, len(calls)) == ("sent", 1)
        monkeypatch.undo()
        with self.later():
            payments.reconcile()
        payment.refresh_from_db()
        assert (payment.refund_status, payment.refunded) == ("confirmed", 7000)
        assert events(payment.promotion).count("refunded") == 1

    def test_refund_that_was_made_but_not_recorded_is_not_made_again(
        self, payment: Payment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = []

        def killed(self: object, payment: Payment) -> bool:
            calls.append(payment.refund_left)
            raise SystemExit

        def check(self: object, payment: Payment) -> bool:
            refunds.record_provider_refund(payment=payment, total=sum(calls))
            return False

        monkeypatch.setattr(DummyProvider, "send_refund", killed)
        monkeypatch.setattr(DummyProvider, "check_refunds", check)
        self.decline(payment)
        assert (payment.refund_status, payment.refunded) == ("sent", 0)
        with self.later():
            payments.reconcile()
        payment.refresh_from_db()
        assert (payment.refund_status, payment.refunded, calls) == ("confirmed", 7000, [7000])

    def test_charge_without_result_fails_after_two_days(self) -> None:
        payment = payments.open_payment(promotion=actions.awaiting(), variant="dummy")
        payments.record_sent(payment=payment)
        for days, status in ((0, "sent"), (1, "sent"), (3, "failed")):
            with time_machine.travel(timezone.now() + timedelta(days=days)):
                payments.reconcile()
            payment.refresh_from_db()
            assert payment.status == status

    def test_hand_refund_of_a_payment_that_the_provider_refunds_is_refused(
        self, payment: Payment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def hangs(self: object, payment: Payment) -> bool:
            raise TimeoutError

        monkeypatch.setattr(DummyProvider, "send_refund", hangs)
        self.decline(payment)
        with pytest.raises(ActionNotAllowed, match="No refund is due"):
            refunds.record_refund(promotion=payment.promotion, moderator=actions.moderator())
