"""Letters of the moderation. Each is sent once, whoever runs the task and how often: the row is locked meanwhile."""

from __future__ import annotations

from smtplib import SMTPException

from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone

from articles.moderation.models import Decision, Sanction
from core.mail import absolute_url, retry_later, send_templated_email
from core.models import SiteSettings


@task()
def tell_author(decision_id: int, attempt: int = 1) -> None:
    """Tell the author what was decided, with the rule and the reason."""
    try:
        with transaction.atomic():
            decision = (
                Decision.objects.select_for_update(of=("self",), no_key=True)
                .select_related("revision__article__author", "revision__article__live", "revision__article__latest")
                .filter(pk=decision_id, mailed_at=None)
                .first()
            )
            if decision is None:
                return
            article = decision.revision.article
            if article.author.is_active:
                send_templated_email(
                    to=article.author,
                    template="moderation/mail/decision",
                    context={
                        "site": SiteSettings.current(),
                        "decision": decision,
                        "title": decision.revision.title,
                        "article_url": lambda: absolute_url(article.get_absolute_url()),
                        "edit_url": lambda: absolute_url(reverse("my_article_edit", kwargs={"pk": article.pk})),
                        "desk_url": lambda: absolute_url(reverse("my_articles")),
                        "log_url": lambda: absolute_url(reverse("moderation_log")),
                    },
                )
            decision.mailed_at = timezone.now()
            decision.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not retry_later(tell_author, decision_id, attempt=attempt):
            raise


@task()
def tell_suspended(sanction_id: int, attempt: int = 1) -> None:
    """Tell a person that they are suspended, until when and why."""
    try:
        with transaction.atomic():
            sanction = (
                Sanction.objects.select_for_update(of=("self",), no_key=True)
                .select_related("user")
                .filter(pk=sanction_id, mailed_at=None)
                .first()
            )
            if sanction is None:
                return
            if sanction.user.is_active:
                send_templated_email(
                    to=sanction.user,
                    template="moderation/mail/suspension",
                    context={
                        "site": SiteSettings.current(),
                        "sanction": sanction,
                        "rules_url": lambda: absolute_url(reverse("rules")),
                    },
                )
            sanction.mailed_at = timezone.now()
            sanction.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not retry_later(tell_suspended, sanction_id, attempt=attempt):
            raise
