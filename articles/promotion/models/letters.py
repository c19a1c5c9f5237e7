"""Letters that are owed to people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.promotion.models.ledger import LedgerEntry


class NoticeQuerySet(models.QuerySet["Notice"]):
    def owed(self, *, since: timedelta) -> Self:
        """Letters that should have been sent long ago: their worker was killed."""
        limit: datetime = timezone.now() - since
        return self.filter(mailed_at=None, entry__at__lt=limit)


class Notice(models.Model):
    """One letter about one row of the ledger to one person; made in the transaction of the row, sent once."""

    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # The name of its templates under promotion/mail/.
    letter = models.CharField(max_length=30)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [models.UniqueConstraint(fields=["entry", "user", "letter"], name="promotion_notice_once")]
        indexes = [models.Index(fields=["id"], condition=Q(mailed_at=None), name="promotion_notice_owed")]

    def __str__(self) -> str:
        return f"{self.letter} for {self.person_id}"
