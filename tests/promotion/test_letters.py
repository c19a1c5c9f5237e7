"""Who gets which letter, once, in their language."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from articles.promotion import lifecycle
from articles.promotion.models import LedgerEntry, Notice, Promotion
from articles.promotion.tasks import send_notice
from tests import factories
from tests.promotion import making
from tests.promotion.making import DAY

pytestmark = pytest.mark.django_db


def letters() -> dict[str, list[EmailMultiAlternatives]]:
    """Address → letters, and the letter box is empty again."""
    found: dict[str, list[EmailMultiAlternatives]] = {}
    for letter in mail.outbox:
        assert isinstance(letter, EmailMultiAlternatives)
        found.setdefault(letter.to[0], []).append(letter)
    mail.outbox.clear()
    return found


def subjects() -> set[tuple[str, str]]:
    return {(to, str(one.subject)) for to, some in letters().items() for one in some}


TITLE = "We counted every street lamp"


def test_a_free_request_reaches_moderators_and_the_author() -> None:
    judge, idle = making.moderator(), factories.PersonFactory.create(is_staff=True)
    place = making.place(author_may_refuse_hours=48)
    made = making.requested(sponsor=factories.PersonFactory.create(), placement=place)
    found = letters()
    assert set(found) == {judge.email, made.article.author.email}
    assert idle.email not in found
    [to_author] = found[made.article.author.email]
    assert f"http://testserver/promotions/{made.pk}/author/" in to_author.body
    assert made.sponsor.name in to_author.body
    [to_judge] = found[judge.email]
    assert f"/admin/promotion/promotion/{made.pk}/change/" in to_judge.body


def test_a_priced_one_reaches_moderators_once_it_is_paid() -> None:
    judge = making.moderator()
    made = making.awaiting()
    assert judge.email not in letters()
    lifecycle.confirm_payment(promotion=made, moderator=judge)
    assert subjects() == {
        (made.sponsor.email, "Receipt: 70.00 EUR"),
        (judge.email, f"Request for promotion: {TITLE}"),
    }


def test_approval_reaches_sponsor_and_author() -> None:
    made = making.requested(sponsor=factories.PersonFactory.create())
    judge = making.moderator()
    letters()
    made = lifecycle.approve(promotion=made, moderator=judge)
    found = letters()
    assert set(found) == {made.sponsor.email, made.article.author.email}
    assert made.sponsor.name in found[made.article.author.email][0].body
    assert "/promotions/" not in found[made.article.author.email][0].body


@pytest.mark.parametrize(
    ("verb", "subject"),
    [("decline", f"Declined: {TITLE}"), ("revoke", f"Promotion ended by a moderator: {TITLE}")],
)
def test_no_comes_with_its_reason_and_the_refund(verb: str, subject: str) -> None:
    made = (
        making.paid() if verb == "decline" else making.approved(price=7000, wanted_start=timezone.localdate() + 3 * DAY)
    )
    letters()
    act = lifecycle.decline if verb == "decline" else lifecycle.revoke
    act(promotion=made, moderator=making.moderator(), reason="It says <nothing> new.")
    [letter] = letters()[made.sponsor.email]
    assert letter.subject == subject
    assert "It says <nothing> new." in letter.body
    assert "You get 70.00\u00a0EUR back" in letter.body
    html = str(letter.alternatives[0][0])
    assert "It says &lt;nothing&gt; new." in html
    assert "You get 70.00\u00a0EUR back" in html


def test_a_refusal_a_move_and_a_pin_are_told() -> None:
    place = making.place("beside", author_may_refuse_hours=48)
    made = making.requested(sponsor=factories.PersonFactory.create(), placement=place)
    letters()
    lifecycle.refuse(promotion=made, author=made.article.author)
    assert subjects() == {(made.sponsor.email, f"The author refused: {TITLE}")}
    later = making.approved(wanted_start=timezone.localdate() + 3 * DAY)
    letters()
    lifecycle.move_start(promotion=later, moderator=making.moderator(), start=timezone.now() + 5 * DAY)
    assert subjects() == {(later.sponsor.email, f"Your promotion starts at another time: {TITLE}")}
    article = factories.published()
    lifecycle.pin(article=article, moderator=making.moderator(), placement=making.place(), days=2)
    assert subjects() == {(article.author.email, f"The editors chose your article: {TITLE}")}


def test_each_is_sent_once_whoever_asks_and_how_often() -> None:
    making.moderator()
    making.requested()
    letters()
    for notice in Notice.objects.all():
        send_notice.call(notice.pk)
    send_notice.call(10**9)
    assert letters() == {}


def test_a_letter_that_was_forgotten_goes_out_with_the_next() -> None:
    judge = making.moderator()
    made = making.requested()
    letters()
    Notice.objects.update(mailed_at=None)  # its worker was killed
    with time_machine.travel(timezone.now() + timedelta(hours=4)):
        lifecycle.decline(promotion=made, moderator=judge, reason="No.")
    assert (judge.email, f"Request for promotion: {TITLE}") in subjects()


def test_a_closed_account_gets_none() -> None:
    made = making.requested(sponsor=factories.PersonFactory.create())
    letters()
    made.sponsor.is_active = False
    made.sponsor.save(update_fields=["is_active"])
    lifecycle.decline(promotion=made, moderator=making.moderator(), reason="No.")
    assert letters() == {}
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_in_the_readers_language() -> None:
    author = factories.PersonFactory.create(preferred_language="ru")
    article = factories.published(author)
    making.requested(
        article=article,
        sponsor=factories.PersonFactory.create(),
        placement=making.place("beside", author_may_refuse_hours=9),
    )
    [letter] = letters()[author.email]
    assert "http://testserver/ru/promotions/" in letter.body


@pytest.mark.parametrize(
    "letter",
    sorted(
        {
            "requested",
            "author_asked",
            "receipt",
            "approved",
            "pinned",
            "declined",
            "refused",
            "revoked",
            "moved",
            "refunded",
            "refund_by_hand",
        }
    ),
)
def test_every_letter_is_whole(letter: str) -> None:
    place = making.place(author_may_refuse_hours=48)
    made = making.paid(sponsor=factories.PersonFactory.create(), placement=place)
    now = timezone.now()
    Promotion.objects.filter(pk=made.pk).update(starts_at=now, ends_at=now + DAY)
    entry = LedgerEntry.objects.in_order().last()
    assert entry is not None
    for user in (made.sponsor, made.article.author):
        letters()
        send_notice.call(Notice.objects.get_or_create(entry=entry, user=user, letter=letter)[0].pk)
        Notice.objects.update(mailed_at=None)
        send_notice.call(Notice.objects.get(entry=entry, user=user, letter=letter).pk)
        [*_, one] = letters()[user.email]
        for text in (one.subject, one.body, str(one.alternatives[0][0])):
            assert text.strip()
            for broken in ("None", "{{", "{%", "&amp;amp;", "function", "  ,"):
                assert broken not in text
        assert TITLE in one.body
