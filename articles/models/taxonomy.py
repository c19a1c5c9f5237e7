"""Sections and tags."""

from __future__ import annotations

from typing import cast

from django.core.cache import caches
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from articles.models.slugs import slug_of
from core.fields import LineField
from core.text import CODE_POINTS


class Section(models.Model):
    """A section of the site, with a name in each language of the interface."""

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_ru = models.CharField(_("name in Russian"), max_length=60, blank=True)
    name_hy = models.CharField(_("name in Armenian"), max_length=60, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("section", kwargs={"slug": self.slug})

    def name_in(self, language: str) -> str:
        """Return the name in a language ("en", "ru", "hy"), or `name` if there is none in this language."""
        return str(getattr(self, f"name_{language}", "") or self.name)

    @classmethod
    def all_cached(cls) -> list[Section]:
        """Return all sections in order, at most five seconds old. Every page shows them."""
        return cast("list[Section]", caches["local"].get_or_set("sections", lambda: list(cls.objects.all()), 5))

    @classmethod
    def cached(cls, pk: int) -> Section:
        """Return one of `all_cached`; one that was created in the last seconds from the database."""
        return next((section for section in cls.all_cached() if section.pk == pk), None) or cls.objects.get(pk=pk)


class TagManager(models.Manager["Tag"]):
    def named(self, names: list[str]) -> list[Tag]:
        """Return the tags with these names in this order, ignoring case, and create those that do not exist."""
        slugs = {slug_of(name): name for name in reversed(names)}
        ordered = list(dict.fromkeys(slug_of(name) for name in names))
        self.bulk_create([Tag(slug=slug, name=slugs[slug]) for slug in sorted(ordered)], ignore_conflicts=True)
        found = {tag.slug: tag for tag in self.filter(slug__in=ordered)}
        return [found[slug] for slug in ordered if slug in found]


class Tag(models.Model):
    """A tag that authors choose freely. Two spellings with the same slug are one tag."""

    slug = models.CharField(_("address"), max_length=60, unique=True)
    name = LineField(_("name"), max_length=40 * CODE_POINTS)

    objects = TagManager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("slug"), name="tag_slug_unique_in_any_case")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tag", kwargs={"slug": self.slug})
