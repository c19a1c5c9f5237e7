"""Suspending a person, and ending it early."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles.moderation.models import Sanction
from articles.moderation.services import lift, suspend
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.people import administrator, moderator

pytestmark = pytest.mark.django_db


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def test_a_suspended_person_does_not_write_until_it_ends() -> None:
    user, judge = factories.PersonFactory.create(), moderator()

    sanction = suspend(user=user, moderator=judge, until=in_days(7), reason=" Threats. ")

    user.refresh_from_db()
    assert user.suspended_until == sanction.ends_at
    assert (sanction.reason, sanction.moderator) == ("Threats.", judge)
    with pytest.raises(ActionNotAllowed, match="suspended"):
        publishing.start_draft(author=user, text=factories.text())

    lift(sanction=sanction, moderator=judge)
    user.refresh_from_db()
    assert not user.is_suspended
    publishing.start_draft(author=user, text=factories.text())


def test_lifting_one_of_two_leaves_the_other() -> None:
    user, judge = factories.PersonFactory.create(), moderator()
    short = suspend(user=user, moderator=judge, until=in_days(3), reason="Threats.")
    long = suspend(user=user, moderator=judge, until=in_days(30), reason="Again.")

    lift(sanction=long, moderator=judge)
    first_lifted_at = long.lifted_at
    lift(sanction=long, moderator=judge)

    user.refresh_from_db()
    long.refresh_from_db()
    assert user.suspended_until == short.ends_at
    assert long.lifted_at == first_lifted_at


@pytest.mark.parametrize("days", [-1, 0, 3651, 100_000])
def test_the_end_is_in_a_near_future(days: int) -> None:
    with pytest.raises(ActionNotAllowed, match="ten years"):
        suspend(user=factories.PersonFactory.create(), moderator=moderator(), until=in_days(days), reason="Threats.")
    assert not Sanction.objects.exists()


def test_a_suspension_needs_a_reason() -> None:
    with pytest.raises(ActionNotAllowed, match="reason"):
        suspend(user=factories.PersonFactory.create(), moderator=moderator(), until=in_days(1), reason=" \n")


def test_nobody_suspends_or_frees_themselves() -> None:
    judge = moderator()
    with pytest.raises(ActionNotAllowed, match="yourself"):
        suspend(user=judge, moderator=judge, until=in_days(1), reason="Tired.")

    other = administrator()
    own = Sanction.objects.create(user=other, moderator=judge, reason="Threats.", ends_at=in_days(1))
    with pytest.raises(ActionNotAllowed, match="your own suspension"):
        lift(sanction=own, moderator=other)


def test_only_administrators_suspend_administrators() -> None:
    boss = administrator()
    with pytest.raises(ActionNotAllowed, match="administrator"):
        suspend(user=boss, moderator=moderator(), until=in_days(1), reason="Coup.")

    sanction = suspend(user=boss, moderator=administrator(), until=in_days(1), reason="Threats.")
    with pytest.raises(ActionNotAllowed, match="administrator"):
        lift(sanction=sanction, moderator=moderator())


def test_staff_status_alone_suspends_nobody() -> None:
    staff = factories.PersonFactory.create(is_staff=True)
    with pytest.raises(PermissionDenied):
        suspend(user=factories.PersonFactory.create(), moderator=staff, until=in_days(1), reason="Threats.")
    sanction = suspend(user=factories.PersonFactory.create(), moderator=moderator(), until=in_days(1), reason="x")
    with pytest.raises(PermissionDenied):
        lift(sanction=sanction, moderator=staff)
