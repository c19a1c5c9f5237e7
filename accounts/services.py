"""Changes of a user's profile and avatar."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, ProtectedError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts.models import FormerUsername, User
from accounts.selectors import AVATAR_SIZES, avatar_path
from core import events
from core.exceptions import ActionNotAllowed
from core.images import delete_files, delete_files_on_commit, encode_webp, random_name, store_files

USERNAME_PERIOD = timedelta(days=14)
UNCONFIRMED_TIMEOUT = timedelta(days=7)
# Users in one run.
MAX_DELETED = 1000


def lock_acting_user(pk: int, permission: str = "") -> User:
    """Lock and return a user who is about to change something, as a moderator can suspend them at the same moment.

    Call it first in the transaction of every action: users are locked before other rows.

    Args:
        permission: that the action needs, if any.

    Raises:
        PermissionDenied: the account is closed, or it lacks the permission.
        ActionNotAllowed: the user is suspended.
    """
    current = User.objects.select_for_update(no_key=True).filter(pk=pk, is_active=True).first()
    if current is None:
        raise PermissionDenied
    if current.is_suspended:
        raise ActionNotAllowed(_("Your account is suspended, so you cannot do this."))
    if permission and not current.has_perm(permission):
        raise PermissionDenied
    return current


def lock_users(*pks: int) -> dict[int, User]:
    """Lock users in one order, so that two actions on the same ones do not wait for each other; return them by pk."""
    return User.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").in_bulk()


def set_unconfirmed_email(*, user: User, email: str) -> EmailAddress | None:
    """Save a user whose address is not confirmed, new ones too, with another address; the old one is forgotten.

    Returns None if the address or the username of a new user is taken. Nothing was stored.
    """
    try:
        with transaction.atomic():
            user.email = email
            user.save()
            EmailAddress.objects.filter(user=user, verified=False).delete()
            return EmailAddress.objects.create(user=user, email=email, primary=True)
    except IntegrityError:
        return None


@transaction.atomic
def claim_unconfirmed_address(*, user: User, email: str) -> None:
    """Prepare the account of an address for its owner, who has a code from an email to it.

    If the address is not confirmed, a stranger can have created the account: its password stops working.
    """
    address, _is_new = EmailAddress.objects.get_or_create(user=user, email=email.lower(), defaults={"primary": True})
    if not address.verified and user.has_usable_password():
        user.set_unusable_password()
        user.save(update_fields=["password"])


def delete_unconfirmed_users() -> int:
    """Delete users who did not confirm their address for a week, so that their usernames are free; return how many."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    users = User.objects.filter(
        ~Exists(addresses.filter(verified=True)),
        Exists(addresses),
        date_joined__lt=timezone.now() - UNCONFIRMED_TIMEOUT,
        last_login=None,
        is_staff=False,
    )
    pks, deleted = list(users.values_list("pk", flat=True)[:MAX_DELETED]), 0
    for pk in pks:
        # Again, because the user can have confirmed the address meanwhile; users who wrote something are protected.
        with suppress(ProtectedError), transaction.atomic():
            deleted += bool(users.select_for_update().filter(pk=pk).delete()[0])
    return deleted


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
    lock_acting_user(user.pk)
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


def change_username(*, user: User, username: str) -> None:
    """Change a username that a form has checked; URLs with the former one redirect for good.

    Raises:
        ActionNotAllowed: the last change is less than 14 days ago, the name was just taken, or the user is suspended.
    """
    try:
        with transaction.atomic():
            current = lock_acting_user(user.pk)
            if current.username == username:
                return
            now, former = timezone.now(), current.username.lower()
            if current.username_changed_at and current.username_changed_at > now - USERNAME_PERIOD:
                day = date_format(timezone.localtime(current.username_changed_at + USERNAME_PERIOD), _("j F Y, H:i"))
                raise ActionNotAllowed(_("You can change it again on %(day)s.") % {"day": day}, field="username")
            current.former_usernames.filter(username=username.lower()).delete()
            if former != username.lower():
                FormerUsername.objects.update_or_create(username=former, defaults={"user": current})
            current.username, current.username_changed_at = username, now
            current.save(update_fields=["username", "username_changed_at"])
            events.user_renamed.send(User, user=current)
    except IntegrityError as error:
        taken = _("This username is already taken. Choose another one.")
        raise ActionNotAllowed(taken, field="username") from error


def save_avatar(*, user: User, image: Image.Image) -> None:
    """Store an image from `core.images.load_image`, cropped to a square in two sizes, as the avatar.

    The files of the old one are deleted on commit. Raises InvalidImage if it cannot be stored.
    """
    key = random_name()
    square = ImageOps.fit(image, (min(image.size),) * 2, centering=(0.5, 0.4))
    files = {avatar_path(key, size): encode_webp(square, width=size) for size in AVATAR_SIZES}
    store_files(files)
    try:
        _set_avatar_key(user, key)
    except BaseException:
        delete_files(files)
        raise


@transaction.atomic
def clear_profile(*, user: User) -> None:
    """Remove name, biography, links and avatar."""
    user.display_name = user.biography = user.links = ""
    user.save(update_fields=["display_name", "biography", "links"])
    remove_avatar(user=user)
    events.user_renamed.send(User, user=user)


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
            delete_files_on_commit(avatar_path(old_key, size) for size in AVATAR_SIZES)
