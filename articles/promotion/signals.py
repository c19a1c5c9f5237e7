"""Receivers that keep the cached list of running promotions up to date."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from articles.promotion.models import Promotion
from articles.promotion.selectors import forget_running
from core import events


@receiver([events.article_published, events.article_hidden, events.article_restored])
@receiver(post_save, sender=Promotion)
def refresh_running(**kwargs: Any) -> None:
    forget_running()
