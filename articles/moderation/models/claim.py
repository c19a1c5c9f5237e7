"""Which moderator reviews which submission at the moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Revision

CLAIM_TIME = timedelta(minutes=15)


class ClaimQuerySet(models.QuerySet["Claim"]):
    def active(self) -> Self:
        """Return the claims that have not ended."""
        return self.filter(ends_at__gt=timezone.now())


class Claim(models.Model):
    """A submission that a moderator reviews until `ends_at`. Each moderator has one, and each submission."""

    revision = models.OneToOneField(
        Revision, on_delete=models.CASCADE, primary_key=True, related_name="claim", verbose_name=_("submission")
    )
    moderator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("moderator")
    )
    ends_at = models.DateTimeField(_("until"))

    objects = ClaimQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("claim")
        verbose_name_plural = _("claims")

    def __str__(self) -> str:
        return f"{self.moderator_id}: {self.revision_id}"

    @property
    def is_active(self) -> bool:
        return self.ends_at > timezone.now()
