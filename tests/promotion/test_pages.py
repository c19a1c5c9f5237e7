"""The pages of sponsors, and of authors who are asked."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.messages import get_messages
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from articles.promotion.models import Plan, Promotion
from articles.promotion.services import decisions
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import DAY
from tests.promotion.test_admin_queue import changed

pytestmark = pytest.mark.django_db
State = Promotion.State


@pytest.fixture
def dummy(settings: LazySettings) -> None:
    settings.PAYMENTS = "dummy"
    settings.PAYMENT_VARIANTS = {
        **settings.PAYMENT_VARIANTS,
        "dummy": ("articles.promotion.payments.DummyProvider", {}),
    }


@pytest.fixture(autouse=True)
def _only_our_plans() -> None:
    Plan.objects.all().delete()


def at(name: str, pk: int) -> str:
    return reverse(name, kwargs={"pk": pk})


def form(plan: Plan, **changes: Any) -> dict[str, Any]:
    return {"plan": str(plan.pk), "message": "", "terms": "on", "form_key": str(uuid.uuid4()), **changes}


class TestAsking:
    def test_anonymous_user_is_redirected_to_login(self, client: Client) -> None:
        article = factories.published()
        answer = client.get(at("promote", article.pk))
        assert answer.status_code == 302
        assert answer["Location"].endswith(f"?next=/articles/{article.pk}/promote/")

    def test_promote_page_shows_card_plans_and_free_dates(self, client: Client) -> None:
        article = factories.published()
        place = actions.place(capacity=1)
        running = actions.approved(plan=actions.plan(place, name="Taken", days=10))
        actions.plan(actions.place("beside"), name="Beside", price=1250, terms="Be honest, please.")
        actions.plan(place, name="Not offered", is_offered=False)
        client.force_login(factories.UserFactory.create())
        page = client.get(at("promote", article.pk)).content.decode()
        assert article.live is not None
        for words in (
            article.live.title,
            "Taken",
            "Beside",
            "12.50\u00a0EUR",
            "free",
            "Be honest, please.",
            "Promoted",
        ):
            assert words in page
        assert "Not offered" not in page
        assert running.ends_at is not None
        assert timezone.localtime(running.ends_at).strftime("%-d %B %Y") in page
        assert "is notified and can refuse" in page

    @pytest.mark.parametrize("article", [factories.draft, factories.hidden])
    def test_promote_page_of_unpublished_article_is_404(self, client: Client, article: Any) -> None:
        client.force_login(factories.UserFactory.create())
        assert client.get(at("promote", article().pk)).status_code == 404

    def test_free_request_redirects_to_promotion(self, client: Client) -> None:
        article, plan, sponsor = factories.published(), actions.plan(), factories.UserFactory.create()
        client.force_login(sponsor)
        answer = client.post(at("promote", article.pk), form(plan, message="Please read it."))
        made = Promotion.objects.get()
        assert answer["Location"] == at("promotion", made.pk)
        assert (made.sponsor, made.message, made.state) == (sponsor, "Please read it.", State.REQUESTED)
        assert "You already promote this article" in client.get(at("promote", article.pk)).content.decode()

    def test_paid_request_redirects_to_payment(self, client: Client) -> None:
        article, plan = factories.published(), actions.plan(price=1250)
        client.force_login(article.author)
        answer = client.post(at("promote", article.pk), form(plan, price="1", currency="JPY", kind="free"))
        made = Promotion.objects.get()
        assert answer["Location"] == at("promotion_pay", made.pk)
        assert (made.price, made.currency, made.kind) == (1250, "EUR", "paid")

    def test_form_sent_twice_makes_one_promotion(self, client: Client) -> None:
        article, plan = factories.published(), actions.plan()
        client.force_login(article.author)
        sent = form(plan)
        one, two = (client.post(at("promote", article.pk), sent) for _ in range(2))
        assert one["Location"] == two["Location"]
        assert Promotion.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"terms": ""}, "accept the terms of the plan"),
            ({"plan": ""}, "Choose a plan"),
            ({"plan": "999999"}, "valid choice"),
            ({"plan": "x' OR 1"}, "valid choice"),
            ({"wanted_start": "2020-01-01"}, "This date is in the past"),
            ({"wanted_start": "9999-12-31"}, "in the next 60 days"),
            ({"wanted_start": "soon"}, "valid date"),
            ({"message": "x" * 1001}, "at most 1000"),
            ({"form_key": "nonsense"}, "valid UUID"),
        ],
    )
    def test_refused_request_shows_error_at_field_and_input(
        self, client: Client, changes: dict[str, str], words: str
    ) -> None:
        article, plan = factories.published(), actions.plan()
        client.force_login(article.author)
        answer = client.post(at("promote", article.pk), {**form(plan, message="My own words"), **changes})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert words in page
        assert "My own words" in page or "message" in changes
        assert not Promotion.objects.exists()

    def test_plan_withdrawn_meanwhile_shows_error(self, client: Client) -> None:
        article, plan = factories.published(), actions.plan()
        actions.plan()
        client.force_login(article.author)
        sent = form(plan)
        Plan.objects.filter(pk=plan.pk).delete()
        assert client.post(at("promote", article.pk), sent).status_code == 200

    def test_promote_page_of_author_who_opted_out(self, client: Client) -> None:
        author = factories.UserFactory.create(allows_promotion_by_others=False)
        article, plan = factories.published(author), actions.plan()
        client.force_login(factories.UserFactory.create())
        assert "does not allow others" in client.get(at("promote", article.pk)).content.decode()
        assert client.post(at("promote", article.pk), form(plan)).status_code == 200
        assert not Promotion.objects.exists()

    def test_promote_page_without_plans(self, client: Client) -> None:
        client.force_login(factories.UserFactory.create())
        page = client.get(at("promote", factories.published().pk)).content.decode()
        assert "No promotions are available at the moment" in page

    def test_promote_page_query_count_does_not_grow(
        self, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        place = actions.place()
        for _ in range(3):
            actions.approved(plan=actions.plan(place))
        for _ in range(5):
            actions.plan(actions.place("beside"))
        client.force_login(factories.UserFactory.create())
        article = factories.published()
        client.get(at("promote", article.pk))
        with django_assert_max_num_queries(8):
            client.get(at("promote", article.pk))


class TestTheSponsorsPage:
    @pytest.mark.parametrize("name", ["promotion", "promotion_pay", "promotion_cancel", "promotion_author"])
    def test_sponsor_pages_are_404_for_others(self, client: Client, name: str) -> None:
        made = actions.awaiting()
        assert client.get(at(name, made.pk)).status_code == 302
        client.force_login(actions.moderator())
        send = client.post if name == "promotion_cancel" else client.get
        assert send(at(name, made.pk)).status_code == 404
        assert send(at(name, 10**9)).status_code == 404

    def test_promotion_page_shows_history(self, client: Client) -> None:
        made = actions.approved(price=7000)
        decisions.revoke(promotion=made, moderator=actions.moderator(), reason="It misleads <b>readers</b>.")
        client.force_login(made.sponsor)
        page = client.get(at("promotion", made.pk)).content.decode()
        for words in ("Requested", "Paid", "Approved", "Revoked", "Refund due", "70.00\u00a0EUR", "It misleads"):
            assert words in page
        assert "<b>readers</b>" not in page
        assert "Cancel the promotion" not in page

    def test_promotion_page_after_end(self, client: Client) -> None:
        made = actions.approved()
        Promotion.objects.filter(pk=made.pk).update(
            starts_at=timezone.now() - 8 * DAY, ends_at=timezone.now() - timedelta(seconds=1)
        )
        client.force_login(made.sponsor)
        assert "It ended on" in client.get(at("promotion", made.pk)).content.decode()
        made.refresh_from_db()
        assert made.state == State.APPROVED  # Reading a page writes nothing.

    def test_cancel_shows_refund(self, client: Client) -> None:
        made = actions.paid()
        client.force_login(made.sponsor)
        assert "you get a refund of 70.00\u00a0EUR" in client.get(at("promotion", made.pk)).content.decode()
        assert client.get(at("promotion_cancel", made.pk)).status_code == 405
        for _ in range(2):
            answer = client.post(at("promotion_cancel", made.pk), {"reason": "Changed my mind."})
            assert answer["Location"] == at("promotion", made.pk)
        made.refresh_from_db()
        assert made.state == State.CANCELLED
        assert made.ledger.filter(event="refund_due").count() == 1

    def test_cancel_with_too_long_reason_shows_input(self, client: Client) -> None:
        made = actions.requested()
        client.force_login(made.sponsor)
        answer = client.post(at("promotion_cancel", made.pk), {"reason": "x" * 2001})
        assert "x" * 2001 in answer.content.decode()
        made.refresh_from_db()
        assert made.state == State.REQUESTED

    def test_editing_a_promoted_article_announces_the_pause(self, client: Client) -> None:
        made = actions.approved(price=7000)
        client.force_login(made.article.author)
        page = reverse("my_article_edit", kwargs={"pk": made.article_id})
        assert "This time is not refunded." in client.get(page).text
        changed(made)
        assert "This time is not refunded." in client.get(at("promotion", made.pk)).text
        decisions.revoke(promotion=made, moderator=actions.moderator(), reason="No.")
        assert "This time is not refunded." not in client.get(page).text


class TestPaying:
    def test_pay_page_without_instructions_says_who_sends_them(self, client: Client) -> None:
        moderator, made = actions.moderator(), actions.awaiting()
        client.force_login(made.sponsor)
        assert f"will send the instructions to {made.sponsor.email}" in client.get(at("promotion_pay", made.pk)).text
        [email] = mail.outbox
        assert (email.to, email.subject) == ([moderator.email], f"Transfer expected: promotion no. {made.pk}")

    def test_pay_page_explains_transfer(self, client: Client, settings: LazySettings) -> None:
        settings.PAYMENT_INSTRUCTIONS = "IBAN AM00 1234\nSpokesperson <Ltd>"
        made = actions.awaiting()
        client.force_login(made.sponsor)
        page = client.get(at("promotion_pay", made.pk)).content.decode()
        for words in ("70.00\u00a0EUR", f"Promotion no. {made.pk}", "IBAN AM00 1234", "Spokesperson &lt;Ltd&gt;"):
            assert words in page
        client.post(at("promotion_pay", made.pk))
        made.refresh_from_db()
        assert made.state == State.AWAITING_PAYMENT

    @pytest.mark.usefixtures("dummy")
    def test_dummy_provider_pays(self, client: Client) -> None:
        made = actions.awaiting()
        client.force_login(made.sponsor)
        assert "You will not be charged" in client.get(at("promotion_pay", made.pk)).content.decode()
        answer = client.post(at("promotion_pay", made.pk), {"outcome": "paid"})
        assert answer["Location"] == f"http://testserver{at('promotion', made.pk)}"
        made.refresh_from_db()
        assert made.state == State.PAID
        assert client.get(at("promotion_pay", made.pk))["Location"] == at("promotion", made.pk)
        client.post(at("promotion_pay", made.pk), {"outcome": "paid"})
        assert made.payments.count() == 1

    @pytest.mark.usefixtures("dummy")
    @pytest.mark.parametrize("outcome", ["declined", "nonsense", ""])
    def test_dummy_provider_declines(self, client: Client, outcome: str) -> None:
        made = actions.awaiting()
        client.force_login(made.sponsor)
        answer = client.post(at("promotion_pay", made.pk), {"outcome": outcome})
        if outcome == "declined":
            assert "payment failed" in str(next(iter(get_messages(answer.wsgi_request))))
        made.refresh_from_db()
        assert made.state == State.AWAITING_PAYMENT
        client.post(at("promotion_pay", made.pk), {"outcome": "paid"})
        made.refresh_from_db()
        assert made.state == State.PAID

    @pytest.mark.usefixtures("dummy")
    def test_payment_url_parameters_are_ignored(self, client: Client) -> None:
        """The library's own dummy provider trusts them."""
        from articles.promotion.services.payments import open_payment

        made = actions.awaiting()
        payment = open_payment(promotion=made, variant="dummy")
        client.get(reverse("process_payment", kwargs={"token": payment.token}) + "?verification_result=confirmed")
        client.post(reverse("process_payment", kwargs={"token": payment.token}), {"status": "confirmed"})
        made.refresh_from_db()
        assert made.state == State.AWAITING_PAYMENT


class TestTheAuthor:
    @pytest.fixture
    def asked(self) -> Promotion:
        place = actions.place(author_can_refuse_hours=48)
        return actions.requested(sponsor=factories.UserFactory.create(), placement=place)

    def test_author_agrees(self, client: Client, asked: Promotion) -> None:
        client.force_login(asked.article.author)
        page = client.get(at("promotion_author", asked.pk)).content.decode()
        assert asked.sponsor.name in page
        assert "Refuse" in page
        client.post(at("promotion_author", asked.pk), {"answer": "agree"})
        asked.refresh_from_db()
        assert asked.author_agreed_at is not None
        assert "You agreed on" in client.get(at("promotion_author", asked.pk)).content.decode()

    def test_author_refuses(self, client: Client, asked: Promotion) -> None:
        client.force_login(asked.article.author)
        client.post(at("promotion_author", asked.pk), {"answer": "refuse", "reason": "No, thank you."})
        asked.refresh_from_db()
        assert asked.state == State.DECLINED
        answer = client.post(at("promotion_author", asked.pk), {"answer": "refuse"})
        assert "no longer possible" in answer.content.decode()
        assert "No answer is needed" in client.get(at("promotion_author", asked.pk)).content.decode()

    @pytest.mark.parametrize("answer", ["", "perhaps"])
    def test_invalid_answer_is_refused(self, client: Client, asked: Promotion, answer: str) -> None:
        client.force_login(asked.article.author)
        assert client.post(at("promotion_author", asked.pk), {"answer": answer}).status_code == 200
        asked.refresh_from_db()
        assert (asked.state, asked.author_agreed_at) == (State.REQUESTED, None)

    def test_author_page_is_404_for_sponsor(self, client: Client, asked: Promotion) -> None:
        client.force_login(asked.sponsor)
        assert client.get(at("promotion_author", asked.pk)).status_code == 404

    def test_author_opts_out_in_profile(self, client: Client) -> None:
        author = factories.UserFactory.create()
        client.force_login(author)
        values = {"display_name": "Anna", "biography": "", "preferred_language": "en"}
        client.post(reverse("account_profile"), values)
        author.refresh_from_db()
        assert not author.allows_promotion_by_others
        client.post(reverse("account_profile"), {**values, "allows_promotion_by_others": "on"})
        author.refresh_from_db()
        assert author.allows_promotion_by_others
