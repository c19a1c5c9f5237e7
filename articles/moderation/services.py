"""What moderators do: decide on a submission, correct a text, suspend a user. Each action is one transaction.

All raise `PermissionDenied` without the permission for it, and `ActionNotAllowed` if the moderator is suspended, the
article or the account is their own, a reason that is needed is missing, or the present state does not allow it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts import services as accounts
from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, Revision
from articles.moderation.models import Decision, Rule, Suspension, version_of
from articles.services import publishing
from articles.services.revisions import ArticleContent
from core.exceptions import ActionNotAllowed
from core.mail import enqueue_email
from core.text import clean_reason

DECIDE = "moderation.decide"
SUSPEND = "moderation.add_suspension"
LIFT = "moderation.change_suspension"
MAX_SUSPENSION = timedelta(days=3650)

Verdict = Decision.Verdict


def allowed_verdicts(revision: Revision) -> list[Decision.Verdict]:
    """Return the verdicts that are possible in the present state; empty when there is nothing to decide.

    A first submission cannot be hidden, because it is not public: it can only be returned.
    """
    article = revision.article
    if revision.state == Revision.State.IN_REVIEW:
        verdicts = [Verdict.PUBLISH, Verdict.RETURN]
        return [*verdicts, Verdict.HIDE] if article.state == Article.State.PUBLISHED else verdicts
    if article.live_id != revision.pk:
        return []
    if article.state == Article.State.HIDDEN:
        return [Verdict.RESTORE]
    return [Verdict.HIDE] if revision.decisions.exists() else [Verdict.KEEP, Verdict.HIDE]


def decide(
    *,
    revision: Revision,
    moderator: User,
    verdict: str,
    reason: str = "",
    rule: str = "",
    expected_version: str | None = None,
) -> Decision:
    """Apply a moderator's verdict to a revision, record it and email the author.

    Args:
        verdict: one of `allowed_verdicts`.
        reason: required to return and to hide. The author reads it; for hiding it is in the public log too.
        expected_version: `version_of` the text that the moderator read; by default that of `revision` as given.
    """
    reason = clean_reason(reason, required=verdict in Decision.VERDICTS_WITH_REASON)
    if rule not in Rule.values:
        raise ValueError(f"unknown rule {rule!r}")
    if expected_version is None:
        expected_version = version_of(revision)
    with transaction.atomic():
        lock_acting_user(moderator.pk, DECIDE)
        article = _lock_article(revision.article_id)
        _check_not_own(article, moderator)
        current = article.revisions.filter(pk=revision.pk).first()
        if current is None:
            raise ActionNotAllowed(_("The author has deleted this version."))
        if current.state == Revision.State.IN_REVIEW and version_of(current) != expected_version:
            raise ActionNotAllowed(_("The author changed this article and submitted it again. Review the new version."))
        if verdict not in allowed_verdicts(current):
            raise ActionNotAllowed(_refusal(current))
        current.article = _apply(verdict, article, current)
        if verdict == Verdict.PUBLISH and article.state == Article.State.HIDDEN:
            verdict = Verdict.RESTORE  # The public log has the hiding, so it tells this too.
        return _record(revision=current, moderator=moderator, verdict=verdict, reason=reason, rule=rule)


def correct(*, article: Article, revision_number: int, moderator: User, text: ArticleContent, reason: str) -> Decision:
    """Replace the live text by a corrected revision that is live at once, and email the author the reason.

    Args:
        revision_number: the live revision that the moderator corrected.
    """
    reason = clean_reason(reason, required=True)
    with transaction.atomic():
        lock_acting_user(moderator.pk, DECIDE)
        article = _lock_article(article.pk)
        _check_not_own(article, moderator)
        if article.live is None or article.live.number != revision_number:
            raise ActionNotAllowed(
                _("Another version of this article has been published. Correct that version instead.")
            )
        live = publishing.correct(article=article, text=text).live
        assert live is not None
        return _record(revision=live, moderator=moderator, verdict=Verdict.CORRECT, reason=reason)


def suspend(*, user: User, moderator: User, until: datetime, reason: str) -> Suspension:
    """Suspend a user, who can log in and read until then, but not write, vote or promote.

    Only an administrator can suspend an administrator.
    """
    reason = clean_reason(reason, required=True)
    if not timezone.now() < until <= timezone.now() + MAX_SUSPENSION:
        raise ActionNotAllowed(_("Choose a time within the next ten years."))
    with transaction.atomic():
        user = _lock_suspended(user.pk, moderator, SUSPEND)
        suspension = Suspension.objects.create(user=user, moderator=moderator, ends_at=until, reason=reason)
        _update_suspended_until(user)
        _email(user, "suspension", suspension)
    return suspension


def lift(*, suspension: Suspension, moderator: User) -> None:
    """End a suspension now. Idempotent; other suspensions of the user go on."""
    with transaction.atomic():
        user = _lock_suspended(suspension.user_id, moderator, LIFT)
        Suspension.objects.filter(pk=suspension.pk, lifted_at=None).update(lifted_at=timezone.now())
        _update_suspended_until(user)


def clear_profile(*, user: User, moderator: User) -> None:
    """Remove the name, the description and the photo of a user; the username stays."""
    with transaction.atomic():
        accounts.clear_profile(user=_lock_suspended(user.pk, moderator, SUSPEND))


def _check_not_own(article: Article, moderator: User) -> None:
    if article.author_id == moderator.pk:
        raise ActionNotAllowed(_("This is your own article. Another moderator must decide on it."))


def _lock_article(pk: int) -> Article:
    # Without joins: a query that waited for a lock returns joined rows from before the wait.
    article = Article.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if article is None:
        raise ActionNotAllowed(_("The author has deleted this version."))
    return article


def _lock_suspended(pk: int, moderator: User, permission: str) -> User:
    """Lock and return the user whom a moderator suspends, or whose suspension they lift, if they may."""
    # In one order, so that two moderators who suspend each other do not wait for each other.
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=[pk, moderator.pk]).order_by("pk").in_bulk()
    moderator, user = lock_acting_user(moderator.pk, permission), locked[pk]
    if user.pk == moderator.pk:
        raise ActionNotAllowed(_("You cannot suspend yourself or lift your own suspension."))
    if user.is_superuser and not moderator.is_superuser:
        raise ActionNotAllowed(_("Only an administrator can suspend an administrator."))
    return user


def _apply(verdict: str, article: Article, revision: Revision) -> Article:
    if verdict == Verdict.PUBLISH:
        return publishing.publish(article=article, revision_number=revision.number)
    if verdict in {Verdict.RETURN, Verdict.HIDE} and revision.state == Revision.State.IN_REVIEW:
        article = publishing.return_to_author(article=article, revision_number=revision.number)
    if verdict == Verdict.HIDE:
        return publishing.hide(article=article)
    return publishing.restore(article=article) if verdict == Verdict.RESTORE else article


def _refusal(revision: Revision) -> str:
    """Return why the verdict is not possible: who decided before, or that the author withdrew the text."""
    if revision.state == Revision.State.IN_REVIEW:
        return _("This version was never published, so you cannot hide it or show it again. Return it instead.")
    last = revision.decisions.select_related("moderator").first()
    if last is None:
        return _("This version is no longer in review: the author withdrew it.")
    return _("%(name)s already decided on this %(ago)s ago: %(verdict)s.") % {
        "name": last.moderator.name,
        "ago": timesince(last.decided_at, depth=1),
        "verdict": last.get_verdict_display(),
    }


def _record(*, revision: Revision, moderator: User, verdict: str, reason: str, rule: str = "") -> Decision:
    decision = Decision.objects.create(
        revision=revision, moderator=moderator, verdict=verdict, reason=reason, rule=rule
    )
    if verdict != Verdict.KEEP:
        _email(revision.article.author, "decision", decision)
    return decision


def _email(user: User, name: str, row: Decision | Suspension) -> None:
    if user.is_active:
        context, template = {"user": user, name: row}, f"moderation/mail/{name}"
        enqueue_email(to=user.email, template=template, context=context, language=user.preferred_language)


def _update_suspended_until(user: User) -> None:
    suspensions = Suspension.objects.filter(user=user, lifted_at=None, ends_at__gt=timezone.now())
    user.suspended_until = suspensions.aggregate(until=Max("ends_at"))["until"]
    user.save(update_fields=["suspended_until"])
