"""Appeals: a user appeals once against a return, a hiding or a suspension, and another moderator decides."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user, lock_users
from articles.models import Article
from articles.moderation.models import Appeal, Decision, Suspension
from articles.moderation.selectors import current_refusals
from articles.moderation.services.decisions import overturn
from articles.moderation.services.notifications import email_user
from articles.moderation.services.permissions import DECIDE, check_not_own
from articles.moderation.services.suspensions import lift
from core.exceptions import ActionNotAllowed
from core.text import clean_reason

Outcome = Appeal.Outcome


def appeal_decision(*, decision: Decision, user: User, text: str) -> Appeal:
    """Appeal against a return or a hiding of one's own article, also while suspended.

    Raises:
        ActionNotAllowed: the decision has been superseded, there is an appeal already, or the reason is missing.
    """
    article = Article.objects.select_related("live", "latest").get(pk=decision.revision.article_id)
    refusal = current_refusals([article]).get(article.pk)
    if article.author_id != user.pk or refusal is None or refusal.pk != decision.pk:
        raise ActionNotAllowed(_("This decision no longer applies, so there is nothing to appeal against."))
    return _create(Appeal(decision=decision, against_id=decision.moderator_id), user, text)


def appeal_suspension(*, suspension: Suspension, user: User, text: str) -> Appeal:
    """Appeal against one's own suspension.

    Raises:
        ActionNotAllowed: it has ended, there is an appeal already, or the reason is missing.
    """
    if suspension.user_id != user.pk or not suspension.is_active:
        raise ActionNotAllowed(_("This suspension has ended, so there is nothing to appeal against."))
    return _create(Appeal(suspension=suspension, against_id=suspension.moderator_id), user, text)


def decide_appeal(*, appeal: Appeal, moderator: User, outcome: str, answer: str) -> Appeal:
    """Grant or refuse an appeal, and email the user the answer.

    A granted one takes the decision back: the article is published or shown again, the suspension lifted. Where
    something else has happened since, such as a new version of the text, only the answer is sent.

    Raises:
        PermissionDenied: without the permission to decide, or to lift a suspension.
        ActionNotAllowed: it is decided already, the moderator made the decision, appealed or wrote the article, or the
            answer is missing.
    """
    answer = clean_reason(answer, required=True)
    if moderator.pk == appeal.against_id:
        raise ActionNotAllowed(_("You made this decision. Another moderator must decide on the appeal."))
    if moderator.pk == appeal.user_id:
        raise ActionNotAllowed(_("This is your own appeal. Another moderator must decide on it."))
    if appeal.decision is not None:
        check_not_own(appeal.decision.revision.article, moderator)
    with transaction.atomic():
        lock_users(moderator.pk, appeal.user_id)  # As `decide` and `lift` do, in one order.
        if outcome == Outcome.GRANTED and appeal.suspension is not None:
            lift(suspension=appeal.suspension, moderator=moderator)
        lock_acting_user(moderator.pk, DECIDE)
        waiting = Appeal.objects.filter(pk=appeal.pk, outcome="")
        now = timezone.now()
        if not waiting.update(outcome=Outcome(outcome), answer=answer, decided_by=moderator, decided_at=now):
            raise ActionNotAllowed(_("Another moderator has already decided on this appeal."))
        if outcome == Outcome.GRANTED and appeal.decision is not None:
            overturn(decision=appeal.decision, moderator=moderator)
        appeal.refresh_from_db()
        email_user(appeal.user, "appeal", appeal)
    return appeal


def _create(appeal: Appeal, user: User, text: str) -> Appeal:
    appeal.user, appeal.text = user, clean_reason(text, required=True)
    try:
        with transaction.atomic():
            appeal.save(force_insert=True)
    except IntegrityError as error:
        raise ActionNotAllowed(_("You have already appealed against this. You can appeal once.")) from error
    return appeal
