from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Page(models.Model):
    """A page of one row."""

    title = models.CharField(max_length=200)
    author = models.CharField(max_length=100)
    summary = models.CharField(max_length=300)
    body = models.TextField()
    published_at = models.DateTimeField()
    views = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Page]] = models.Manager()

    def __str__(self) -> str:
        return self.title


class Section(models.Model):
    """A section of articles."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)

    objects: ClassVar[models.Manager[Section]] = models.Manager()

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    """An article, whose page joins its author and section."""

    title = models.CharField(max_length=200)
    section = models.ForeignKey(Section, on_delete=models.PROTECT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    summary = models.CharField(max_length=300)
    body = models.TextField()
    published_at = models.DateTimeField()
    views = models.PositiveIntegerField(default=0)
    likes = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Article]] = models.Manager()

    def __str__(self) -> str:
        return self.title
