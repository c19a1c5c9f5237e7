"""What the screening of a submission found: hints for moderators, which order the queue and never decide."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Image, Revision
from core.fields import LineField
from core.text import CODE_POINTS


class ScreeningQuerySet(models.QuerySet["Screening"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None).order_by("requested_at", "pk")


class Screening(models.Model):
    """The screening of a submitted text by a task: requested, claimed, finished."""

    revision = models.OneToOneField(Revision, on_delete=models.CASCADE, primary_key=True, related_name="screening")
    # The text that is screened (`version_of`): the same revision can be submitted again with another one.
    submitted_at = models.DateTimeField()
    # Minus the weights of the hints, so that ascending order has the most conspicuous first.
    rank = models.SmallIntegerField(default=0)
    requested_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["requested_at"], condition=models.Q(finished_at=None), name="screening_unfinished")
        ]

    def __str__(self) -> str:
        return f"screening of {self.revision_id}"


class Hint(models.Model):
    """Something that a moderator should know about a submission."""

    class Kind(models.TextChoices):
        TEXT = "text", _("similar text")
        IMAGE = "image", _("same image")
        DOMAINS = "domains", _("new links")
        WORDS = "words", _("watch words")
        SUBMISSIONS = "submissions", _("many submissions")
        ACCOUNT = "account", _("new account")

    # How much each kind moves a submission forward in the order by hints.
    WEIGHTS = {
        Kind.TEXT: 40,
        Kind.IMAGE: 20,
        Kind.WORDS: 20,
        Kind.DOMAINS: 10,
        Kind.SUBMISSIONS: 10,
        Kind.ACCOUNT: 5,
    }

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="hints", db_index=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    # What `articles.moderation.hints` says of it.
    data = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        verbose_name = _("hint")
        verbose_name_plural = _("hints")
        constraints = [models.UniqueConstraint(fields=["revision", "kind"], name="hint_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.revision_id}"


class TextBand(models.Model):
    """One band of the MinHash of a text: texts that share one are probably similar."""

    hash = models.BigIntegerField()
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["hash", "revision"], name="text_band_once")]

    def __str__(self) -> str:
        return f"{self.hash} of {self.revision_id}"


class ImageHash(models.Model):
    """The difference hash of an image, as a signed number of 64 bits."""

    image = models.OneToOneField(Image, on_delete=models.CASCADE, primary_key=True, related_name="+")
    hash = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.hash:x} of {self.image_id}"


class ImageBand(models.Model):
    """A quarter of an `ImageHash`, with its place, for the search of hashes that differ in a few bits."""

    quarter = models.IntegerField()
    image = models.ForeignKey(ImageHash, on_delete=models.CASCADE, related_name="bands")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["quarter", "image"], name="image_band_once")]

    def __str__(self) -> str:
        return f"{self.quarter:x} of {self.image_id}"


class LinkDomain(models.Model):
    """A domain that a submitted text links to."""

    domain = models.CharField(max_length=253)
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["domain", "revision"], name="link_domain_once")]

    def __str__(self) -> str:
        return self.domain


class WatchWord(models.Model):
    """A word that gives a hint. With an asterisk at its end it stands for all words that begin so."""

    word = LineField(_("word"), max_length=60 * CODE_POINTS, unique=True)
    note = LineField(_("note"), max_length=200 * CODE_POINTS, blank=True)

    class Meta:
        verbose_name = _("watch word")
        verbose_name_plural = _("watch words")
        ordering = ["word"]

    def __str__(self) -> str:
        return self.word
