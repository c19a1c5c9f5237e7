"""Emails about decisions and suspensions. A row is locked while its email is sent, so that each is sent once."""

from __future__ import annotations

from smtplib import SMTPException

from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone

from articles.moderation.models import Decision, Suspension
from core.mail import absolute_url, retry_later, send_templated_email


@task()
def email_decision(decision_id: int, attempt: int = 1) -> None:
    """Email the author what was decided, with the rule and the reason."""
    try:
        with transaction.atomic():
            decisions = Decision.objects.select_for_update(of=("self",), no_key=True).select_related(
                "revision__article__author", "revision__article__live", "revision__article__latest"
            )
            if decision := decisions.filter(pk=decision_id, mailed_at=None).first():
                _send_decision(decision)
                _mark_sent(decision)
    except (OSError, SMTPException):
        if not retry_later(email_decision, decision_id, attempt=attempt):
            raise


@task()
def email_suspension(suspension_id: int, attempt: int = 1) -> None:
    """Email a user that they are suspended, until when and why."""
    try:
        with transaction.atomic():
            suspensions = Suspension.objects.select_for_update(of=("self",), no_key=True).select_related("user")
            if suspension := suspensions.filter(pk=suspension_id, mailed_at=None).first():
                _send_suspension(suspension)
                _mark_sent(suspension)
    except (OSError, SMTPException):
        if not retry_later(email_suspension, suspension_id, attempt=attempt):
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


def _mark_sent(row: Decision | Suspension) -> None:
    row.mailed_at = timezone.now()
    row.save(update_fields=["mailed_at"])
