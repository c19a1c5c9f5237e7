"""Receivers that keep votes off a user's own articles (core/events.py)."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from articles.models import Article
from articles.voting import services
from core import events


@receiver(events.coauthor_added)
def remove_vote_of_coauthor(article: Article, user: User, **kwargs: Any) -> None:
    services.remove_vote(article=article, user=user)
