"""Validation and re-encoding of uploaded images: lead images and avatars.

Nothing that a file says about itself is trusted: first its size is checked, then its format by the content, then the
number of pixels in its header; only then is it decoded. Only the pixels are stored, no metadata.
"""

from __future__ import annotations

import secrets
import threading
import warnings
from contextlib import suppress
from io import BytesIO
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
# The limit of WebP, in which images are stored.
MAX_SIDE = 16_383

# Pillow raises for more than twice this number of pixels, before it allocates memory for them.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
# Up to twice the number it only warns; that range is accepted.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
# A small JPEG can request thousands of passes over its pixels; usual files have one to ten.
MAX_JPEG_SCANS = 64
# The colour space of the ICC profile that fits each mode.
PROFILE_SPACES = {"RGB": "RGB ", "RGBA": "RGB ", "L": "GRAY", "CMYK": "CMYK"}

# An image at the limit takes about 300 MB while it is decoded: one at a time in a process.
_decoding = threading.Lock()


class InvalidImage(Exception):
    """The image is not accepted; `str(error)` is a sentence for the user who sent it."""


def load_image(file: UploadedFile[Any] | BinaryIO, *, min_side: int | None = None) -> Image.Image:
    """Validate and decode an image to sRGB, upright, transparency on white, without metadata.

    Args:
        file: the upload; its name and declared type are ignored.
        min_side: allow a JPEG to be decoded at 1/2, 1/4 or 1/8 of its size, as long as neither side is shorter than
            this number of pixels. Saves time and memory if only smaller copies are stored.

    Raises:
        InvalidImage: the file is not accepted.
    """
    data = _read(file)
    with _decoding:
        try:
            return _decode(data, min_side)
        except InvalidImage:
            raise
        except Image.DecompressionBombError as error:
            raise InvalidImage(
                _("The image has more than %(number)d megapixels. Choose a smaller one.")
                % {"number": MAX_PIXELS // 1_000_000}
            ) from error
        # Decoders raise exceptions of any kind for damaged files.
        except Exception as error:
            raise InvalidImage(
                _("The image is damaged or incomplete. Save it again and upload the new file.")
            ) from error


def encode_webp(image: Image.Image, *, width: int, quality: int = 80) -> bytes:
    """Return the image as a WebP file, scaled down to `width` pixels if it is wider."""
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    target = BytesIO()
    image.save(target, "WEBP", quality=quality, method=4, exif=b"", xmp=b"", icc_profile=b"")
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
        raise InvalidImage(
            _("The file is larger than %(number)d MB. Choose a smaller one.") % {"number": MAX_BYTES // 1024**2}
        )
    return data


def _decode(data: bytes, min_side: int | None) -> Image.Image:
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise InvalidImage(
            _("We cannot show this file as an image. Choose a JPEG, PNG, WebP, AVIF or still GIF file.")
        ) from error
    if max(image.size) > MAX_SIDE:
        raise InvalidImage(_("The image must be no more than %(number)d pixels wide or high.") % {"number": MAX_SIDE})
    # A phone's JPEG can contain a second image (MPO: depth, brightness); it is not an animation.
    if image.format in {"JPEG", "MPO"}:
        if data.count(b"\xff\xda") > MAX_JPEG_SCANS:
            raise InvalidImage(_("The image uses an unsupported encoding. Save it again and upload the new file."))
        if min_side:
            image.draft(None, (min_side, min_side))
    elif getattr(image, "is_animated", False):
        raise InvalidImage(_("Animated images are not supported. Choose a still image."))
    image.load()
    with suppress(Exception):  # The metadata is damaged; the pixels can be intact.
        ImageOps.exif_transpose(image, in_place=True)
    image = _to_srgb(image)
    image.info = {}
    return image


def _to_srgb(image: Image.Image) -> Image.Image:
    """Return an RGB image in sRGB, by the embedded profile if it fits, with transparency on white."""
    profile = image.info.get("icc_profile")
    if image.mode == "I;16":
        # 16-bit greyscale, which convert() would clip at 255.
        image = image.point(lambda value: value / 256, "L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in PROFILE_SPACES:
        image = image.convert("RGB")
    if profile:
        image = _apply_profile(image, profile)
    if image.mode == "RGBA":
        background = Image.new("RGB", image.size, "white")
        background.paste(image, mask=image.getchannel("A"))
        return background
    return image.convert("RGB")


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space != PROFILE_SPACES[image.mode]:
            return image
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
    except Exception:  # The image is usable without its profile.
        return image
    return converted or image
