"""Series: articles of one author in an order."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from articles.models.article import Article
from articles.models.slugs import slug_of
from core.fields import LineField
from core.text import CODE_POINTS

MAX_DESCRIPTION = 500


class Series(models.Model):
    """A series of one author (`articles.services.series`). Readers see it while a part of it is published."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="series")
    title = LineField(_("title"), max_length=100 * CODE_POINTS)
    description = models.TextField(_("description"), max_length=MAX_DESCRIPTION * CODE_POINTS, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")

    def __str__(self) -> str:
        return self.title

    @property
    def slug(self) -> str:
        return slug_of(self.title, max_length=80)

    def get_absolute_url(self) -> str:
        return reverse("series", kwargs={"pk": self.pk, "slug": self.slug})


class SeriesPart(models.Model):
    """An article in a series, in any state: readers see the published ones, numbered without the others."""

    article = models.OneToOneField(Article, on_delete=models.CASCADE, primary_key=True, related_name="series_part")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="parts", db_index=False)
    # Of two equal positions the older article comes first.
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["series", "position", "article"], name="series_part_order")]

    def __str__(self) -> str:
        return f"{self.article_id} in {self.series_id}"
