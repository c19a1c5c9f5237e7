"""What moderators do: decide on a text, correct one, suspend a person. Each is one transaction with its record."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article, Revision
from articles.moderation.models import Decision, Rule, Sanction
from articles.moderation.tasks import tell_author, tell_suspended
from articles.services import publishing
from articles.services.publishing import ArticleContent
from core.exceptions import ActionNotAllowed

DECIDE = "moderation.decide"
SUSPEND = "moderation.add_sanction"
LIFT = "moderation.change_sanction"
LONGEST_SUSPENSION = timedelta(days=3650)

Verdict = Decision.Verdict


def possible_verdicts(revision: Revision) -> list[Decision.Verdict]:
    """What may be decided on a text as it stands now; empty when nothing may.

    A first submission cannot be hidden, because no reader has seen it: returning it is all there is to do.
    """
    article = revision.article
    if revision.state == Revision.State.IN_REVIEW:
        hideable = article.state == Article.State.PUBLISHED
        return [Verdict.PUBLISH, Verdict.RETURN, *([Verdict.HIDE] if hideable else [])]
    if article.live_id != revision.pk:
        return []
    if article.state == Article.State.HIDDEN:
        return [Verdict.RESTORE]
    return [Verdict.HIDE] if revision.decisions.exists() else [Verdict.KEEP, Verdict.HIDE]


def decide(*, revision: Revision, moderator: User, verdict: str, reason: str = "", rule: str = "") -> Decision:
    """Carry out a moderator's verdict on a text, record it, and have the author told.

    Args:
        revision: the text as the moderator read it. Where its author took it back and submitted it again since,
            nothing is decided.
        verdict: one of `possible_verdicts`.
        reason: needed to return and to hide; the author reads it, and for hiding the public log shows it.

    Raises:
        PermissionDenied: the person is no moderator.
        ActionNotAllowed: it is the moderator's own article, the reason is missing, or the text was decided on meanwhile
            (the sentence says by whom). Nothing has happened then.
    """
    _must_be_allowed(moderator, DECIDE)
    reason = _checked_reason(reason, needed=verdict in Decision.NEEDS_REASON)
    if rule not in Rule.values:
        raise ValueError(f"{rule!r} is no rule")
    with transaction.atomic():
        now = _locked(revision)
        article = now.article
        _must_be_of_another(article, moderator)
        if now.state == Revision.State.IN_REVIEW and now.submitted_at != revision.submitted_at:
            raise ActionNotAllowed(
                _("The author changed this text and submitted it again meanwhile. Read it once more.")
            )
        if verdict not in possible_verdicts(now):
            raise ActionNotAllowed(_what_happened(now))
        match verdict:
            case Verdict.PUBLISH:
                publishing.publish(article=article, revision_number=now.number)
            case Verdict.RETURN:
                publishing.return_to_author(article=article, revision_number=now.number)
            case Verdict.HIDE:
                if now.state == Revision.State.IN_REVIEW:  # The change that waited goes back with it.
                    publishing.return_to_author(article=article, revision_number=now.number)
                publishing.hide(article=article)
            case Verdict.RESTORE:
                publishing.restore(article=article)
        return _record(revision=now, moderator=moderator, verdict=verdict, reason=reason, rule=rule)


def correct(*, revision: Revision, moderator: User, text: ArticleContent, reason: str) -> Decision:
    """Change the text that readers see, as a new revision that is live at once, and have the author told why.

    Args:
        revision: the live text that the moderator corrected; where another is live by now, nothing is changed.

    Raises:
        PermissionDenied: the person is no moderator.
        ActionNotAllowed: their own article, no reason, another text is live, or the author has a newer one open.
    """
    _must_be_allowed(moderator, DECIDE)
    reason = _checked_reason(reason, needed=True)
    with transaction.atomic():
        now = _locked(revision)
        article = now.article
        _must_be_of_another(article, moderator)
        if article.live_id != now.pk:
            raise ActionNotAllowed(_("Another text of this article was published meanwhile. Correct that one."))
        live = publishing.correct(article=article, text=text).live
        assert live is not None
        return _record(revision=live, moderator=moderator, verdict=Verdict.CORRECT, reason=reason, rule="")


def suspend(*, user: User, moderator: User, until: datetime, reason: str) -> Sanction:
    """Suspend a person: until then they read and log in, but do not write, vote or promote.

    Raises:
        PermissionDenied: the moderator may not suspend.
        ActionNotAllowed: oneself, an administrator (unless by one), no reason, or a time that is past or too far.
    """
    _must_be_allowed(moderator, SUSPEND)
    reason = _checked_reason(reason, needed=True)
    _must_be_above(moderator, user)
    if not timezone.now() < until <= timezone.now() + LONGEST_SUSPENSION:
        raise ActionNotAllowed(_("Choose a time in the next ten years."))
    with transaction.atomic():
        _locked_person(user)
        sanction = Sanction.objects.create(user=user, moderator=moderator, ends_at=until, reason=reason)
        _recompute_suspension(user)
        tell_suspended.enqueue(sanction.pk)
    return sanction


def lift(*, sanction: Sanction, moderator: User) -> Sanction:
    """End a suspension early. Lifting it twice is lifting it once; other suspensions of the person go on.

    Raises:
        PermissionDenied: the moderator may not lift.
        ActionNotAllowed: one's own suspension, or an administrator's (unless by one).
    """
    _must_be_allowed(moderator, LIFT)
    _must_be_above(moderator, sanction.user)
    with transaction.atomic():
        _locked_person(sanction.user)
        sanction.refresh_from_db(fields=["lifted_at"])
        if sanction.lifted_at is None:
            sanction.lifted_at = timezone.now()
            sanction.save(update_fields=["lifted_at"])
        _recompute_suspension(sanction.user)
    return sanction


def _must_be_allowed(moderator: User, permission: str) -> None:
    if not moderator.has_perm(permission):
        raise PermissionDenied
    if moderator.is_suspended:
        raise ActionNotAllowed(_("Your account is suspended, so you cannot decide at the moment."))


def _must_be_of_another(article: Article, moderator: User) -> None:
    if article.author_id == moderator.pk:
        raise ActionNotAllowed(_("This is your own article: another moderator decides on it."))


def _must_be_above(moderator: User, user: User) -> None:
    if user.pk == moderator.pk:
        raise ActionNotAllowed(_("You cannot suspend yourself, nor end your own suspension."))
    if user.is_superuser and not moderator.is_superuser:
        raise ActionNotAllowed(_("Only an administrator suspends an administrator."))


def _checked_reason(reason: str, *, needed: bool) -> str:
    reason = reason.strip()
    if needed and not reason:
        raise ActionNotAllowed(_("Give a reason: the person reads it."))
    longest = Decision._meta.get_field("reason").max_length or 2000
    if len(reason) > longest:
        raise ActionNotAllowed(_("Give a reason of at most %(count)d characters.") % {"count": longest})
    return reason


def _locked(revision: Revision) -> Revision:
    """The text as the database holds it now, with its article, which is locked until the transaction ends."""
    # The lock stands alone: a query that waits for a lock brings joined rows from before its wait.
    locked = Article.objects.select_for_update(no_key=True).filter(pk=revision.article_id).only("pk").first()
    now = Revision.objects.select_related("article").filter(pk=revision.pk).first() if locked else None
    if now is None:
        raise ActionNotAllowed(_("Its author deleted this text meanwhile."))
    return now


def _locked_person(user: User) -> None:
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def _what_happened(revision: Revision) -> str:
    """Why nothing can be decided: who decided before, or that the author took the text back."""
    if revision.state == Revision.State.IN_REVIEW:
        return _("No reader has seen this text yet, so there is nothing to hide or to show again. Return it instead.")
    last = revision.decisions.select_related("moderator").first()
    if last is None:
        return _("This text is not in review any more: its author took it back.")
    return _("%(name)s decided on this already, %(ago)s ago: %(verdict)s.") % {
        "name": last.moderator.name,
        "ago": timesince(last.decided_at, depth=1),
        "verdict": last.get_verdict_display(),
    }


def _record(*, revision: Revision, moderator: User, verdict: str, reason: str, rule: str) -> Decision:
    decision = Decision.objects.create(
        revision=revision, moderator=moderator, verdict=verdict, reason=reason, rule=rule
    )
    if verdict in Decision.IS_MAILED:
        tell_author.enqueue(decision.pk)
        # A worker that was killed while it sent a letter never comes back to it: the next decision asks again.
        for owed in Decision.objects.owed(since=timedelta(hours=3)).values_list("pk", flat=True)[:5]:
            tell_author.enqueue(owed)
    return decision


def _recompute_suspension(user: User) -> None:
    open_ones = Sanction.objects.filter(user=user, lifted_at=None, ends_at__gt=timezone.now())
    user.suspended_until = open_ones.aggregate(until=Max("ends_at"))["until"]
    user.save(update_fields=["suspended_until"])
