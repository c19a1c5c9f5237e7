"""Store uploaded lead images, move those of hidden articles, and delete unused ones."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Article, Image
from articles.models.image import SHARE_SIZE
from core.images import (
    InvalidImage,
    delete_files,
    delete_files_on_commit,
    encode_jpeg,
    encode_webp,
    random_name,
    store_files,
)

QUALITY = 80
# An image that no revision uses can belong to a form that a user is still filling in.
UNUSED_TIMEOUT = timedelta(days=1)
MAX_REMOVED = 20
MAX_MOVED = 100

logger = logging.getLogger(__name__)


def store_image(*, owner: User, pixels: PILImage.Image) -> Image:
    """Encode an image in the sizes that pages use, and store it.

    Args:
        owner: the user whose quota it counts towards.
        pixels: from `core.images.load_image`.

    Raises:
        InvalidImage: the owner's quota is used up, or the storage fails. Nothing was stored.
    """
    image = Image(owner=owner, key=random_name(), width=pixels.width, height=pixels.height)
    files = encode_files(image, pixels)
    image.size = sum(map(len, files.values()))
    remove_unused(owner=owner)
    _check_quota(owner, image.size)
    store_files(files)
    try:
        with transaction.atomic():
            # The lock makes concurrent uploads count each other.
            User.objects.select_for_update(no_key=True).get(pk=owner.pk)
            _check_quota(owner, image.size)
            image.save(force_insert=True)
    except BaseException:
        delete_files(files)
        raise
    return image


def encode_files(image: Image, pixels: PILImage.Image) -> dict[str, bytes]:
    """Return the files of an image as storage path → content."""
    files = {image.path(width): encode_webp(pixels, width=width, quality=QUALITY) for width in image.widths}
    return files | {image.share_path: encode_jpeg(pixels, size=SHARE_SIZE)}


def delete_image(image: Image) -> None:
    """Delete an image; the versions that showed it have none then.

    Raises:
        IntegrityError: a version uses it meanwhile.
    """
    with transaction.atomic():
        image.delete()
        delete_files_on_commit(image.paths)


def remove_unused(*, owner: User) -> None:
    """Delete the owner's images that no revision or checkpoint has used for a day; they count towards the quota."""
    unused = Image.objects.filter(
        owner=owner, revisions=None, checkpoints=None, created_at__lt=timezone.now() - UNUSED_TIMEOUT
    )
    for image in unused[:MAX_REMOVED]:
        with suppress(IntegrityError):
            delete_image(image)


def hide_images(article: Article) -> None:
    """Give the images of a hidden article new names, so that the addresses that were public lead nowhere.

    The files move after the commit, in all sizes; `finish_moves` is periodic too, for a process that died before.
    """
    images = Image.objects.filter(pk__in=article.revisions.values("image"))
    for image in images.select_for_update(no_key=True):
        if image.retired_key:
            _move_files(image)
        image.retired_key, image.key = image.key, random_name()
        image.save(update_fields=["key", "retired_key"])
    transaction.on_commit(finish_moves)


def finish_moves() -> None:
    """Move the files of images that got a new name."""
    for image in Image.objects.exclude(retired_key="")[:MAX_MOVED]:
        try:
            _move_files(image)
        except OSError:
            logger.exception("The files of image %s could not be moved", image.pk)


def _move_files(image: Image) -> None:
    retired = Image(key=image.retired_key, width=image.width)
    for old, new in zip(retired.paths, image.paths, strict=True):
        if default_storage.exists(old):
            with default_storage.open(old) as file:
                if not default_storage.exists(new) or default_storage.size(new) != file.size:
                    default_storage.delete(new)  # A process that was killed has written a part.
                    default_storage.save(new, file)
            default_storage.delete(old)
    Image.objects.filter(pk=image.pk, retired_key=image.retired_key).update(retired_key="")


def _check_quota(owner: User, size: int) -> None:
    used = Image.objects.filter(owner=owner).aggregate(bytes=Sum("size"))["bytes"] or 0
    if used + size > settings.IMAGE_QUOTA_BYTES:
        raise InvalidImage(
            _("You have used all %(number)d MB of your image storage, so this image was not added.")
            % {"number": settings.IMAGE_QUOTA_BYTES // (1024 * 1024)}
        )
