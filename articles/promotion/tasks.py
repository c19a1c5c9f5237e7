"""Letters of the promotion. Each is sent once, whoever runs the task and how often: the row is locked meanwhile."""

from __future__ import annotations

from smtplib import SMTPException

from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone

from articles.promotion.models import Notice
from articles.promotion.money import exact
from core.mail import absolute_url, retry_later, send_templated_email
from core.models import SiteSettings


@task()
def send_notice(notice_id: int, attempt: int = 1) -> None:
    """Send one letter that is owed to one person."""
    try:
        with transaction.atomic():
            notice = (
                Notice.objects.select_for_update(of=("self",), no_key=True)
                .select_related(
                    "user",
                    "entry__actor",
                    "entry__promotion__article__live",
                    "entry__promotion__article__author",
                    "entry__promotion__placement",
                    "entry__promotion__sponsor",
                )
                .filter(pk=notice_id, mailed_at=None)
                .first()
            )
            if notice is None:
                return
            if notice.user.is_active:
                _send(notice)
            notice.mailed_at = timezone.now()
            notice.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not retry_later(send_notice, notice_id, attempt=attempt):
            raise


def _send(notice: Notice) -> None:
    entry = notice.entry
    promotion = entry.promotion
    due = -sum(
        promotion.ledger.filter(event=entry.Event.REFUND_DUE, number__gte=entry.number).values_list("amount", flat=True)
    )
    send_templated_email(
        to=notice.user,
        template="promotion/mail/notice",
        context={
            "site": SiteSettings.current(),
            "letter": f"promotion/mail/_{notice.letter}.txt",
            "subject": f"promotion/mail/_{notice.letter}_subject.txt",
            "button": notice.letter,
            "entry": entry,
            "promotion": promotion,
            "title": str(promotion.article),
            # Functions, so that numbers and addresses are made in the reader's language.
            "amount": lambda: exact(abs(entry.amount), entry.currency),
            "refund": lambda: exact(due, entry.currency) if due else "",
            "article_url": lambda: absolute_url(promotion.article.get_absolute_url()),
            "promotion_url": lambda: absolute_url(promotion.get_absolute_url()),
            "author_url": lambda: absolute_url(reverse("promotion_author", kwargs={"pk": promotion.pk})),
            "admin_url": lambda: absolute_url(reverse("admin:promotion_promotion_change", args=[promotion.pk])),
        },
    )
