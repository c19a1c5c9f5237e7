"""Emails about rows of the ledger. Each is sent once, however often its task runs: its row is locked meanwhile."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException

from django.db import transaction
from django.tasks import task
from django.utils import timezone

from accounts.models import User
from articles.promotion.models import LedgerEntry, Notification
from articles.promotion.models.payment import format_amount
from articles.promotion.services.state_machine import DECIDE_PERMISSION
from core.mail import retry_later, send_templated_email

Kind = Notification.Kind
# After that time an email that is still pending was lost with its worker.
PENDING_TIMEOUT = timedelta(hours=3)


def notify(entry: LedgerEntry, kind: str, *users: User) -> None:
    """Create one email to each user about a row of the ledger, in the transaction of the row."""
    for user in dict.fromkeys(users):
        notification = Notification.objects.create(entry=entry, user=user, kind=kind)
        send_notification.enqueue(notification.pk)
    # A few emails whose worker was killed; their task does not run again by itself.
    lost = Notification.objects.filter(sent_at=None, entry__at__lt=timezone.now() - PENDING_TIMEOUT)
    for pk in lost.values_list("pk", flat=True)[:5]:
        send_notification.enqueue(pk)


def notify_moderators(entry: LedgerEntry, kind: str) -> None:
    """Notify all users who can decide on promotions."""
    backend = "django.contrib.auth.backends.ModelBackend"
    moderators = User.objects.with_perm(DECIDE_PERMISSION, backend=backend).filter(is_staff=True)
    notify(entry, kind, *moderators.order_by("pk"))


@task()
def send_notification(notification_id: int, attempt: int = 1) -> None:
    """Send one pending email."""
    try:
        with transaction.atomic():
            notification = (
                Notification.objects.select_for_update(of=("self",), no_key=True)
                .select_related(
                    "user",
                    "entry__promotion__article__live",
                    "entry__promotion__article__author",
                    "entry__promotion__placement",
                    "entry__promotion__sponsor",
                )
                .filter(pk=notification_id, sent_at=None)
                .first()
            )
            if notification is None:
                return
            if notification.user.is_active:
                _send(notification)
            notification.sent_at = timezone.now()
            notification.save(update_fields=["sent_at"])
    except (OSError, SMTPException):
        if not retry_later(send_notification, notification_id, attempt=attempt):
            raise


def _send(notification: Notification) -> None:
    entry = notification.entry
    promotion = entry.promotion
    refund = 0
    if notification.kind in {Kind.DECLINED, Kind.REFUSED, Kind.REVOKED} and notification.user == promotion.sponsor:
        due = promotion.ledger.filter(event=entry.Event.REFUND_DUE, number__gte=entry.number)
        refund = -sum(due.values_list("amount", flat=True))
    send_templated_email(
        to=notification.user,
        template="promotion/mail/notification",
        context={
            "kind": notification.kind,
            "to_moderator": notification.kind in {Kind.REQUESTED, Kind.REFUND_BY_HAND},
            "entry": entry,
            "promotion": promotion,
            "title": str(promotion.article),
            # Functions, because amounts depend on the recipient's language.
            "amount": lambda: format_amount(abs(entry.amount), entry.currency),
            "refund": lambda: format_amount(refund, entry.currency) if refund else "",
        },
    )
