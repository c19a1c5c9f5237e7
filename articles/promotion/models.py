"""Requests to put an article forward."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Article


class Promotion(models.Model):
    """A sponsor's request to promote a published article."""

    class State(models.TextChoices):
        REQUESTED = "requested", pgettext_lazy("state of a promotion", "Requested")
        APPROVED = "approved", pgettext_lazy("state of a promotion", "Approved")
        DECLINED = "declined", pgettext_lazy("state of a promotion", "Declined")

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="promotions", verbose_name=_("article"))
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="promotions", verbose_name=_("sponsor")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REQUESTED)
    message = models.TextField(_("message to the moderators"), max_length=1000, blank=True)
    requested_at = models.DateTimeField(_("requested"), auto_now_add=True)
    mailed_at = models.DateTimeField(_("moderators told"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "sponsor"], condition=Q(state="requested"), name="promotion_one_open_request"
            )
        ]

    def __str__(self) -> str:
        return f"{self.article_id} by {self.sponsor_id}"
