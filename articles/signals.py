"""Receivers that keep the co-authors of articles up to date (core/events.py)."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from articles.services import coauthors
from core import events


@receiver(events.user_renamed)
def rename_coauthor(user: User, **kwargs: Any) -> None:
    coauthors.rename(user=user)


@receiver(events.user_deactivated)
def end_coauthorships(user: User, **kwargs: Any) -> None:
    coauthors.end_all(user=user)
