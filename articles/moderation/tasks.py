"""Emails about decisions and suspensions. A row is locked while its email is sent, so that each is sent once."""

from __future__ import annotations

from collections.abc import Callable
from smtplib import SMTPException

from django.db import transaction
from django.db.models import QuerySet
from django.tasks import Task, task
from django.urls import reverse
from django.utils import timezone

from articles.moderation.models import Decision, Suspension
from core.mail import absolute_url, retry_later, send_templated_email


@task()
def email_decision(decision_id: int, attempt: int = 1) -> None:
    """Email the author what was decided, with the rule and the reason."""
    decisions = Decision.objects.select_related(
        "revision__article__author", "revision__article__live", "revision__article__latest"
    )
    _send_once(decisions, decision_id, _send_decision, email_decision, attempt)


@task()
def email_suspension(suspension_id: int, attempt: int = 1) -> None:
    """Email a user that they are suspended, until when and why."""
    suspensions = Suspension.objects.select_related("user")
    _send_once(suspensions, suspension_id, _send_suspension, email_suspension, attempt)


def _send_once[Row: (Decision, Suspension)](
    rows: QuerySet[Row], pk: int, send: Callable[[Row], None], task: Task[..., None], attempt: int
) -> None:
    """Send the email of a row unless it was sent; run the task again later if the mail server does not take it."""
    try:
        with transaction.atomic():
            row = rows.select_for_update(of=("self",), no_key=True).filter(pk=pk, mailed_at=None).first()
            if row is None:
                return
            send(row)
            row.mailed_at = timezone.now()
            row.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not retry_later(task, pk, attempt=attempt):
            raise


def _send_decision(decision: Decision) -> None:
    article = decision.revision.article
    if not article.author.is_active:
        return
    send_templated_email(
        to=article.author,
        template="moderation/mail/decision",
        context={
            "decision": decision,
            "title": decision.revision.title,
            "article_url": lambda: absolute_url(article.get_absolute_url()),
            "edit_url": lambda: absolute_url(reverse("my_article_edit", kwargs={"pk": article.pk})),
            "my_articles_url": lambda: absolute_url(reverse("my_articles")),
            "log_url": lambda: absolute_url(reverse("moderation_log")),
        },
    )


def _send_suspension(suspension: Suspension) -> None:
    if not suspension.user.is_active:
        return
    send_templated_email(
        to=suspension.user,
        template="moderation/mail/suspension",
        context={
            "suspension": suspension,
            "rules_url": lambda: absolute_url(reverse("rules")),
        },
    )
