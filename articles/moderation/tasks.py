"""Letters of the moderation. Each is sent once, whoever runs the task and how often: the row is locked meanwhile."""

from __future__ import annotations

from smtplib import SMTPException

from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone

from accounts.letters import address, send_letter, try_again_later
from articles.models import SiteSettings
from articles.moderation.models import Decision, Sanction


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
                send_letter(
                    to=article.author,
                    template="moderation/mail/decision",
                    context={
                        "site": SiteSettings.current(),
                        "decision": decision,
                        "title": decision.revision.title,
                        "article_url": lambda: address(article.get_absolute_url()),
                        "edit_url": lambda: address(reverse("desk_edit", kwargs={"pk": article.pk})),
                        "desk_url": lambda: address(reverse("desk")),
                        "log_url": lambda: address(reverse("moderation_log")),
                    },
                )
            decision.mailed_at = timezone.now()
            decision.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not try_again_later(tell_author, decision_id, attempt=attempt):
            raise


@task()
def tell_suspended(sanction_id: int, attempt: int = 1) -> None:
    """Tell a person that they are suspended, until when and why."""
    try:
        with transaction.atomic():
            sanction = (
                Sanction.objects.select_for_update(of=("self",), no_key=True)
                .select_related("person")
                .filter(pk=sanction_id, mailed_at=None)
                .first()
            )
            if sanction is None:
                return
            if sanction.person.is_active:
                send_letter(
                    to=sanction.person,
                    template="moderation/mail/suspension",
                    context={
                        "site": SiteSettings.current(),
                        "sanction": sanction,
                        "rules_url": lambda: address(reverse("rules")),
                    },
                )
            sanction.mailed_at = timezone.now()
            sanction.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not try_again_later(tell_suspended, sanction_id, attempt=attempt):
            raise
