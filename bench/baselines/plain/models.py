from __future__ import annotations

from typing import ClassVar

from django.db import models


class Page(models.Model):
    """A page."""

    title = models.CharField(max_length=200)
    author = models.CharField(max_length=100)
    summary = models.CharField(max_length=300)
    body = models.TextField()
    published_at = models.DateTimeField()
    views = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Page]] = models.Manager()

    def __str__(self) -> str:
        return self.title
