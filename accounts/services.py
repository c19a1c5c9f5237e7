"""Changes of a user's profile and avatar."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts.models import User
from accounts.selectors import AVATAR_SIZES, avatar_path
from core import events
from core.exceptions import ActionNotAllowed
from core.images import encode_webp, random_name


def lock_acting_user(user: User, permission: str = "") -> User:
    """Lock and return a user who is about to change something, as a moderator can suspend them at the same moment.

    Call it first in the transaction of every action: users are locked before other rows.

    Args:
        permission: that the action needs, if any.

    Raises:
        PermissionDenied: the account is closed, or it lacks the permission.
        ActionNotAllowed: the user is suspended.
    """
    current = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()
    if current is None:
        raise PermissionDenied
    if current.is_suspended:
        raise ActionNotAllowed(_("Your account is suspended, so you cannot do this."))
    if permission and not current.has_perm(permission):
        raise PermissionDenied
    return current


@transaction.atomic
def update_profile(
    *, user: User, avatar: Image.Image | None = None, without_avatar: bool = False, **fields: Any
) -> None:
    """Store what `ProfileForm` returned.

    Args:
        avatar: a new avatar, from `core.images.load_image`; None leaves the present one.
        without_avatar: remove the present avatar; ignored if there is a new one.
        fields: the other fields of the profile, by name.

    Raises:
        ActionNotAllowed: the user is suspended.
    """
    lock_acting_user(user)
    is_renamed = user.display_name != fields["display_name"]
    for name, value in fields.items():
        setattr(user, name, value)
    user.save(update_fields=fields)
    if avatar is not None:
        save_avatar(user=user, image=avatar)
    elif without_avatar:
        remove_avatar(user=user)
    if is_renamed:
        events.user_renamed.send(User, user=user)


def save_avatar(*, user: User, image: Image.Image) -> None:
    """Store `image`, cropped to a square in two sizes, as the avatar; the files of the old one are deleted on commit.

    Args:
        image: from `core.images.load_image`.
    """
    key = random_name()
    square = ImageOps.fit(image, (min(image.size),) * 2, centering=(0.5, 0.4))
    try:
        for size in AVATAR_SIZES:
            default_storage.save(avatar_path(key, size), ContentFile(encode_webp(square, width=size)))
        _set_avatar_key(user, key)
    except BaseException:
        _delete_files(key)
        raise


def remove_avatar(*, user: User) -> None:
    """Remove the avatar; its files are deleted on commit."""
    _set_avatar_key(user, "")


def _set_avatar_key(user: User, key: str) -> None:
    with transaction.atomic():
        # Locked, so that concurrent uploads leave no files behind.
        old_key = User.objects.select_for_update().values_list("avatar_key", flat=True).get(pk=user.pk)
        user.avatar_key = key
        user.save(update_fields=["avatar_key"])
        if old_key:
            transaction.on_commit(lambda: _delete_files(old_key))


def _delete_files(key: str) -> None:
    for size in AVATAR_SIZES:
        default_storage.delete(avatar_path(key, size))
