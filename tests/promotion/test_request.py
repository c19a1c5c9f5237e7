"""Asking for an article to be put forward: by whom, for what, once, and who is told."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import publishing
from articles.promotion.models import Promotion
from articles.promotion.services import request_promotion
from articles.promotion.tasks import tell_moderators
from articles.publishing import NotPossible
from tests import factories
from tests.moderation.people import administrator, moderator
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


def test_anyone_may_ask_for_anyone_s_article() -> None:
    article, reader = factories.published(), factories.PersonFactory.create()
    made = request_promotion(article=article, sponsor=reader, message="  Everyone should know.  ")
    assert (made.article, made.sponsor, made.state) == (article, reader, Promotion.State.REQUESTED)
    assert made.message == "Everyone should know."
    request_promotion(article=article, sponsor=article.author)
    assert Promotion.objects.count() == 2


def test_asked_twice_it_is_one_request_and_one_letter() -> None:
    moderator()
    article, reader = factories.published(), factories.PersonFactory.create()
    first = request_promotion(article=article, sponsor=reader, message="First.")
    second = request_promotion(article=article, sponsor=reader, message="Second.")
    assert (second.pk, second.message) == (first.pk, "First.")
    assert len(mail.outbox) == 1


def test_after_a_decision_one_may_ask_again() -> None:
    article, reader = factories.published(), factories.PersonFactory.create()
    first = request_promotion(article=article, sponsor=reader)
    Promotion.objects.filter(pk=first.pk).update(state=Promotion.State.DECLINED)
    assert request_promotion(article=article, sponsor=reader).pk != first.pk


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_only_what_readers_see_is_put_forward(make: type) -> None:
    with pytest.raises(NotPossible, match="published"):
        request_promotion(article=make(), sponsor=factories.PersonFactory.create())
    assert not Promotion.objects.exists()


def test_an_article_that_was_hidden_or_deleted_meanwhile_is_refused() -> None:
    article, reader = factories.published(), factories.PersonFactory.create()
    publishing.hide(article=article)  # `article` itself still says "published".
    with pytest.raises(NotPossible, match="published"):
        request_promotion(article=article, sponsor=reader)


def test_suspended_people_and_long_messages_are_refused() -> None:
    article = factories.published()
    loud = factories.PersonFactory.create(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(NotPossible, match="suspended"):
        request_promotion(article=article, sponsor=loud)
    with pytest.raises(NotPossible, match="1000"):
        request_promotion(article=article, sponsor=factories.PersonFactory.create(), message="x" * 1001)


def test_all_who_look_after_promotions_are_told_in_their_language_once() -> None:
    told = [moderator(), moderator(preferred_language="ru"), administrator()]
    moderator(is_active=False)
    factories.PersonFactory.create(is_staff=True)
    article = factories.published(title="Lamps & benches")

    made = request_promotion(article=article, sponsor=factories.PersonFactory.create(), message="<b>Please</b>")
    tell_moderators.call(made.pk)

    assert sorted(one.to[0] for one in mail.outbox) == sorted(one.email for one in told)
    by_address = {one.to[0]: one for one in mail.outbox}
    letter = by_address[told[0].email]
    assert letter.subject == "Request for promotion: Lamps & benches"
    assert "<b>Please</b>" in letter.body
    assert f"http://testserver/admin/promotion/promotion/{made.pk}/change/" in letter.body
    assert f"http://testserver/ru/admin/promotion/promotion/{made.pk}/change/" in by_address[told[1].email].body


# --- The page -------------------------------------------------------------------------------------


def test_the_page_shows_the_article_and_takes_the_request(client: Client) -> None:
    moderator()
    article, reader = factories.published(title="Lamps by night"), factories.PersonFactory.create()
    client.force_login(reader)
    address = f"/articles/{article.pk}/promote/"

    page = client.get(address)
    assert "Lamps by night" in page.text
    assert "always labelled" in page.text
    assert "no-store" in page["Cache-Control"]
    assert not Promotion.objects.exists()

    for _ in range(2):  # the button pressed twice
        page = client.post(address, {"message": "Everyone should know."}, follow=True)
        assert page.redirect_chain[-1][0] == address
    assert "the moderators have your request" in page.text
    assert "Everyone should know." in page.text
    assert "<textarea" not in page.text
    assert Promotion.objects.count() == 1
    assert len(mail.outbox) == 1


def test_who_is_not_signed_in_logs_in_and_comes_back(client: Client) -> None:
    article = factories.published()
    address = f"/articles/{article.pk}/promote/"
    for response in (client.get(address), client.post(address, {"message": "x"})):
        assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={address}")
    assert not Promotion.objects.exists()
    ru = client.get(f"/ru{address}")
    assert ru["Location"] == f"/ru/accounts/login/?next=/ru{address}"


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
@pytest.mark.parametrize("signed_in", [True, False])
def test_what_readers_do_not_see_is_not_found(make: type, signed_in: bool, client: Client) -> None:
    article = make()
    if signed_in:
        client.force_login(article.author)
    assert client.get(f"/articles/{article.pk}/promote/").status_code == 404
    assert client.post(f"/articles/{article.pk}/promote/").status_code == 404


def test_nothing_there_is_not_found(client: Client) -> None:
    assert client.get("/articles/999/promote/").status_code == 404
    assert client.get(f"/articles/{'9' * 30}/promote/").status_code == 404


def test_a_refusal_is_a_sentence_and_keeps_what_was_typed(client: Client) -> None:
    article, reader = factories.published(), factories.PersonFactory.create()
    client.force_login(reader)
    for message in ("x" * 1001, "with a null\x00"):
        response = client.post(f"/articles/{article.pk}/promote/", {"message": message})
        assert list(response.context["form"].errors) == ["message"]
    assert "with a null" in response.text

    reader.suspended_until = timezone.now() + timedelta(days=1)
    reader.save(update_fields=["suspended_until"])
    response = client.post(f"/articles/{article.pk}/promote/", {"message": "Please."})
    assert "Your account is suspended" in response.text
    assert "Please." in response.text
    assert not Promotion.objects.exists()


def test_requests_have_a_limit(client: Client) -> None:
    client.force_login(factories.PersonFactory.create())
    address = f"/articles/{factories.published().pk}/promote/"
    answers = [client.post(address).status_code for _ in range(12)]
    assert answers[:10] == [302] * 10
    assert answers[10:] == [429, 429]
    assert client.put(address).status_code == 405


# --- The admin ------------------------------------------------------------------------------------


def test_moderators_read_requests_and_nobody_edits_them(client: Client) -> None:
    made = request_promotion(
        article=factories.published(title="Lamps"), sponsor=factories.PersonFactory.create(), message="Please do."
    )
    client.force_login(moderator())
    page = client.get("/admin/promotion/promotion/?state__exact=requested&q=lamps").text
    assert "Requested" in page
    assert "Please do." in page
    address = f"/admin/promotion/promotion/{made.pk}/change/"
    assert made.article.get_absolute_url() in client.get(address).text

    client.force_login(administrator())
    assert client.post(address, {"state": "approved"}).status_code == 403
    assert client.get("/admin/promotion/promotion/add/").status_code == 403
    assert client.post(f"/admin/promotion/promotion/{made.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_longer_list_costs_no_more(client: Client) -> None:
    def ask(count: int) -> None:
        for _ in range(count):
            request_promotion(article=factories.published(), sponsor=factories.PersonFactory.create())

    client.force_login(moderator())
    ask(5)
    client.get("/admin/promotion/promotion/")
    with CaptureQueriesContext(connection) as few:
        client.get("/admin/promotion/promotion/")
    ask(10)
    with CaptureQueriesContext(connection) as many:
        assert client.get("/admin/promotion/promotion/").context["cl"].result_count == 15
    assert len(few) == len(many) <= 12


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs real parallel connections")
def test_asked_many_times_at_once_it_is_one_request_and_one_letter() -> None:
    moderator()
    article, reader = factories.published(), factories.PersonFactory.create()
    raised = at_once([partial(request_promotion, article=article, sponsor=reader)] * 6)
    assert raised == [None] * 6
    assert Promotion.objects.count() == 1
    assert len(mail.outbox) == 1
