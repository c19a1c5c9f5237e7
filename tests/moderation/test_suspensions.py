"""The services `suspend` and `lift`."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles.moderation.models import Suspension
from articles.moderation.services import lift, suspend
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def test_suspend_and_lift() -> None:
    user, judge = factories.UserFactory.create(), moderator()

    suspension = suspend(user=user, moderator=judge, until=in_days(7), reason=" Threats. ")

    user.refresh_from_db()
    assert user.suspended_until == suspension.ends_at
    assert (suspension.reason, suspension.moderator) == ("Threats.", judge)
    with pytest.raises(ActionNotAllowed, match="suspended"):
        publishing.start_draft(author=user, text=factories.text())

    lift(suspension=suspension, moderator=judge)
    user.refresh_from_db()
    assert not user.is_suspended
    publishing.start_draft(author=user, text=factories.text())


def test_lift_leaves_other_suspension() -> None:
    user, judge = factories.UserFactory.create(), moderator()
    short = suspend(user=user, moderator=judge, until=in_days(3), reason="Threats.")
    long = suspend(user=user, moderator=judge, until=in_days(30), reason="Again.")

    lift(suspension=long, moderator=judge)
    long.refresh_from_db()
    first_lifted_at = long.lifted_at
    lift(suspension=long, moderator=judge)

    user.refresh_from_db()
    long.refresh_from_db()
    assert user.suspended_until == short.ends_at
    assert long.lifted_at == first_lifted_at


@pytest.mark.parametrize("days", [-1, 0, 3651, 100_000])
def test_suspend_end_out_of_range_is_refused(days: int) -> None:
    with pytest.raises(ActionNotAllowed, match="ten years"):
        suspend(user=factories.UserFactory.create(), moderator=moderator(), until=in_days(days), reason="Threats.")
    assert not Suspension.objects.exists()


def test_suspend_without_reason_is_refused() -> None:
    with pytest.raises(ActionNotAllowed, match="reason"):
        suspend(user=factories.UserFactory.create(), moderator=moderator(), until=in_days(1), reason=" \n")


def test_suspend_and_lift_own_account_is_refused() -> None:
    judge = moderator()
    with pytest.raises(ActionNotAllowed, match="yourself"):
        suspend(user=judge, moderator=judge, until=in_days(1), reason="Tired.")

    other = administrator()
    own = Suspension.objects.create(user=other, moderator=judge, reason="Threats.", ends_at=in_days(1))
    with pytest.raises(ActionNotAllowed, match="your own suspension"):
        lift(suspension=own, moderator=other)


def test_suspend_administrator_needs_administrator() -> None:
    boss = administrator()
    with pytest.raises(ActionNotAllowed, match="administrator"):
        suspend(user=boss, moderator=moderator(), until=in_days(1), reason="Coup.")

    suspension = suspend(user=boss, moderator=administrator(), until=in_days(1), reason="Threats.")
    with pytest.raises(ActionNotAllowed, match="administrator"):
        lift(suspension=suspension, moderator=moderator())


def test_suspend_and_lift_need_permission() -> None:
    staff = factories.UserFactory.create(is_staff=True)
    with pytest.raises(PermissionDenied):
        suspend(user=factories.UserFactory.create(), moderator=staff, until=in_days(1), reason="Threats.")
    suspension = suspend(user=factories.UserFactory.create(), moderator=moderator(), until=in_days(1), reason="x")
    with pytest.raises(PermissionDenied):
        lift(suspension=suspension, moderator=staff)
