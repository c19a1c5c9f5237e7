"""A mail server or a payment provider accepts connections and says nothing: the site writes, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from articles.models import Article
from articles.promotion.models import Payment
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.services import decisions, payments
from core.mail import enqueue_email
from core.models import PendingEmail
from tests import factories
from tests.articles.author_form import filled
from tests.articles.test_author_edit import NEW
from tests.promotion import actions
from tests.promotion.actions import events
from tests.promotion.stripe_server import StripeServer
from tests.smtp_server import SmtpServer
from tests.workers.conftest import Workers

pytestmark = pytest.mark.django_db(transaction=True)


def enqueue(address: str) -> None:
    enqueue_email(to=address, template="account/email/email_confirm", context={"ip": "", "user_agent": ""})


@pytest.fixture(params=["email", "refund", "charge"])
def hanging(
    request: pytest.FixtureRequest, workers: Workers, mail_server: SmtpServer, provider_server: StripeServer
) -> Iterator[Callable[[], None]]:
    """Start a process that waits for a server; return what lets the server answer, and checks the result."""
    server = mail_server if request.param == "email" else provider_server
    made = actions.awaiting()
    payment = payments.open_payment(promotion=made, variant="stripe")
    call: list[object] = ["run_tasks"]
    if request.param == "email":
        enqueue("waits@example.org")
    elif request.param == "refund":
        payments.record_payment(payment=payment, amount=7000, currency="EUR", reference=f"pi_{payment.token}")
        decisions.decline(promotion=made, moderator=actions.moderator(), reason="No.")
    else:
        call = ["start_payment", made.pk]
    server.is_up.clear()
    server.asked.clear()
    workers.start(*call)
    assert server.asked.wait(30)

    def finish() -> None:
        assert workers.is_running(), "everything before has happened while the server was silent"
        server.is_up.set()
        assert workers.wait() == 0
        payment.refresh_from_db()
        if request.param == "email":
            assert mail_server.recipients.count("waits@example.org") == 1
            assert not PendingEmail.objects.filter(to="waits@example.org").exists()
        elif request.param == "refund":
            assert (payment.refunded, payment.refund_status) == (7000, Payment.Status.CONFIRMED)
            assert events(made).count("refunded") == 1
        else:
            assert payment.status == Payment.Status.SENT
            assert payment.attrs.sessions
        assert verify_ledger() is None

    yield finish
    server.is_up.set()


def test_users_write_while_a_server_hangs(hanging: Callable[[], None], client: Client) -> None:
    article, reader = factories.published(), factories.UserFactory.create()
    client.force_login(reader)
    assert client.post(f"/articles/{article.pk}/vote/", {"vote": "1"}).status_code == 303
    assert client.post(NEW, filled(title="Written meanwhile")).status_code == 302
    # Also what concerns promotions and moderators.
    approved = actions.approved()
    enqueue(reader.email)
    article.refresh_from_db()
    assert article.likes == 1
    assert Article.objects.filter(latest__title="Written meanwhile", author=reader).exists()
    assert events(approved)[-1] == "approved"
    hanging()
