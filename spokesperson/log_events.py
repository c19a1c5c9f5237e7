"""Log lines for what services do, for log-in and for payments."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.auth import signals as auth
from django.db.models import Model
from django.db.models.signals import post_save
from django.tasks.signals import task_enqueued, task_finished, task_started

from articles.models import Trust
from articles.moderation.models import Appeal, Claim, Decision, RuleVersion, Sample, StaffNote, Suspension
from articles.promotion.models import LedgerEntry, Payment
from core import events
from core.logs import log_event, set_work

# The fields of a new row that are logged.
CREATED = {
    Decision: ("revision_id", "moderator_id", "verdict", "rule"),
    Suspension: ("user_id", "moderator_id"),
    Claim: ("revision_id", "moderator_id"),
    RuleVersion: ("rule_id", "number"),
    Appeal: ("decision_id", "suspension_id", "user_id"),
    Trust: ("user_id", "moderator_id", "kind"),
    Sample: ("revision_id",),
    StaffNote: ("user_id", "article_id", "moderator_id"),
    LedgerEntry: ("promotion_id", "event", "actor_id", "amount", "currency"),
}
SIGNALS = {
    "article_submitted": events.article_submitted,
    "article_published": events.article_published,
    "article_published_unreviewed": events.article_published_unreviewed,
    "article_returned": events.article_returned,
    "article_hidden": events.article_hidden,
    "article_restored": events.article_restored,
    "vote_cast": events.vote_cast,
    "coauthor_added": events.coauthor_added,
    "coauthor_removed": events.coauthor_removed,
    "user_deactivated": events.user_deactivated,
    "user_renamed": events.user_renamed,
    "tag_renamed": events.tag_renamed,
    "logged_in": auth.user_logged_in,
    "logged_out": auth.user_logged_out,
    "login_failed": auth.user_login_failed,
    "signed_up": account.user_signed_up,
    "email_confirmed": account.email_confirmed,
    "password_changed": account.password_changed,
    "password_reset": account.password_reset,
    "provider_connected": social.social_account_added,
    "provider_disconnected": social.social_account_removed,
    "authenticator_added": mfa.authenticator_added,
    "authenticator_removed": mfa.authenticator_removed,
}


def _log(name: str, arguments: dict[str, Any]) -> None:
    """Log the primary keys and numbers of a signal's arguments."""
    fields: dict[str, Any] = {}
    for key, value in arguments.items():
        if isinstance(value, Model):
            fields[f"{key}_id"] = value.pk
        elif isinstance(value, int):
            fields[key] = value
    log_event(name, **fields)


def connect() -> None:
    """Connect the receivers; they live as long as the process."""
    for name, signal in SIGNALS.items():

        def receive(name: str = name, **arguments: Any) -> None:
            _log(name, arguments)

        signal.connect(receive, weak=False, dispatch_uid=f"log-{name}")
    for model in CREATED:
        post_save.connect(log_created, sender=model)
    post_save.connect(log_payment, sender=Payment)
    task_enqueued.connect(log_enqueued)
    task_started.connect(note_started)
    task_finished.connect(log_finished)


def log_created(sender: type[Model], instance: Model, created: bool, raw: bool, **arguments: Any) -> None:
    """Log a new row, but not one that `loaddata` restores."""
    if created and not raw:
        fields = {field: getattr(instance, field) for field in CREATED[sender]}
        log_event(f"{sender._meta.model_name}_created", **fields)


def log_payment(instance: Payment, raw: bool, **arguments: Any) -> None:
    """Log the state of a payment whenever it is written, but not restored."""
    if not raw:
        log_event("payment", payment_id=instance.pk, promotion_id=instance.promotion_id, status=instance.status)


def log_enqueued(task_result: Any, **arguments: Any) -> None:
    """Log the id of a task beside that of the request: all lines of the worker have it."""
    log_event("task_enqueued", task=task_result.task.module_path, enqueued_task_id=str(task_result.id))


def note_started(task_result: Any, **arguments: Any) -> None:
    """Add the id of the task to the lines that it logs."""
    set_work(task_id=str(task_result.id))


def log_finished(task_result: Any, **arguments: Any) -> None:
    """Log how a task ended."""
    log_event("task_finished", task=task_result.task.module_path, status=str(task_result.status))
    set_work()
