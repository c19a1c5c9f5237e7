"""Store uploaded lead images, and delete unused ones."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Image
from core.images import InvalidImage, encode_webp, random_name

QUALITY = 80
# An image that no revision uses can belong to a form that a user is still filling in.
UNUSED_TIMEOUT = timedelta(days=1)
MAX_REMOVED = 20


def store_image(*, owner: User, pixels: PILImage.Image) -> Image:
    """Encode an image in the widths that pages use, and store it.

    Args:
        owner: the user whose quota it counts towards.
        pixels: from `core.images.load_image`.

    Raises:
        InvalidImage: the owner's quota is used up. Nothing was stored.
    """
    image = Image(owner=owner, key=random_name(), width=pixels.width, height=pixels.height)
    files = {image.path(width): encode_webp(pixels, width=width, quality=QUALITY) for width in image.widths}
    image.size = sum(map(len, files.values()))
    remove_unused(owner=owner)
    _check_quota(owner, image.size)
    try:
        for path, content in files.items():
            default_storage.save(path, ContentFile(content))
        with transaction.atomic():
            # The lock makes concurrent uploads count each other.
            User.objects.select_for_update(no_key=True).get(pk=owner.pk)
            _check_quota(owner, image.size)
            image.save(force_insert=True)
    except BaseException:
        _delete_files(image)
        raise
    return image


def remove_unused(*, owner: User) -> None:
    """Delete the owner's images that no revision has used for a day; they count towards the quota."""
    unused = Image.objects.filter(owner=owner, revisions=None, created_at__lt=timezone.now() - UNUSED_TIMEOUT)
    for image in unused[:MAX_REMOVED]:
        with suppress(ProtectedError, IntegrityError):  # A revision uses it meanwhile.
            image.delete()
            _delete_files(image)


def _check_quota(owner: User, size: int) -> None:
    used = Image.objects.filter(owner=owner).aggregate(bytes=Sum("size"))["bytes"] or 0
    if used + size > settings.IMAGE_QUOTA_BYTES:
        raise InvalidImage(
            _("You have used all %(number)d MB of your image storage, so this image was not added.")
            % {"number": settings.IMAGE_QUOTA_BYTES // (1024 * 1024)}
        )


def _delete_files(image: Image) -> None:
    for width in image.widths:
        default_storage.delete(image.path(width))
