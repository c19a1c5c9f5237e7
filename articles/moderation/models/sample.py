"""The publications of trusted authors that are reviewed afterwards."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from articles.models import Revision


class SampleQuerySet(models.QuerySet["Sample"]):
    def unreviewed(self) -> Self:
        return self.filter(reviewed_at=None)


class Sample(models.Model):
    """A publication without review that was drawn by lot. If its author publishes the next version, it moves there."""

    revision = models.OneToOneField(Revision, on_delete=models.CASCADE, primary_key=True, related_name="sample")
    drawn_at = models.DateTimeField(default=timezone.now)
    reviewed_at = models.DateTimeField(null=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["drawn_at", "revision"], condition=models.Q(reviewed_at=None), name="sample_unreviewed"
            )
        ]

    def __str__(self) -> str:
        return f"sample of {self.revision_id}"
