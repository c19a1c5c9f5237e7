"""A person's portrait: two square files under a name that nobody can guess."""

from __future__ import annotations

from functools import lru_cache

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageOps

from accounts.models import User
from core.images import encode_webp, random_name

# Beside a name on a dense screen, and on the person's own page.
SIZES = (96, 320)


def avatar_url(user: User, size: int) -> str:
    """The address of the portrait for a place `size` CSS pixels wide, or "" where the person has none."""
    if not user.avatar_key:
        return ""
    fitting = next((one for one in SIZES if one >= size * 2), SIZES[-1])
    return _address(user.avatar_key, fitting)


# A file's address is made of its name alone (settings.STORAGES).
@lru_cache(maxsize=4096)
def _address(key: str, size: int) -> str:
    return default_storage.url(_path(key, size))


def save_avatar(*, user: User, image: Image.Image) -> None:
    """Make `image` (from `core.images.load_image`) the person's portrait; the old files go with the commit."""
    key = random_name()
    square = ImageOps.fit(image, (min(image.size),) * 2, centering=(0.5, 0.4))
    try:
        for size in SIZES:
            default_storage.save(_path(key, size), ContentFile(encode_webp(square, width=size)))
        _exchange(user, key)
    except BaseException:
        _delete_files(key)
        raise


def remove_avatar(*, user: User) -> None:
    """Take the person's portrait away; a monogram stands in its place."""
    _exchange(user, "")


def _exchange(user: User, key: str) -> None:
    with transaction.atomic():
        # The row is locked, so that two uploads at once leave no files behind.
        old = User.objects.select_for_update().values_list("avatar_key", flat=True).get(pk=user.pk)
        user.avatar_key = key
        user.save(update_fields=["avatar_key"])
        if old:
            transaction.on_commit(lambda: _delete_files(old))


def _delete_files(key: str) -> None:
    for size in SIZES:
        default_storage.delete(_path(key, size))


def _path(key: str, size: int) -> str:
    return f"avatars/{key[:2]}/{key}-{size}.webp"
