"""Receivers of what accounts tell (core/events.py)."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from articles.services import coauthors
from articles.services.schedule import stop_all
from core import events


@receiver(events.user_renamed)
def rename_coauthor(user: User, **kwargs: Any) -> None:
    coauthors.rename(user=user)


@receiver(events.user_deactivated)
def end_coauthorships(user: User, **kwargs: Any) -> None:
    coauthors.end_all(user=user)


@receiver(events.user_deactivated)
def stop_scheduled_articles(user: User, **kwargs: Any) -> None:
    """Publish nothing more of a user whose account is closed."""
    stop_all(author=user)
