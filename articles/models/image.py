"""Lead images as they are kept: re-encoded, in a few widths, under a name that nobody can guess."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _

# A phone, a phone with a dense screen or a card on a desk, the reading column on a dense screen.
WIDTHS = (480, 960, 1600)


class Image(models.Model):
    """A lead image that somebody uploaded. `articles.services.images` makes the files; nothing changes them later."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pictures")
    key = models.CharField(_("random name"), max_length=32, unique=True)
    width = models.PositiveIntegerField(_("width in pixels"))
    height = models.PositiveIntegerField(_("height in pixels"))
    size = models.PositiveIntegerField(_("size of all files in bytes"))
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.width}×{self.height}"

    @property
    def widths(self) -> list[int]:
        """The widths in which files exist, narrowest first: `WIDTHS` up to the picture's own."""
        return sorted({min(width, self.width) for width in WIDTHS})

    def path(self, width: int) -> str:
        """The storage path of the file of one width."""
        return f"pictures/{self.key[:2]}/{self.key}-{width}.webp"

    def url(self, width: int) -> str:
        """The address of the narrowest file that is at least `width` pixels wide, or of the widest."""
        urls, _ = _addresses(self.key, self.width)
        return next((url for one, url in urls if one >= width), urls[-1][1])

    @property
    def srcset(self) -> str:
        """The `srcset` attribute: every file with its width."""
        return _addresses(self.key, self.width)[1]


# A file's address is made of its name alone (settings.STORAGES), and every card of a picture asks for all of them.
@lru_cache(maxsize=4096)
def _addresses(key: str, width: int) -> tuple[tuple[tuple[int, str], ...], str]:
    image = Image(key=key, width=width)
    urls = tuple((one, default_storage.url(image.path(one))) for one in image.widths)
    return urls, ", ".join(f"{url} {one}w" for one, url in urls)
