"""Whether an author publishes without review: what moderators decided about that."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.text import MAX_REASON


class Trust(models.Model):
    """A change of an author's trust by a moderator. Rows are not changed: the last one applies until it ends.

    Without one that applies, trust is computed (`articles.services.trust`).
    """

    class Kind(models.TextChoices):
        COMPUTED = "computed", pgettext_lazy("trust", "Computed")
        GRANTED = "granted", pgettext_lazy("trust", "Granted")
        FROZEN = "frozen", pgettext_lazy("trust", "Frozen")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="trust_changes",
        db_index=False,
        verbose_name=_("user"),
    )
    kind = models.CharField(_("trust"), max_length=10, choices=Kind.choices)
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    reason = models.TextField(_("reason"), max_length=MAX_REASON)
    begins_at = models.DateTimeField(_("from"), default=timezone.now)
    # None: until the next change.
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("trust of an author")
        verbose_name_plural = _("trust of authors")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["computed", "granted", "frozen"]), name="trust_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="trust_has_reason"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("begins_at")) & ~Q(kind="computed"),
                name="trust_ends_after_begin",
            ),
        ]
        indexes = [models.Index(fields=["user", "-id"], name="trust_last")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"

    @property
    def is_active(self) -> bool:
        """Whether it has an effect, if it is the last one of its author."""
        return self.kind != self.Kind.COMPUTED and (self.ends_at is None or self.ends_at > timezone.now())
