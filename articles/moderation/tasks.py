"""Emails about decisions and suspensions. A row is locked while its email is sent, so that each is sent once."""

from __future__ import annotations

from smtplib import SMTPException

from django.db import transaction
from django.db.models import QuerySet
from django.tasks import Task, task
from django.utils import timezone

from articles.moderation.models import Decision, Suspension
from core.mail import retry_later, send_templated_email


@task()
def email_decision(decision_id: int, attempt: int = 1) -> None:
    """Email the author what was decided, with the rule and the reason."""
    decisions = Decision.objects.select_related(
        "revision__article__author", "revision__article__live", "revision__article__latest"
    )
    _send_once(decisions, decision_id, email_decision, attempt)


@task()
def email_suspension(suspension_id: int, attempt: int = 1) -> None:
    """Email a user that they are suspended, until when and why."""
    _send_once(Suspension.objects.select_related("user"), suspension_id, email_suspension, attempt)


def _send_once[Row: (Decision, Suspension)](rows: QuerySet[Row], pk: int, task: Task[..., None], attempt: int) -> None:
    """Send the email of a row unless it was sent; run the task again later if the mail server does not take it."""
    try:
        with transaction.atomic():
            row = rows.select_for_update(of=("self",), no_key=True).filter(pk=pk, mailed_at=None).first()
            if row is None:
                return
            user = row.revision.article.author if isinstance(row, Decision) else row.user
            if user.is_active:
                name = row._meta.model_name
                send_templated_email(to=user, template=f"moderation/mail/{name}", context={str(name): row})
            row.mailed_at = timezone.now()
            row.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not retry_later(task, pk, attempt=attempt):
            raise
