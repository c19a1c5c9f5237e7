"""What the admin's own pages say about the queue."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Min

from accounts.models import User
from articles.moderation.models import Submission
from articles.moderation.services import DECIDE

register = template.Library()


class Queue(TypedDict):
    """How much waits, and since when the longest."""

    waiting: int
    oldest: datetime | None


@register.simple_tag
def queue_for(user: User | AnonymousUser) -> Queue | None:
    """The queue for those who may decide; None for everyone else."""
    if not user.has_perm(DECIDE):
        return None
    counted = Submission.objects.waiting().order_by().aggregate(waiting=Count("pk"), oldest=Min("submitted_at"))
    return Queue(waiting=counted["waiting"], oldest=counted["oldest"])
