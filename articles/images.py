"""Lead images: how a file that a person sends becomes a `Picture`, and how its files go again."""

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
from accounts.uploads import MAX_BYTES, MAX_PIXELS, PictureRefused, open_upright, random_name, webp_bytes
from articles.models import Picture
from articles.models.pictures import WIDTHS

__all__ = ["PictureRefused", "remove_unused", "store_picture"]

QUALITY = 80
# A picture that no text uses yet may belong to a form that somebody is still filling in.
UNUSED_FOR = timedelta(days=1)


def store_picture(*, owner: User, file: UploadedFile[Any]) -> Picture:
    """Check, decode and re-encode an image, and keep it in the widths that pages ask for.

    Args:
        owner: who sent it; it counts towards their quota.
        file: as it came; nothing that it says about itself is believed.

    Raises:
        PictureRefused: the file is no picture that we take, or the owner's quota is used up. Nothing was kept.
    """
    image = open_upright(file, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS, at_least=max(WIDTHS))
    picture = Picture(owner=owner, key=random_name(), width=image.width, height=image.height)
    files = {picture.path(width): webp_bytes(image, width=width, quality=QUALITY) for width in picture.widths}
    picture.size = sum(map(len, files.values()))
    remove_unused(owner=owner)
    _check_quota(owner, picture.size)
    try:
        for path, content in files.items():
            default_storage.save(path, ContentFile(content))
        with transaction.atomic():
            # Two uploads at once count each other.
            User.objects.select_for_update(no_key=True).get(pk=owner.pk)
            _check_quota(owner, picture.size)
            picture.save(force_insert=True)
    except BaseException:
        _delete_files(picture)
        raise
    return picture


def remove_unused(*, owner: User) -> int:
    """Delete the owner's pictures that no text uses for a day, so that they do not eat up the quota.

    Returns:
        how many went.
    """
    unused = Picture.objects.filter(owner=owner, revisions=None, created_at__lt=timezone.now() - UNUSED_FOR)
    removed = 0
    for picture in unused[:20]:
        try:
            picture.delete()
        except (ProtectedError, IntegrityError):  # A text has taken it up meanwhile.
            continue
        _delete_files(picture)
        removed += 1
    return removed


def _check_quota(owner: User, size: int) -> None:
    used = Picture.objects.filter(owner=owner).aggregate(bytes=Sum("size"))["bytes"] or 0
    if used + size > settings.PICTURE_QUOTA_BYTES:
        raise PictureRefused(
            _("Your pictures have used up the %(number)d MB that each person has, so this one was not added.")
            % {"number": settings.PICTURE_QUOTA_BYTES // (1024 * 1024)}
        )


def _delete_files(picture: Picture) -> None:
    for width in picture.widths:
        default_storage.delete(picture.path(width))
