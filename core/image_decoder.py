"""Decode an image that a stranger sent: the program of the child process that `core.images.load_image` starts.

Decoders have faults, and a file can make them allocate far more memory than its header says. So this program runs with
limits of its own, without the environment of the server, and without Django.

Reads the file from standard input and writes a line of JSON and then the pixels as RGB.
"""

import importlib
import json
import re
import resource
import sys
import warnings
from contextlib import suppress
from io import BytesIO

from PIL import Image, ImageChops, ImageCms, ImageOps, UnidentifiedImageError

MAX_PIXELS = 40_000_000
# The limit of WebP, in which images are stored.
MAX_SIDE = 16_383
# Of the process: an image at the limit with transparency and a colour profile needs about 600 MB of addresses.
MAX_MEMORY = 1024 * 1024 * 1024
MAX_CPU_SECONDS = 20

# Pillow raises for more than twice this number of pixels, before it allocates memory for them.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2
# Up to twice the number it only warns; that range is accepted.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
# The first bytes of what phones store as HEIC: size, "ftyp", and a brand of these.
_HEIC = re.compile(rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)
# A small JPEG can request thousands of passes over its pixels; usual files have one to ten.
MAX_JPEG_SCANS = 64
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_END_OF_IMAGE = b"\xff\xd9"
# The height of the largest blocks of a JPEG in pixels.
_JPEG_BLOCK = 16
# The colour space of the ICC profile that fits each mode.
PROFILE_SPACES = {"RGB": "RGB ", "RGBA": "RGB ", "L": "GRAY", "CMYK": "CMYK"}


class Refused(Exception):
    """The image is not accepted; the argument is a key of `core.images.REFUSALS`."""


def decode(data: bytes, min_side: int | None = None) -> Image.Image:
    """Return an image in sRGB, upright, transparency on white, without metadata.

    Args:
        min_side: scale the image down until its shorter side has this number of pixels.

    Raises:
        Refused: the file is not accepted.
    """
    try:
        image = _decode(data, min_side)
    except Refused:
        raise
    except UnidentifiedImageError as error:
        raise Refused("unknown") from error
    except Image.DecompressionBombError as error:
        raise Refused("pixels") from error
    # Decoders raise exceptions of any kind for damaged files.
    except Exception as error:
        raise Refused("damaged") from error
    scale = min_side / min(image.size) if min_side else 1
    if scale < 1:
        size = (round(image.width * scale), round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    image.info = {}
    return image


def _decode(data: bytes, min_side: int | None) -> Image.Image:
    formats: tuple[str, ...] = FORMATS
    if _HEIC.match(data):
        # Only for such files: its libraries are larger than all others, and have had more faults. pillow-heif, the same
        # package with an encoder, contains a library under the GPL.
        heif = importlib.import_module("pi_heif")
        heif.register_heif_opener()
        heif.options.DECODE_THREADS = 1
        formats = ("HEIF",)
    image: Image.Image = Image.open(BytesIO(data), formats=formats)
    if max(image.size) > MAX_SIDE:
        raise Refused("side")
    # A phone's JPEG can contain a second image (MPO: depth, brightness); it is not an animation.
    if image.format in {"JPEG", "MPO"}:
        if not _has_end(data):
            image = _without_end(data)
        elif min_side:
            image.draft(None, (min_side, min_side))
    # So can a phone's HEIC.
    elif image.format != "HEIF" and getattr(image, "is_animated", False):
        raise Refused("animated")
    image.load()
    with suppress(Exception):  # The metadata is damaged; the pixels can be intact.
        ImageOps.exif_transpose(image, in_place=True)
    return _to_srgb(image)


def _has_end(data: bytes) -> bool:
    """Return whether a JPEG has its end marker; phones put other data, such as a video, after it."""
    scans, position = 0, 2
    while found := _JPEG_MARKER.search(data, position):
        marker = found[0]
        if marker == _END_OF_IMAGE:
            return True
        scans += marker == b"\xff\xda"
        if scans > MAX_JPEG_SCANS:
            raise Refused("scans")
        position = found.end() + int.from_bytes(data[found.end() : found.end() + 2])
    return False


def _without_end(data: bytes) -> Image.Image:
    """Return a JPEG that lacks nothing but its end marker.

    The decoder fills what is missing. So the last bytes of a complete file change only the lowest row of blocks.

    Raises:
        Refused: more is missing.
    """
    image = Image.open(BytesIO(data + _END_OF_IMAGE), formats=FORMATS)
    shorter = Image.open(BytesIO(data[:-4] + _END_OF_IMAGE), formats=FORMATS)
    changed = ImageChops.difference(image, shorter).getbbox()
    # One row more, because colours are interpolated.
    if changed and changed[1] < (image.height - 1) // _JPEG_BLOCK * _JPEG_BLOCK - 1:
        raise Refused("damaged")
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


def limit_resources() -> None:
    """Limit the memory and the time of this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))


def main() -> None:
    """Decode standard input; the only argument is `min_side`, 0 for None."""
    limit_resources()
    try:
        image = decode(sys.stdin.buffer.read(), int(sys.argv[1]) or None)
    except Refused as refusal:
        sys.stdout.write(json.dumps({"refusal": str(refusal)}) + "\n")
        return
    sys.stdout.buffer.write(json.dumps({"size": image.size}).encode() + b"\n")
    sys.stdout.buffer.write(image.tobytes())


if __name__ == "__main__":
    main()
