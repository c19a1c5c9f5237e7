"""Lead images: how a file that a person sends becomes a `Image`, and how its files go again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Image
from articles.models.image import WIDTHS
from core.images import MAX_BYTES, MAX_PIXELS, InvalidImage, encode_webp, load_image, random_name

__all__ = ["InvalidImage", "remove_unused", "store_image"]

QUALITY = 80
# A picture that no text uses yet may belong to a form that somebody is still filling in.
UNUSED_FOR = timedelta(days=1)


def store_image(*, owner: User, file: UploadedFile[Any]) -> Image:
    """Check, decode and re-encode an image, and keep it in the widths that pages ask for.

    Args:
        owner: who sent it; it counts towards their quota.
        file: as it came; nothing that it says about itself is believed.

    Raises:
        InvalidImage: the file is no picture that we take, or the owner's quota is used up. Nothing was kept.
    """
    decoded = load_image(file, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS, min_side=max(WIDTHS))
    image = Image(owner=owner, key=random_name(), width=decoded.width, height=decoded.height)
    files = {image.path(width): encode_webp(decoded, width=width, quality=QUALITY) for width in image.widths}
    image.size = sum(map(len, files.values()))
    remove_unused(owner=owner)
    _check_quota(owner, image.size)
    try:
        for path, content in files.items():
            default_storage.save(path, ContentFile(content))
        with transaction.atomic():
            # Two uploads at once count each other.
            User.objects.select_for_update(no_key=True).get(pk=owner.pk)
            _check_quota(owner, image.size)
            image.save(force_insert=True)
    except BaseException:
        _delete_files(image)
        raise
    return image


def remove_unused(*, owner: User) -> int:
    """Delete the owner's pictures that no text uses for a day, so that they do not eat up the quota.

    Returns:
        how many went.
    """
    unused = Image.objects.filter(owner=owner, revisions=None, created_at__lt=timezone.now() - UNUSED_FOR)
    removed = 0
    for image in unused[:20]:
        try:
            image.delete()
        except (ProtectedError, IntegrityError):  # A text has taken it up meanwhile.
            continue
        _delete_files(image)
        removed += 1
    return removed


def _check_quota(owner: User, size: int) -> None:
    used = Image.objects.filter(owner=owner).aggregate(bytes=Sum("size"))["bytes"] or 0
    if used + size > settings.IMAGE_QUOTA_BYTES:
        raise InvalidImage(
            _("Your pictures have used up the %(number)d MB that each person has, so this one was not added.")
            % {"number": settings.IMAGE_QUOTA_BYTES // (1024 * 1024)}
        )


def _delete_files(image: Image) -> None:
    for width in image.widths:
        default_storage.delete(image.path(width))
