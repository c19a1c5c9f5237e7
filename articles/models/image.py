"""Images of articles: re-encoded in a few widths, stored under a random name."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.fields import LineField
from core.pagination import KeysetOrdering
from core.text import CODE_POINTS

# Pixels: a phone; a phone with a dense screen or a card on a desktop; the article column on a dense screen.
WIDTHS = (480, 960, 1600)
# The JPEG for social networks and messengers, which know neither WebP nor narrow images.
SHARE_SIZE = (1200, 630)
CENTER = 50
NEWEST_IMAGES = KeysetOrdering({"pk": int})


class Licence(models.TextChoices):
    """Under what conditions an image is shown. Its values are stored in texts (`data-licence`)."""

    OWN = "own", _("My own image")
    PERMISSION = "permission", _("Used with permission")
    PUBLIC_DOMAIN = "public-domain", _("Public domain")
    CC0 = "cc0", "CC0 1.0"
    CC_BY = "cc-by", "CC BY 4.0"
    CC_BY_SA = "cc-by-sa", "CC BY-SA 4.0"


LICENCE_URLS = {
    Licence.CC0: "https://creativecommons.org/publicdomain/zero/1.0/",
    Licence.CC_BY: "https://creativecommons.org/licenses/by/4.0/",
    Licence.CC_BY_SA: "https://creativecommons.org/licenses/by-sa/4.0/",
}


class Shape(models.TextChoices):
    """To what shape an image was cropped, as width:height."""

    WHOLE = "", pgettext_lazy("shape of an image", "Not cropped")
    LANDSCAPE = "3:2", pgettext_lazy("shape of an image", "Landscape (3:2)")
    WIDE = "16:9", pgettext_lazy("shape of an image", "Wide (16:9)")
    SQUARE = "1:1", pgettext_lazy("shape of an image", "Square (1:1)")
    TALL = "4:5", pgettext_lazy("shape of an image", "Portrait (4:5)")


class Image(models.Model):
    """An uploaded image. `articles.services.images` writes the files; they never change, but they can move.

    Neither do its shape and its focal point: another crop is another image, with the same `original`.

    A version shows it as its lead image (`Revision.image`) or in its text (`used_in`). The texts here are those with
    which it was used last, for the next use and for the search among one's own images: a version has its own.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="images")
    key = models.CharField(_("file name"), max_length=32, unique=True)
    # The key under which the files were public before a moderator hid them; empty when they have moved.
    retired_key = models.CharField(max_length=32, blank=True, editable=False)
    width = models.PositiveIntegerField(_("width in pixels"))
    height = models.PositiveIntegerField(_("height in pixels"))
    size = models.PositiveIntegerField(_("total size of all files in bytes"))
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    # A hidden article shows it: it cannot be seen in any other text.
    is_hidden = models.BooleanField(_("hidden"), default=False, db_default=False, editable=False)
    alternative_text = LineField(_("alternative text"), max_length=200 * CODE_POINTS, blank=True, db_default="")
    caption = LineField(_("caption"), max_length=300 * CODE_POINTS, blank=True, db_default="")
    credit = LineField(_("credit"), max_length=120 * CODE_POINTS, blank=True, db_default="")
    licence = models.CharField(_("licence"), max_length=20, choices=Licence.choices, blank=True, db_default="")
    # What it was cropped from, or got another focal point than. It stays, so that this can be undone.
    original = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="crops"
    )
    shape = models.CharField(max_length=5, choices=Shape.choices, blank=True, default="", db_default="", editable=False)
    # The point that stays in its place, in percent of the width and height, where an image is cut to another shape.
    focus_x = models.PositiveSmallIntegerField(default=CENTER, db_default=CENTER, editable=False)
    focus_y = models.PositiveSmallIntegerField(default=CENTER, db_default=CENTER, editable=False)
    # The versions whose text shows it.
    used_in = models.ManyToManyField("articles.Revision", related_name="body_images", editable=False)

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        indexes = [models.Index(fields=["id"], condition=~models.Q(retired_key=""), name="image_moving")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(focus_x__lte=100, focus_y__lte=100), name="image_focal_point_is_in_it"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.width}×{self.height}"

    @property
    def widths(self) -> list[int]:
        """The widths of the stored files, narrowest first: `WIDTHS` up to the width of the image itself."""
        return sorted({min(width, self.width) for width in WIDTHS})

    def path(self, width: int) -> str:
        """Return the storage path of the file of one of `widths`."""
        return f"pictures/{self.key[:2]}/{self.key}-{width}.webp"

    @property
    def share_path(self) -> str:
        """The storage path of the JPEG."""
        return f"pictures/{self.key[:2]}/{self.key}-share.jpg"

    @property
    def share_url(self) -> str:
        return default_storage.url(self.share_path)

    @property
    def paths(self) -> list[str]:
        """The storage paths of all files."""
        return [*map(self.path, self.widths), self.share_path]

    def url(self, width: int) -> str:
        """Return the URL of the narrowest file that is at least `width` pixels wide, or of the widest one."""
        return default_storage.url(self.path(next((one for one in self.widths if one >= width), self.width)))

    @property
    def srcset(self) -> str:
        """The `srcset` attribute: every file with its width."""
        return ", ".join(f"{default_storage.url(self.path(width))} {width}w" for width in self.widths)
