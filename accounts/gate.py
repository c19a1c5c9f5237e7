"""The gate: who gets a new account. It holds for every way in, because every new account is admitted here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from disposable_email_domains import blocklist
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Invitation, SignupRequest, User
from accounts.services import lock_acting_user
from core import events
from core.exceptions import ActionNotAllowed
from core.logs import log_event
from core.mail import enqueue_email
from core.models import SignupGate, SiteSettings

# The key of the session for the token of an accepted invitation.
INVITATION = "invitation"
INVITATION_TIMEOUT = timedelta(days=14)
INVITATION_PERIOD = timedelta(days=30)
MAX_INVITATIONS_OF_STAFF = 100


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a new user shows at the gate.

    Args:
        answer: to the question of the site.
        has_solved_challenge: whether the browser has solved the puzzle.
        invitation: the token of an invitation, or "".
    """

    answer: str = ""
    has_solved_challenge: bool = False
    invitation: str = ""


def is_open(request: HttpRequest) -> bool:
    """Return whether the visitor can sign up: not if nobody can, or only with an invitation that they lack."""
    gate = SiteSettings.current().signup_gate
    if gate == SignupGate.INVITATION:
        return open_invitations().filter(token=request.session.get(INVITATION, "")).exists()
    return gate != SignupGate.CLOSED


def open_invitations() -> QuerySet[Invitation]:
    """Return the invitations with which someone can sign up: unused, of users who could still make them."""
    now = timezone.now()
    not_suspended = Q(inviter__suspended_until=None) | Q(inviter__suspended_until__lte=now)
    return Invitation.objects.filter(not_suspended, invitee=None, expires_at__gt=now, inviter__is_active=True)


def admit(*, user: User, credentials: Credentials) -> None:
    """Let a user who was just created in, or have them wait for staff. Call it in the transaction of the sign-up.

    Raises:
        ActionNotAllowed: the gate is closed, or the invitation has just been used.
    """
    gate = SiteSettings.current().signup_gate
    if gate == SignupGate.CLOSED:
        raise ActionNotAllowed(_("We are not accepting new accounts."))
    invitation = open_invitations().select_for_update(of=("self",)).filter(token=credentials.invitation).first()
    if invitation is not None:
        Invitation.objects.filter(pk=invitation.pk).update(invitee=user)
    elif gate == SignupGate.INVITATION:
        raise ActionNotAllowed(_("This invitation has been used or has expired. Ask for another one."))
    if gate == SignupGate.APPROVAL:
        SignupRequest.objects.create(user=user, reason=SignupRequest.Reason.APPROVAL, answer=credentials.answer)
    elif gate == SignupGate.CHALLENGE and not credentials.has_solved_challenge:
        SignupRequest.objects.create(user=user, reason=SignupRequest.Reason.CHALLENGE)


def is_waiting(user: User) -> bool:
    """Return whether the account waits for staff, so that its user cannot log in yet."""
    return SignupRequest.objects.filter(user=user, decided_at=None).exists()


def decide_signup(*, request: SignupRequest, moderator: User, is_approved: bool) -> bool:
    """Approve or refuse a new account, which a refusal closes, and email the user. Return False if it was decided.

    Raises:
        ActionNotAllowed: the moderator is suspended.
    """
    with transaction.atomic():
        lock_acting_user(moderator.pk)
        undecided = SignupRequest.objects.filter(pk=request.pk, decided_at=None)
        if not undecided.update(decided_at=timezone.now(), decided_by=moderator):
            return False
        user = request.user
        if not is_approved:
            user.is_active = False
            user.save(update_fields=["is_active"])
            events.user_deactivated.send(User, user=user)
        log_event("signup_decided", user_id=user.pk, moderator_id=moderator.pk, is_approved=is_approved)
        template = f"account/email/signup_{'approved' if is_approved else 'refused'}"
        enqueue_email(to=user.email, template=template, context={"user": user}, language=user.preferred_language)
    return True


def create_invitation(*, user: User) -> Invitation:
    """Make a link for one new user.

    Raises:
        ActionNotAllowed: there are no invitations at this site, the user is suspended, or has made too many.
    """
    settings = SiteSettings.current()
    if settings.signup_gate != SignupGate.INVITATION:
        raise ActionNotAllowed(_("There are no invitations at this site."))
    with transaction.atomic():
        inviter = lock_acting_user(user.pk)
        limit = MAX_INVITATIONS_OF_STAFF if inviter.is_staff else settings.invitations_per_user
        now = timezone.now()
        if inviter.invitations.filter(created_at__gt=now - INVITATION_PERIOD).count() >= limit:
            raise ActionNotAllowed(_("You have made all your invitations of the last 30 days."))
        invitation = Invitation.objects.create(inviter=inviter, expires_at=now + INVITATION_TIMEOUT)
        log_event("invitation_created", invitation_id=invitation.pk, user_id=inviter.pk)
    return invitation


def withdraw_invitation(*, user: User, pk: int) -> None:
    """End an unused invitation of the user; it still counts."""
    user.invitations.filter(pk=pk, invitee=None).update(expires_at=timezone.now())


def is_disposable(email: str) -> bool:
    """Return whether the site refuses the address, because it is of a service for disposable ones."""
    domain = email.rpartition("@")[2].lower()
    labels = domain.split(".")
    domains = {".".join(labels[first:]) for first in range(len(labels) - 1)}
    return SiteSettings.current().refuses_disposable_addresses and not blocklist.isdisjoint(domains)
