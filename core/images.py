"""Validation and re-encoding of uploaded images: lead images and avatars.

Nothing that a file says about itself is trusted: `core.image_decoder` reads it in a process of its own. Only the pixels
are stored, no metadata.
"""

import logging
import secrets
import threading
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps

from core import child_process, image_decoder
from core.image_decoder import MAX_PIXELS, MAX_SIDE
from core.logs import events
from core.models import PendingDeletion

logger = logging.getLogger(__name__)

MAX_BYTES = 10 * 1024 * 1024
# For the `accept` attribute of file fields.
ACCEPTED_TYPES = "image/jpeg,image/png,image/webp,image/avif,image/gif,image/heic,image/heif"
DECODER = Path(image_decoder.__file__)
DECODER_TIMEOUT = 30  # seconds
MAX_DELETED = 200

REFUSALS = {
    "unknown": gettext_lazy(
        "We cannot show this file as an image. Choose a JPEG, PNG, WebP, AVIF, HEIC or still GIF file."
    ),
    "pixels": gettext_lazy("The image has more than %(number)d megapixels. Choose a smaller one."),
    "side": gettext_lazy("The image must be no more than %(number)d pixels wide or high."),
    "scans": gettext_lazy("The image uses an unsupported encoding. Save it again and upload the new file."),
    "animated": gettext_lazy("Animated images are not supported. Choose a still image."),
    "damaged": gettext_lazy("The image is damaged or incomplete. Save it again and upload the new file."),
}
LIMITS = {"pixels": MAX_PIXELS // 1_000_000, "side": MAX_SIDE}
# A disk that hangs must not occupy all threads of a server process.
_storing = threading.BoundedSemaphore(4)
STORE_TIMEOUT = 5  # seconds


class InvalidImage(ValidationError):
    """The image is not accepted; the message is for the user who sent it."""


def load_image(file: UploadedFile[Any] | BinaryIO, *, min_side: int | None = None) -> Image.Image:
    """Validate and decode an image to sRGB, upright, transparency on white, without metadata.

    Args:
        file: the upload; its name and declared type are ignored.
        min_side: scale the image down until its shorter side has this number of pixels.

    Raises:
        InvalidImage: the file is not accepted.
    """
    data = _read(file)
    answer, rest = child_process.run(DECODER, str(min_side or 0), data, timeout=DECODER_TIMEOUT)
    if "size" in answer:
        events.info("image_decoded", extra={"fields": {"result": "ok"}})
        return Image.frombytes("RGB", answer["size"], rest)
    refusal = answer.get("refusal", "damaged")
    events.info("image_decoded", extra={"fields": {"result": refusal}})
    raise InvalidImage(REFUSALS[refusal], params={"number": LIMITS.get(refusal)})


def encode_webp(image: Image.Image, *, width: int, quality: int = 80) -> bytes:
    """Return the image as a WebP file, scaled down to `width` pixels if it is wider."""
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    target = BytesIO()
    image.save(target, "WEBP", quality=quality, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return target.getvalue()


def encode_jpeg(image: Image.Image, *, size: tuple[int, int], focus: tuple[float, float] = (0.5, 0.5)) -> bytes:
    """Return the image as a JPEG file of exactly this size, cropped to its shape.

    Args:
        focus: the point that stays in its place, as parts of the width and height.
    """
    target = BytesIO()
    ImageOps.fit(image, size, Image.Resampling.LANCZOS, centering=focus).save(target, "JPEG", quality=82, optimize=True)
    return target.getvalue()


def random_name() -> str:
    """Return 128 random bits in hexadecimal, for file names that cannot be guessed."""
    return secrets.token_hex(16)


def _read(file: UploadedFile[Any] | BinaryIO) -> bytes:
    file.seek(0)
    data = bytes(file.read(MAX_BYTES + 1))
    if not data:
        raise InvalidImage(_("The file is empty."))
    if len(data) > MAX_BYTES:
        message = _("The file is larger than %(number)d MB. Choose a smaller one.")
        raise InvalidImage(message % {"number": MAX_BYTES // 1024**2})
    return data


def store_files(files: dict[str, bytes]) -> None:
    """Store files, storage path → content.

    Raises:
        InvalidImage: the disk is full, read-only or away, or too many files wait for it. Nothing was stored.
    """
    sentence = _("The image cannot be stored at the moment. Try again later, or save without it.")
    if not _storing.acquire(timeout=STORE_TIMEOUT):
        raise InvalidImage(sentence)
    try:
        for path, content in files.items():
            default_storage.save(path, ContentFile(content))
    except OSError as error:
        logger.exception("An image could not be stored")
        delete_files(files)
        raise InvalidImage(sentence) from error
    finally:
        _storing.release()


def delete_files_on_commit(paths: Iterable[str]) -> None:
    """Delete files after the commit. If the process dies or the storage fails, `delete_pending_files` does it later."""
    PendingDeletion.objects.bulk_create(PendingDeletion(path=path) for path in paths)
    transaction.on_commit(delete_pending_files)


def delete_pending_files() -> None:
    """Delete the files whose deletion was committed. It can run twice, or at the same time as another."""
    for file in PendingDeletion.objects.order_by("pk")[:MAX_DELETED]:
        try:
            default_storage.delete(file.path)
        except OSError:
            logger.exception("A file could not be deleted")
        else:
            file.delete()


def delete_files(paths: Iterable[str]) -> None:
    """Delete those of the files that exist."""
    for path in paths:
        with suppress(OSError):
            default_storage.delete(path)
