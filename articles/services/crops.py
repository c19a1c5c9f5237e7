"""Crop images and set their focal point: each time as another image, so that no version changes that was decided on."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Article, Image
from articles.services.drafts import content_of
from articles.services.images import Crop, check_croppable, delete_if_unused, store_image
from articles.services.publishing import save_draft
from articles.services.revisions import PageState
from core.exceptions import ActionNotAllowed
from core.images import InvalidImage, load_image
from core.media_files import open_file


def crop_image(*, image: Image, owner: User, shape: str, focus_x: int, focus_y: int) -> Image:
    """Return the original of an image in another shape, and with another focal point.

    Args:
        shape: one of `articles.models.image.Shape`; "" for the whole image.
        focus_x, focus_y: the focal point in percent from the left and from the top.

    Returns:
        the original itself, or an image that was made so before, if there is one.

    Raises:
        PermissionDenied: it belongs to another user.
        ActionNotAllowed: it belongs to a hidden article, or the owner is suspended.
        InvalidImage: the owner's quota is used up, or the storage fails.
    """
    if image.owner_id != owner.pk:
        raise PermissionDenied
    original = image.original or image
    check_croppable(original)
    crop = Crop(original, shape, focus_x, focus_y)
    for made in (original, *original.crops.all()):
        if (made.shape, made.focus_x, made.focus_y) == crop[1:]:
            return made
    try:
        with open_file(original.path(original.widths[-1])) as file:
            pixels = load_image(BytesIO(file.read()))
    except OSError as error:
        raise InvalidImage(_("The image cannot be read at the moment. Try again later.")) from error
    made = store_image(owner=owner, pixels=cropped(pixels, crop), crop=crop)
    for name in ("alternative_text", "caption", "credit", "licence"):
        setattr(made, name, getattr(image, name))
    made.save(update_fields=["alternative_text", "caption", "credit", "licence"])
    return made


def cropped(pixels: PILImage.Image, crop: Crop) -> PILImage.Image:
    """Return the largest part of an image that has the shape, with the focal point where it was in the whole."""
    if not crop.shape:
        return pixels
    width, height = map(int, crop.shape.split(":"))
    scale = min(pixels.width / width, pixels.height / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    left = round((pixels.width - size[0]) * crop.focus_x / 100)
    top = round((pixels.height - size[1]) * crop.focus_y / 100)
    return pixels.crop((left, top, left + size[0], top + size[1]))


def crop_lead_image(*, article: Article, editor: User, shape: str, focus_x: int, focus_y: int) -> Article:
    """Crop the lead image of the draft. What readers see stays, until this draft is published.

    Args:
        article: from `own_article`.
        editor: the author or a co-author, who must own the image.

    Raises:
        PermissionDenied: the image belongs to another author.
        ActionNotAllowed, StaleVersion: as `crop_image` and `save_draft`, or the draft has no lead image.
        InvalidImage: as `crop_image`.
    """
    latest = article.latest
    if latest is None or latest.image is None:
        raise ActionNotAllowed(_("This article has no lead image. Choose one first."))
    before = latest.image
    after = crop_image(image=before, owner=editor, shape=shape, focus_x=focus_x, focus_y=focus_y)
    if after == before:
        return article
    content = replace(content_of(latest), image=after)
    try:
        article = save_draft(article=article, text=content, editor=editor, page=PageState(version=latest.version))
    except ActionNotAllowed:
        delete_if_unused_crop(after)
        raise
    delete_if_unused_crop(before)
    return article


def delete_if_unused_crop(image: Image) -> None:
    """Delete an image that was cropped from another one and that nothing uses."""
    if image.original_id:
        delete_if_unused(image)
