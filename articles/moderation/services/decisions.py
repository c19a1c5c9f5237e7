"""What moderators do: decide on a submission or correct a text. Each action is one transaction.

All raise `PermissionDenied` without the permission for it, and `ActionNotAllowed` if the moderator is suspended, the
article is their own, a reason that is needed is missing, or the present state does not allow it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user, lock_users
from articles.models import Article, Revision
from articles.moderation.models import Claim, Decision, RuleVersion, version_of
from articles.moderation.services.claims import check_not_claimed
from articles.moderation.services.notifications import email_user
from articles.moderation.services.passage_notes import resolve_all, send_notes
from articles.moderation.services.permissions import DECIDE, check_not_own
from articles.moderation.services.sampling import end_sample
from articles.services import publishing
from articles.services.revisions import ArticleContent
from core.exceptions import ActionNotAllowed
from core.text import clean_reason

Verdict = Decision.Verdict


def allowed_verdicts(revision: Revision) -> list[Decision.Verdict]:
    """Return the verdicts that are possible in the present state; empty when there is nothing to decide.

    A first submission cannot be hidden, because it is not public: it can only be returned. The publication of a
    scheduled article is stopped instead (`articles.moderation.services.schedule`).
    """
    article = revision.article
    if revision.state == Revision.State.IN_REVIEW:
        verdicts = [Verdict.PUBLISH, Verdict.RETURN]
        return [*verdicts, Verdict.HIDE] if article.is_public else verdicts
    if article.live_id != revision.pk or article.is_scheduled:
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
    publish_at: datetime | None = None,
) -> Decision:
    """Apply a moderator's verdict to a revision, record it and email the author.

    Args:
        verdict: one of `allowed_verdicts`.
        reason: required to return and to hide. The author reads it; for hiding it is in the public log too.
        rule: the address of a rule; the decision cites its present version.
        expected_version: `version_of` the text that the moderator read; by default that of `revision` as given.
        publish_at: as `at` of `publishing.publish`.
    """
    reason = clean_reason(reason, required=verdict in Decision.VERDICTS_WITH_REASON)
    cited = _current_version(rule) if rule else None
    if expected_version is None:
        expected_version = version_of(revision)
    with transaction.atomic():
        # The author too: one who is being suspended at this moment must not be scheduled.
        lock_users(moderator.pk, revision.article.author_id)
        lock_acting_user(moderator.pk, DECIDE)
        article = _lock_article(revision.article_id)
        check_not_own(article, moderator)
        # Locked, so that no moderator claims it meanwhile.
        current = article.revisions.select_for_update(no_key=True).filter(pk=revision.pk).first()
        if current is None:
            raise ActionNotAllowed(_("The author has deleted this version."))
        if current.state == Revision.State.IN_REVIEW and version_of(current) != expected_version:
            raise ActionNotAllowed(_("The author changed this article and submitted it again. Review the new version."))
        check_not_claimed(current, moderator)
        if verdict not in allowed_verdicts(current):
            raise ActionNotAllowed(_refusal(current))
        is_returned = current.state == Revision.State.IN_REVIEW and verdict in {Verdict.RETURN, Verdict.HIDE}
        current.article = _apply(verdict, article, current, publish_at)
        if verdict == Verdict.PUBLISH:
            resolve_all(article)
        if verdict == Verdict.PUBLISH and article.state == Article.State.HIDDEN:
            verdict = Verdict.RESTORE  # The public log has the hiding, so it tells this too.
        decision = _record(revision=current, moderator=moderator, verdict=verdict, reason=reason, cited=cited)
        if is_returned:
            send_notes(decision)
        _tell_author(decision)
        return decision


def correct(*, article: Article, revision_number: int, moderator: User, text: ArticleContent, reason: str) -> Decision:
    """Replace the live text by a corrected revision that is live at once, and email the author the reason.

    Args:
        revision_number: the live revision that the moderator corrected.
    """
    reason = clean_reason(reason, required=True)
    with transaction.atomic():
        lock_acting_user(moderator.pk, DECIDE)
        article = _lock_article(article.pk)
        check_not_own(article, moderator)
        if article.live is None or article.live.number != revision_number:
            raise ActionNotAllowed(
                _("Another version of this article has been published. Correct that version instead.")
            )
        live = publishing.correct(article=article, text=text).live
        assert live is not None
        decision = _record(revision=live, moderator=moderator, verdict=Verdict.CORRECT, reason=reason)
        _tell_author(decision)
        return decision


@transaction.atomic
def overturn(*, decision: Decision, moderator: User) -> Decision | None:
    """Take back a return or a hiding after an appeal: publish the text, or show the article again.

    Returns the new decision; None if the article has changed since, so that there is nothing to take back.
    """
    lock_acting_user(moderator.pk, DECIDE)
    article = _lock_article(decision.revision.article_id)
    check_not_own(article, moderator)
    if decision.verdict == Verdict.HIDE and article.state == Article.State.HIDDEN and article.live is not None:
        revision, verdict = article.live, Verdict.RESTORE
        publishing.restore(article=article)
    elif article.latest is not None and article.latest.pk == decision.revision_id and _is_returned(article.latest):
        revision = article.latest
        verdict = Verdict.RESTORE if article.state == Article.State.HIDDEN else Verdict.PUBLISH
        publishing.publish_returned(article=article, revision_number=revision.number)
        resolve_all(article)
    else:
        return None
    return Decision.objects.create(revision=revision, moderator=moderator, verdict=verdict)


def _is_returned(revision: Revision) -> bool:
    return revision.state == Revision.State.RETURNED


def _lock_article(pk: int) -> Article:
    # Without joins: a query that waited for a lock returns joined rows from before the wait.
    article = Article.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if article is None:
        raise ActionNotAllowed(_("The author has deleted this version."))
    return article


def _apply(verdict: str, article: Article, revision: Revision, publish_at: datetime | None) -> Article:
    if verdict == Verdict.PUBLISH:
        return publishing.publish(article=article, revision_number=revision.number, at=publish_at)
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


def _current_version(rule: str) -> RuleVersion:
    version = RuleVersion.objects.in_force().filter(rule__slug=rule).first()
    if version is None:
        raise ActionNotAllowed(_("This rule is no longer valid. Choose another one."), "rule")
    return version


def _record(
    *, revision: Revision, moderator: User, verdict: str, reason: str, cited: RuleVersion | None = None
) -> Decision:
    decision = Decision.objects.create(
        revision=revision,
        moderator=moderator,
        verdict=verdict,
        reason=reason,
        rule=cited.rule.slug if cited else "",
        rule_version=cited,
    )
    Claim.objects.filter(revision=revision).delete()
    if verdict != Verdict.RETURN:  # Otherwise readers see another version.
        end_sample(revision.article)
    return decision


def _tell_author(decision: Decision) -> None:
    if decision.verdict != Verdict.KEEP:
        email_user(decision.revision.article.author, "decision", decision)
