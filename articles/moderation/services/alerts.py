"""Emails that tell moderators how much waits: at once, from a number on, or daily. They have no text of articles.

Each email is sent once, with any number of workers: who moves `next_at` has claimed it, and the email is enqueued in
the same transaction.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article
from articles.moderation.models import AlertPreference, Appeal, Submission
from articles.moderation.services.permissions import DECIDE
from articles.moderation.waiting import format_wait
from core import maintenance
from core.logs import log_event
from core.mail import enqueue_email

Frequency = AlertPreference.Frequency
# Longer queues are reported as this long.
MAX_COUNT = 1_000
# A submission has its time before it is committed; younger ones are left to the next run.
COMMIT_TIME = timedelta(seconds=10)
# Between two emails. It doubles with each email until the moderator opens the queue.
PAUSES = {Frequency.AT_ONCE: timedelta(minutes=10), Frequency.WAITING: timedelta(hours=4)}
MAX_PAUSE = timedelta(days=1)


class Waiting(NamedTuple):
    """How much waits for a moderator, without what is their own."""

    submissions: int
    oldest: datetime | None
    appeals: int
    sampled: int

    def __str__(self) -> str:
        """Return it in words: "11 submissions waiting, oldest: 19 h, 2 appeals waiting"."""
        parts = []
        if self.submissions and self.oldest:
            text = ngettext("%(count)s submission waiting", "%(count)s submissions waiting", self.submissions)
            parts.append(text % {"count": self.submissions})
            parts.append(_("oldest: %(age)s") % {"age": format_wait(timezone.now() - self.oldest)})
        if self.appeals:
            text = ngettext("%(count)s appeal waiting", "%(count)s appeals waiting", self.appeals)
            parts.append(text % {"count": self.appeals})
        if self.sampled:
            text = ngettext("%(count)s publication to review", "%(count)s publications to review", self.sampled)
            parts.append(text % {"count": self.sampled})
        return ", ".join(parts)


def moderators() -> QuerySet[User]:
    """Return the users who decide on submissions: not closed, not suspended, and with access to the admin."""
    backend = "django.contrib.auth.backends.ModelBackend"
    users: QuerySet[User] = User.objects.with_perm(DECIDE, backend=backend).filter(is_staff=True).exclude(email="")
    return users.filter(Q(suspended_until=None) | Q(suspended_until__lte=timezone.now()))


def send_due() -> int:
    """Enqueue the emails that are due; return how many. Runs periodically."""
    users = moderators().in_bulk()
    chosen = set(AlertPreference.objects.filter(pk__in=users).values_list("pk", flat=True))
    AlertPreference.objects.bulk_create(
        [AlertPreference(user=user, next_at=next_time(time(9))) for pk, user in users.items() if pk not in chosen],
        ignore_conflicts=True,
    )
    due = AlertPreference.objects.filter(pk__in=users, next_at__lte=timezone.now()).exclude(frequency=Frequency.NEVER)
    return sum(_send(preference, users[preference.pk]) for preference in due.order_by("pk"))


def waiting_for(user: User) -> Waiting:
    """Return how much waits for a moderator, counted up to `MAX_COUNT`."""
    submissions = _by_others(Submission.objects.waiting(), user)
    return Waiting(
        submissions=submissions.values("pk")[:MAX_COUNT].count(),
        oldest=submissions.values_list("submitted_at", flat=True).first(),
        appeals=_appeals_for(user).values("pk")[:MAX_COUNT].count(),
        sampled=_by_others(Submission.objects.sampled(), user).values("pk")[:MAX_COUNT].count(),
    )


def preference_of(user: User) -> AlertPreference:
    """Return what a moderator has chosen, or the default."""
    return AlertPreference.objects.filter(pk=user.pk).first() or AlertPreference(user=user)


@transaction.atomic
def set_alerts(*, user: User, frequency: str, threshold: int, daily_at: time) -> AlertPreference:
    """Store when a moderator wants emails.

    Args:
        threshold: for "When several are waiting".
        daily_at: in the time zone of the site, for "Once a day".

    Raises:
        PermissionDenied: the user does not decide on submissions.
        ActionNotAllowed: the user is suspended.
    """
    user = lock_acting_user(user.pk, DECIDE)
    next_at = next_time(daily_at) if frequency == Frequency.DAILY else timezone.now()
    choice = {"frequency": Frequency(frequency), "threshold": threshold, "daily_at": daily_at}
    preference, _is_new = AlertPreference.objects.update_or_create(
        user=user, defaults={**choice, "next_at": next_at, "unopened": 0}
    )
    log_event("alerts_chosen", user_id=user.pk, frequency=frequency)
    return preference


def note_opened(user: User) -> None:
    """Note that a moderator has opened the queue: from now on the pauses are short again."""
    preference = AlertPreference.objects.filter(pk=user.pk, unopened__gt=0).first()
    if preference is None or maintenance.is_on():
        return
    next_at = preference.next_at
    if (pause := PAUSES.get(Frequency(preference.frequency))) and preference.covered_until:
        next_at = min(next_at, preference.covered_until + pause)
    AlertPreference.objects.filter(pk=user.pk, next_at=preference.next_at).update(unopened=0, next_at=next_at)


def next_time(daily_at: time) -> datetime:
    """Return the next moment with this time of day in the time zone of the site."""
    now = timezone.localtime()
    moment = timezone.make_aware(datetime.combine(now.date(), daily_at))
    if moment <= now:
        moment = timezone.make_aware(datetime.combine(now.date() + timedelta(days=1), daily_at))
    return moment


def _appeals_for(user: User) -> QuerySet[Appeal]:
    return Appeal.objects.waiting().exclude(against=user).exclude(user=user)


def _by_others(submissions: QuerySet[Submission], user: User) -> QuerySet[Submission]:
    """Leave out what the user wrote, alone or with others."""
    return submissions.exclude(article__author=user).exclude(article__in=Article.objects.written_with(user))


def _send(preference: AlertPreference, user: User) -> bool:
    """Claim and enqueue an email that may be due; return whether it was."""
    until, frequency = timezone.now() - COMMIT_TIME, Frequency(preference.frequency)
    pause = PAUSES.get(frequency)
    if pause and not _has_arrivals(preference, user, until):
        return False
    waiting = waiting_for(user)
    if frequency == Frequency.WAITING and waiting.submissions + waiting.appeals < preference.threshold:
        return False
    next_at = next_time(preference.daily_at)
    if pause:
        next_at = timezone.now() + min(pause * 2 ** min(preference.unopened, 10), MAX_PAUSE)
    claim = AlertPreference.objects.filter(pk=user.pk, next_at=preference.next_at, frequency=frequency)
    is_worth_it = bool(waiting.submissions or waiting.appeals or waiting.sampled)
    with transaction.atomic():
        if not claim.update(next_at=next_at, covered_until=until, unopened=F("unopened") + int(is_worth_it)):
            return False  # Another worker has claimed it, or the moderator has chosen something else.
        if is_worth_it:
            context = {"user": user, "waiting": waiting}
            language, template = user.preferred_language, "moderation/mail/alert"
            enqueue_email(to=user.email, template=template, context=context, language=language)
            log_event("moderator_alerted", user_id=user.pk, submissions=waiting.submissions, appeals=waiting.appeals)
    return is_worth_it


def _has_arrivals(preference: AlertPreference, user: User, until: datetime) -> bool:
    """Return whether something has arrived since the last email."""
    submissions = _by_others(Submission.objects.waiting(), user).filter(submitted_at__lte=until)
    appeals = _appeals_for(user).filter(created_at__lte=until)
    if since := preference.covered_until:
        submissions, appeals = submissions.filter(submitted_at__gt=since), appeals.filter(created_at__gt=since)
    return submissions.exists() or appeals.exists()
