"""Pictures that members send: looked at with suspicion, re-encoded, free of everything but their pixels.

Everything that a file says about itself is a claim. Its size is checked first, then its kind by its content, then the
number of pixels in its header; only then is it decoded (SECURITY.md, 40). Avatars and lead images go through here.
"""

from __future__ import annotations

import secrets
import threading
import warnings
from io import BytesIO
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
# The longest side that a WebP file can have, so that whatever is accepted can be written.
MAX_SIDE = 16_383

# Pillow refuses by itself, before it makes room for the pixels, what has more than twice this number.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
# Between the two numbers it only warns, and that is what we accept.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
# A small JPEG may ask for thousands of passes over all its pixels; a camera's has one, the web's about ten.
MAX_JPEG_SCANS = 64
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The colour space that a profile must describe to be of use for pixels of a mode.
PROFILE_SPACES = {"RGB": "RGB ", "RGBA": "RGB ", "L": "GRAY", "CMYK": "CMYK"}

# A picture at the limit takes some 300 MB while it is decoded: one at a time in a process.
_decoding = threading.Lock()


class InvalidImage(Exception):
    """A picture that is not taken; `str(error)` is the sentence for the person who sent it."""


def load_image(
    file: UploadedFile[Any] | BinaryIO,
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    at_least: int | None = None,
) -> Image.Image:
    """Check and decode a picture: RGB in sRGB, upright, transparency on white, no metadata.

    Args:
        file: what was sent; its name and declared type are not looked at.
        max_bytes: the largest file.
        max_pixels: the largest picture; more than `MAX_PIXELS` is never taken.
        at_least: where given, a JPEG may be decoded smaller (a half, a quarter, an eighth), as long as neither side
            falls below this number of pixels. It saves time and memory where only smaller copies are kept.

    Raises:
        InvalidImage: whatever is wrong with the file.
    """
    data = _read(file, max_bytes)
    with _decoding:
        try:
            return _decode(data, max_pixels, at_least)
        except InvalidImage:
            raise
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(max_pixels) from error
        # Decoders meet a damaged file with whatever exception its bytes lead them to.
        except Exception as error:
            raise InvalidImage(_("The picture is damaged or incomplete. Save it anew and try again.")) from error


def encode_webp(image: Image.Image, *, width: int, quality: int = 80) -> bytes:
    """The picture as a WebP file `width` pixels wide, or as wide as it is where that is less."""
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    target = BytesIO()
    image.save(target, "WEBP", quality=quality, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return target.getvalue()


def random_name() -> str:
    """128 random bits in hexadecimal: a file's name that nobody can guess (SECURITY.md, 41)."""
    return secrets.token_hex(16)


def _read(file: UploadedFile[Any] | BinaryIO, max_bytes: int) -> bytes:
    file.seek(0)
    data = bytes(file.read(max_bytes + 1))
    if not data:
        raise InvalidImage(_("The file is empty."))
    if len(data) > max_bytes:
        megabytes = max_bytes // (1024 * 1024)
        raise InvalidImage(_("The file is larger than %(number)d MB. Choose a smaller one.") % {"number": megabytes})
    return data


def _decode(data: bytes, max_pixels: int, at_least: int | None) -> Image.Image:
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise InvalidImage(
            _("This is not a picture that we can show. Choose a JPEG, PNG, WebP, AVIF or still GIF file.")
        ) from error
    if image.width * image.height > max_pixels:
        raise _too_many_pixels(max_pixels)
    if max(image.size) > MAX_SIDE:
        raise InvalidImage(_("No side of the picture may be longer than %(number)d pixels.") % {"number": MAX_SIDE})
    # A phone's JPEG may carry a second picture (depth, brightness); that is not a film.
    if image.format in {"JPEG", "MPO"}:
        _refuse_endless_passes(data)
        if at_least:
            image.draft(None, (at_least, at_least))
    elif getattr(image, "is_animated", False):
        raise InvalidImage(_("Moving pictures are not taken. Choose a still one."))
    image.load()
    orientation = _orientation(image)
    image = _in_srgb(image)
    if orientation in UPRIGHT:
        image = image.transpose(UPRIGHT[orientation])
    image.info = {}
    return image


def _too_many_pixels(max_pixels: int) -> InvalidImage:
    megapixels = max_pixels // 1_000_000
    return InvalidImage(
        _("The picture has more than %(number)d megapixels. Make it smaller first.") % {"number": megapixels}
    )


def _refuse_endless_passes(data: bytes) -> None:
    if data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise InvalidImage(_("The picture is encoded in an unusual way. Save it anew and try again."))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # The metadata are damaged; the pixels are not.
        return 1


def _in_srgb(image: Image.Image) -> Image.Image:
    """A new RGB image in sRGB: by the embedded profile where it fits, transparency flattened onto white."""
    profile = image.info.get("icc_profile")
    if image.mode == "I;16":
        # 16 bits of grey; a plain conversion would cut the brightness off at 255.
        image = image.point(lambda value: value / 256, "L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in PROFILE_SPACES:
        image = image.convert("RGB")
    if profile:
        image = _by_profile(image, profile)
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image.convert("RGB")


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space != PROFILE_SPACES[image.mode]:
            return image
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
    except Exception:  # A profile that cannot be read is no reason to refuse the picture.
        return image
    return converted or image
