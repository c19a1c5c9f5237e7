"""Who gets which email, once, in their language."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from django.utils.formats import date_format

from articles.promotion.models import LedgerEntry, Promotion
from articles.promotion.services import decisions, payments, requests
from articles.promotion.services.notifications import Kind, notify
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import DAY

pytestmark = pytest.mark.django_db


def sent_emails() -> dict[str, list[EmailMultiAlternatives]]:
    """Return the emails sent since the last call, by address."""
    found: dict[str, list[EmailMultiAlternatives]] = {}
    for email in mail.outbox:
        assert isinstance(email, EmailMultiAlternatives)
        found.setdefault(email.to[0], []).append(email)
    mail.outbox.clear()
    return found


def subjects() -> set[tuple[str, str]]:
    return {(to, str(one.subject)) for to, some in sent_emails().items() for one in some}


TITLE = "We counted every street lamp"


def test_free_request_notifies_moderators_and_author() -> None:
    moderator, idle = actions.moderator(), factories.UserFactory.create(is_staff=True)
    place = actions.place(author_can_refuse_hours=48)
    made = actions.requested(sponsor=factories.UserFactory.create(), placement=place)
    found = sent_emails()
    assert set(found) == {moderator.email, made.article.author.email}
    assert idle.email not in found
    [to_author] = found[made.article.author.email]
    assert f"http://testserver/promotions/{made.pk}/author/" in to_author.body
    assert made.sponsor.name in to_author.body
    [to_judge] = found[moderator.email]
    assert f"/admin/promotion/promotion/{made.pk}/change/" in to_judge.body


def test_paid_request_notifies_moderators_after_payment(settings: LazySettings) -> None:
    settings.PAYMENT_INSTRUCTIONS = "IBAN AM00"
    moderator = actions.moderator()
    made = actions.awaiting()
    assert moderator.email not in sent_emails()
    payments.confirm_payment(promotion=made, moderator=moderator)
    assert subjects() == {
        (made.sponsor.email, "Receipt: 70.00 EUR"),
        (moderator.email, f"Promotion request: {TITLE}"),
    }


def test_moderators_are_asked_for_instructions_if_the_site_has_none() -> None:
    moderator = actions.moderator()
    made = actions.awaiting()
    [email] = sent_emails()[moderator.email]
    assert email.subject == f"Transfer expected: promotion no. {made.pk}"
    assert made.sponsor.email in email.body
    assert "70.00\u00a0EUR" in email.body


def test_approval_notifies_sponsor_and_author() -> None:
    made = actions.requested(sponsor=factories.UserFactory.create())
    moderator = actions.moderator()
    sent_emails()
    made = decisions.approve(promotion=made, moderator=moderator)
    found = sent_emails()
    assert set(found) == {made.sponsor.email, made.article.author.email}
    assert made.sponsor.name in found[made.article.author.email][0].body
    assert "/promotions/" not in found[made.article.author.email][0].body


@pytest.mark.parametrize(
    ("action", "subject"),
    [("decline", f"Declined: {TITLE}"), ("revoke", f"Promotion ended by a moderator: {TITLE}")],
)
def test_decline_and_revoke_emails_have_reason_and_refund(action: str, subject: str) -> None:
    made = (
        actions.paid()
        if action == "decline"
        else actions.approved(price=7000, wanted_start=timezone.localdate() + 3 * DAY)
    )
    sent_emails()
    act = decisions.decline if action == "decline" else decisions.revoke
    act(promotion=made, moderator=actions.moderator(), reason="It says <nothing> new.")
    [email] = sent_emails()[made.sponsor.email]
    assert email.subject == subject
    assert "It says <nothing> new." in email.body
    assert "You will get a refund of 70.00\u00a0EUR" in email.body
    html = str(email.alternatives[0][0])
    assert "It says &lt;nothing&gt; new." in html
    assert "You will get a refund of 70.00\u00a0EUR" in html


def test_refusal_move_and_editorial_pick_are_notified() -> None:
    place = actions.place("beside", author_can_refuse_hours=48)
    made = actions.requested(sponsor=factories.UserFactory.create(), placement=place)
    sent_emails()
    requests.author_refuses(promotion=made, author=made.article.author)
    assert subjects() == {(made.sponsor.email, f"The author refused: {TITLE}")}
    later = actions.approved(wanted_start=timezone.localdate() + 3 * DAY)
    sent_emails()
    decisions.move_start(promotion=later, moderator=actions.moderator(), start=timezone.now() + 5 * DAY)
    assert subjects() == {(later.sponsor.email, f"New start of your promotion: {TITLE}")}
    article = factories.published()
    decisions.create_editorial_pick(article=article, moderator=actions.moderator(), placement=actions.place(), days=2)
    assert subjects() == {(article.author.email, f"The editors have chosen your article: {TITLE}")}


def test_email_to_the_author_names_the_deadline() -> None:
    place = actions.place("beside", author_can_refuse_hours=48)
    made = actions.requested(sponsor=factories.UserFactory.create(), placement=place)
    assert made.author_can_refuse_until is not None
    deadline = date_format(timezone.localtime(made.author_can_refuse_until), "j F Y, H:i")
    [email] = sent_emails()[made.article.author.email]
    assert f"refuse until {deadline}" in email.body
    assert f"refuse until {deadline}" in str(email.alternatives[0][0])


def test_inactive_user_gets_no_email() -> None:
    made = actions.requested(sponsor=factories.UserFactory.create())
    sent_emails()
    made.sponsor.is_active = False
    made.sponsor.save(update_fields=["is_active"])
    decisions.decline(promotion=made, moderator=actions.moderator(), reason="No.")
    assert sent_emails() == {}


def test_email_is_in_the_recipients_language() -> None:
    author = factories.UserFactory.create(preferred_language="ru")
    article = factories.published(author)
    actions.requested(
        article=article,
        sponsor=factories.UserFactory.create(),
        placement=actions.place("beside", author_can_refuse_hours=9),
    )
    [email] = sent_emails()[author.email]
    assert "http://testserver/ru/promotions/" in email.body


def test_email_of_refused_action_is_not_sent() -> None:
    made = actions.paid()
    sent_emails()
    with pytest.raises(ActionNotAllowed):
        decisions.decline(promotion=made, moderator=actions.moderator(), reason="x" * 3000)
    assert sent_emails() == {}


@pytest.mark.parametrize("language", ["en", "ru", "hy"])
@pytest.mark.parametrize("kind", Kind)
def test_every_email_is_complete(kind: Kind, language: str) -> None:
    place = actions.place(author_can_refuse_hours=48)
    made = actions.paid(sponsor=factories.UserFactory.create(), placement=place)
    now = timezone.now()
    Promotion.objects.filter(pk=made.pk).update(starts_at=now, ends_at=now + DAY)
    entry = LedgerEntry.objects.last()
    assert entry is not None
    for user in (made.sponsor, made.article.author):
        user.preferred_language = language
        sent_emails()
        notify(entry, kind, user, user)
        [one] = sent_emails()[user.email]
        for text in (one.subject, one.body, str(one.alternatives[0][0])):
            assert text.strip()
            for broken in ("None", "{{", "{%", "&amp;amp;", "function", "  ,"):
                assert broken not in text
        assert TITLE in one.body
