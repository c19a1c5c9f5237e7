"""Receivers of what accounts tell (core/events.py)."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from articles.services import closed_accounts, coauthors
from core import events


@receiver(events.user_renamed)
def rename_coauthor(user: User, **kwargs: Any) -> None:
    coauthors.rename(user=user)


@receiver(events.user_deactivated)
def end_work(user: User, **kwargs: Any) -> None:
    closed_accounts.end_work(user=user)
