"""Store uploaded images, move those of hidden articles, and delete unused ones."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image as PILImage

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, Checkpoint, Image, Revision
from articles.models.image import SHARE_SIZE
from core.exceptions import ActionNotAllowed
from core.images import (
    InvalidImage,
    delete_files,
    delete_files_on_commit,
    encode_jpeg,
    encode_webp,
    random_name,
    store_files,
)
from core.logs import log_event

QUALITY = 80
# An image that no version uses can belong to a form that a user is still filling in, or be meant for a later article.
UNUSED_TIMEOUT = timedelta(days=30)
MAX_REMOVED = 20
MAX_MOVED = 100

logger = logging.getLogger(__name__)


class Crop(NamedTuple):
    """What an image is made of another one with (`articles.services.crops`)."""

    original: Image
    shape: str
    focus_x: int
    focus_y: int


def store_image(*, owner: User, pixels: PILImage.Image, crop: Crop | None = None) -> Image:
    """Encode an image in the sizes that pages use, and store it.

    Args:
        owner: the user whose quota it counts towards.
        pixels: from `core.images.load_image`.

    Raises:
        InvalidImage: the owner's quota is used up, or the storage fails. Nothing was stored.
        ActionNotAllowed: the owner is suspended, or the original was hidden or deleted meanwhile.
    """
    image = Image(owner=owner, key=random_name(), width=pixels.width, height=pixels.height)
    if crop:
        image.original, image.shape, image.focus_x, image.focus_y = crop
    files = encode_files(image, pixels)
    image.size = sum(map(len, files.values()))
    remove_unused(owner=owner)
    _check_quota(owner, image.size)
    store_files(files)
    try:
        with transaction.atomic():
            # The lock makes concurrent uploads count each other.
            lock_acting_user(owner.pk)
            _check_quota(owner, image.size)
            if crop:
                check_croppable(Image.objects.select_for_update(no_key=True).filter(pk=crop.original.pk).first())
            image.save(force_insert=True)
            log_event("image_stored", image_id=image.pk, bytes=image.size)
    except BaseException:
        delete_files(files)
        raise
    return image


def check_croppable(image: Image | None) -> None:
    """Raise ActionNotAllowed if an image does not exist any more, or it or a crop belongs to a hidden article."""
    if image is None:
        raise ActionNotAllowed(_("This image no longer exists."))
    if image.is_hidden or image.crops.filter(is_hidden=True).exists():
        raise ActionNotAllowed(_("This image belongs to a hidden article and cannot be used."))


def describe_image(*, image: Image, alternative_text: str, caption: str, credit: str, licence: str) -> Image:
    """Save the texts that go with an image in the library of its owner."""
    image.alternative_text, image.caption, image.credit, image.licence = alternative_text, caption, credit, licence
    image.save(update_fields=["alternative_text", "caption", "credit", "licence"])
    return image


def encode_files(image: Image, pixels: PILImage.Image) -> dict[str, bytes]:
    """Return the files of an image as storage path → content."""
    files = {image.path(width): encode_webp(pixels, width=width, quality=QUALITY) for width in image.widths}
    focus = (image.focus_x / 100, image.focus_y / 100)
    return files | {image.share_path: encode_jpeg(pixels, size=SHARE_SIZE, focus=focus)}


def delete_image(image: Image) -> None:
    """Delete an image; the versions that showed it have none then."""
    with transaction.atomic():
        image.delete()
        delete_files_on_commit(image.paths)


@transaction.atomic
def delete_own_image(*, image: Image, owner: User) -> None:
    """Delete an image that no version uses.

    Raises:
        PermissionDenied: it belongs to another user.
        ActionNotAllowed: a version uses it, or the user is suspended.
    """
    lock_acting_user(owner.pk)
    if image.owner_id != owner.pk:
        raise PermissionDenied
    if image.crops.exists():
        raise ActionNotAllowed(_("Another image was cropped from this one. Delete that one first."))
    if not delete_if_unused(image) and Image.objects.filter(pk=image.pk).exists():
        raise ActionNotAllowed(_("An article uses this image. Remove it there first."))


def delete_if_unused(image: Image) -> bool:
    """Delete an image unless a version, a checkpoint or a crop needs it; return whether it was deleted."""
    with transaction.atomic():
        locked = Image.objects.select_for_update().filter(pk=image.pk).first()
        if locked is None or not unused_images().filter(pk=image.pk).exists() or _is_in_a_checkpoint(image):
            return False
        delete_image(locked)
        log_event("image_deleted", image_id=image.pk)
        return True


def unused_images() -> QuerySet[Image]:
    """Return the images that no version uses, as its lead image or in its text, and no checkpoint as its lead image.

    An image from which others were cropped is in use as long as they are.
    """
    return Image.objects.filter(revisions=None, checkpoints=None, used_in=None, crops=None)


def _is_in_a_checkpoint(image: Image) -> bool:
    """Return whether a text that its author can restore shows the image."""
    texts = Checkpoint.objects.filter(body__contains=f'<img data-image="{image.pk}"')
    return texts.filter(article__in=Article.objects.all_pks_of(image.owner)).exists()


def remove_unused(*, owner: User | None = None) -> None:
    """Delete the images, of one user or of all, that no version has used for 30 days; they count towards the quota."""
    images = unused_images().filter(created_at__lt=timezone.now() - UNUSED_TIMEOUT)
    for image in (images.filter(owner=owner) if owner else images).order_by("pk")[:MAX_REMOVED]:
        delete_if_unused(image)


def quota_used(owner: User) -> int:
    """Return the size of all images of a user in bytes."""
    return Image.objects.filter(owner=owner).aggregate(bytes=Sum("size"))["bytes"] or 0


def hide_images(article: Article) -> None:
    """Give the images of a hidden article new names, so that the addresses that were public lead nowhere.

    Their originals and other crops are hidden with them, but those stay that another published article shows, and this
    one does not. The files move after the commit, in all sizes; `finish_moves` is periodic too, for a process that died
    before.
    """
    # Twice: a crop that is stored at this moment holds the lock of its original, and is among them only then.
    list(images_of(article).select_for_update(no_key=True).values_list("pk"))
    images = {image.pk: image for image in images_of(article).select_for_update(no_key=True)}
    others = images.keys() - _shown_in(Revision.objects.filter(article=article), images)
    shown_elsewhere = _shown_in(Revision.objects.filter(live_for__state=Article.State.PUBLISHED), others)
    for image in images.values():
        if image.pk in shown_elsewhere:
            continue
        if image.retired_key:
            _move_files(image)
        image.retired_key, image.key, image.is_hidden = image.key, random_name(), True
        image.save(update_fields=["key", "retired_key", "is_hidden"])
    transaction.on_commit(finish_moves)


def show_images(article: Article) -> None:
    """Allow the images of a restored article in texts again, unless another hidden article has one of the original."""
    images = dict(images_of(article).values_list("pk", Coalesce("original_id", "pk")))
    hidden = Revision.objects.filter(article__state=Article.State.HIDDEN).exclude(article=article)
    hidden_originals = {images[pk] for pk in _shown_in(hidden, images)}
    shown = [pk for pk, original in images.items() if original not in hidden_originals]
    Image.objects.filter(pk__in=shown).update(is_hidden=False)


def images_of(article: Article) -> QuerySet[Image]:
    """Return the images of all versions of an article, with their originals and what else was cropped from these."""
    links = Image.used_in.through.objects.filter(revision__article=article)
    shown = Image.objects.filter(Q(pk__in=article.revisions.values("image")) | Q(pk__in=links.values("image")))
    originals = shown.values(first=Coalesce("original_id", "pk"))
    return Image.objects.filter(Q(pk__in=originals) | Q(original__in=originals))


def _shown_in(revisions: QuerySet[Revision], images: Collection[int]) -> set[int]:
    """Return the keys of those of the images that one of the versions shows, as its lead image or in its text."""
    in_texts = Image.used_in.through.objects.filter(image__in=images, revision__in=revisions)
    as_lead = revisions.filter(image__in=images)
    return {*as_lead.values_list("image", flat=True), *in_texts.values_list("image", flat=True)}


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
    if quota_used(owner) + size > settings.IMAGE_QUOTA_BYTES:
        raise InvalidImage(
            _("You have used all %(number)d MB of your image storage, so this image was not added.")
            % {"number": settings.IMAGE_QUOTA_BYTES // (1024 * 1024)}
        )
