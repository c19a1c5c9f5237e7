"""Validation and re-encoding of uploaded images."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from core import images
from core.image_decoder import MAX_SIDE, Refused, decode
from core.images import InvalidImage, encode_webp, load_image, random_name, store_files

register_heif_opener()  # To write such files.
RED, BLUE, WHITE = (200, 30, 30), (30, 30, 200), (255, 255, 255)


ROOT = Path(__file__).parents[2]


def encoded(image: Image.Image, kind: str, **options: object) -> BytesIO:
    target = BytesIO()
    image.save(target, kind, **options)
    target.seek(0)
    return target


def two_colours(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Return an image, red above and blue below, so that its orientation can be tested."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (0, size[1] // 2, size[0], size[1]))
    return image


def near(pixel: object, colour: tuple[int, int, int], by: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= by for one, other in zip(pixel, colour, strict=True))


def png_header(width: int, height: int) -> BytesIO:
    """Return a PNG whose header declares pixels that do not follow."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return BytesIO(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def webp_header(width: int, height: int) -> BytesIO:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + sides
    return BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)


def frames(kind: str, **options: object) -> BytesIO:
    return encoded(two_colours(), kind, save_all=True, append_images=[Image.new("RGB", (60, 40), WHITE)], **options)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "HEIF"])
def test_load_image_accepts_formats_by_content(kind: str) -> None:
    image = load_image(SimpleUploadedFile("holiday.doc", encoded(two_colours(), kind).read(), "text/plain"))
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert near(image.getpixel((30, 5)), RED)
    assert near(image.getpixel((30, 35)), BLUE)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "PPM", "ICO", "TGA", "PDF", "JPEG2000"])
def test_load_image_refuses_other_formats(kind: str) -> None:
    with pytest.raises(InvalidImage, match="JPEG, PNG, WebP, AVIF, HEIC or still GIF"):
        load_image(SimpleUploadedFile("photo.jpg", encoded(two_colours(), kind).read(), "image/jpeg"))


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>',
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"just some text",
        b"<html><script>alert(1)</script>",
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 400,
        b"8BPS\x00\x01" + b"\x00" * 400,
    ],
)
def test_load_image_refuses_other_content(content: bytes) -> None:
    with pytest.raises(InvalidImage, match="JPEG, PNG, WebP, AVIF, HEIC or still GIF"):
        load_image(SimpleUploadedFile("photo.jpg", content, "image/jpeg"))


def test_load_image_refuses_empty_file() -> None:
    with pytest.raises(InvalidImage, match="empty"):
        load_image(BytesIO())


def test_load_image_refuses_large_file() -> None:
    file = encoded(two_colours(), "JPEG")
    with pytest.raises(InvalidImage, match="larger than 10 MB"):
        load_image(BytesIO(file.getvalue() + b"\0" * 10 * 1024 * 1024))


@pytest.mark.parametrize("header", [png_header, webp_header])
@pytest.mark.parametrize("size", [(8000, 5126), (16_383, 16_383)])
def test_load_image_refuses_too_many_pixels_by_header(
    header: Callable[[int, int], BytesIO], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("The pixels were decoded.")

    monkeypatch.setattr(Image.Image, "load", never)
    with pytest.raises(Refused, match="pixels"):
        decode(header(*size).getvalue())


def test_load_image_refuses_decompression_bomb() -> None:
    bomb = encoded(Image.new("1", (9000, 9000)), "PNG")
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(InvalidImage, match="more than 40 megapixels"):
        load_image(bomb)


def test_load_image_pixel_limit_is_exact() -> None:
    assert load_image(encoded(Image.new("1", (8000, 5000)), "PNG")).size == (8000, 5000)
    with pytest.raises(InvalidImage, match="more than 40 megapixels"):
        load_image(encoded(Image.new("1", (8000, 5001)), "PNG"))


def test_load_image_refuses_side_over_webp_limit() -> None:
    with pytest.raises(InvalidImage, match="no more than"):
        load_image(encoded(Image.new("L", (MAX_SIDE + 1, 2)), "PNG"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "PNG"])
def test_load_image_refuses_animation(kind: str) -> None:
    with pytest.raises(InvalidImage, match="Animated"):
        load_image(frames(kind))


def test_load_image_accepts_mpo_with_second_image() -> None:
    image = load_image(frames("MPO"))
    assert near(image.getpixel((30, 5)), RED)


def test_load_image_accepts_heic_with_second_image() -> None:
    """Phones store depth or a burst so."""
    assert near(load_image(frames("HEIF")).getpixel((30, 5)), RED)


def test_library_of_heic_is_loaded_for_such_files_only() -> None:
    program = (
        "import sys; from core.image_decoder import decode; decode(sys.stdin.buffer.read());"
        "print('pi_heif' in sys.modules)"
    )
    for kind, loaded in (("HEIF", b"True"), ("AVIF", b"False")):
        command, data = [sys.executable, "-c", program], encoded(two_colours(), kind).getvalue()
        done = subprocess.run(command, input=data, capture_output=True, cwd=ROOT, check=True)  # noqa: S603
        assert done.stdout.strip() == loaded


def test_load_image_refuses_jpeg_with_many_scans() -> None:
    file = encoded(two_colours(), "JPEG").getvalue()
    with pytest.raises(InvalidImage, match="unsupported encoding"):
        load_image(BytesIO(file[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 100 + file[-2:]))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("scaled", [None, 320])
def test_load_image_accepts_jpeg_with_other_data_after_its_end(progressive: bool, scaled: int | None) -> None:
    photo = Image.effect_noise((800, 600), 60).convert("RGB")
    data = encoded(photo, "JPEG", progressive=progressive).getvalue()
    video = b"\x00\x00\x00\x18ftypmp42" + b"\xff\xda\x00\x02" * 500
    assert (
        load_image(BytesIO(data + video), min_side=scaled).tobytes()
        == load_image(BytesIO(data), min_side=scaled).tobytes()
    )


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_load_image_accepts_jpeg_without_its_end_marker(progressive: bool, missing: int) -> None:
    for photo in (Image.effect_noise((800, 601), 60).convert("RGB"), Image.radial_gradient("L").resize((300, 200))):
        data = encoded(photo, "JPEG", progressive=progressive).getvalue()
        image = load_image(BytesIO(data[:-missing]))
        assert image.tobytes() == decode(data).tobytes()


def test_decoder_process_has_a_memory_limit() -> None:
    program = "from core import image_decoder as d; d.limit_resources(); bytearray(d.MAX_MEMORY)"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "MemoryError" in done.stderr


def test_load_image_avif_with_wrong_size_in_its_header() -> None:
    data = encoded(Image.new("RGB", (2000, 2000), RED), "AVIF", speed=10).getvalue()
    place = data.index(b"ispe") + 8
    with contextlib.suppress(InvalidImage):
        assert load_image(BytesIO(data[:place] + (100).to_bytes(4) * 2 + data[place + 8 :])).size == (100, 100)


def test_load_image_decoder_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "DECODER_TIMEOUT", 0.001)
    with pytest.raises(InvalidImage, match="damaged"):
        load_image(encoded(two_colours(), "PNG"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_load_image_refuses_truncated_file(kind: str, share: float) -> None:
    data = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), kind).getvalue()
    with pytest.raises(InvalidImage):
        load_image(BytesIO(data[: int(len(data) * share)]))


SAMPLES = {kind: encoded(two_colours(), kind).getvalue() for kind in ("JPEG", "PNG", "WEBP", "AVIF", "GIF")}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(SAMPLES)),
    cut=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8),
    tail=st.binary(max_size=40),
)
def test_load_image_damaged_file_raises_only_refused(
    kind: str, cut: float, changes: list[tuple[float, int]], tail: bytes
) -> None:
    data = bytearray(SAMPLES[kind])
    for place, byte in changes:
        data[int(place * len(data))] = byte
    with contextlib.suppress(Refused):
        image = decode(bytes(data[: int(cut * len(data))]) + tail)
        assert image.mode == "RGB"
        assert encode_webp(image, width=30)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_load_image_applies_orientation(orientation: int, kind: str) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    as_stored = two_colours().transpose(undo[orientation]) if orientation in undo else two_colours()
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(as_stored, kind, exif=exif.tobytes())
    if kind == "HEIF" and orientation > 4:  # As phones store it: in the container, and again in EXIF.
        assert b"irot" in file.getvalue()
    image = load_image(file)
    assert image.size == (60, 40)
    assert near(image.getpixel((30, 5)), RED)
    assert near(image.getpixel((30, 35)), BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_load_image_removes_metadata(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825)[2] = (40.0, 10.0, 30.0)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><secretplace/></x:xmpmeta>'
    options: dict[str, object] = {"exif": exif} if kind == "PNG" else {"exif": exif, "xmp": xmp}
    file = encoded(two_colours(), kind, **options)
    assert b"SECRETCAMERA" in file.getvalue()
    image = load_image(file)
    assert image.info == {}
    assert not image.getexif()
    written = encode_webp(image, width=600)
    assert b"SECRETCAMERA" not in written
    assert b"secretplace" not in written
    assert {"exif", "xmp", "icc_profile"}.isdisjoint(Image.open(BytesIO(written)).info)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_load_image_accepts_damaged_exif() -> None:
    image = load_image(encoded(two_colours(), "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff nonsense"))
    assert near(image.getpixel((30, 5)), RED)


def test_load_image_transparency_becomes_white() -> None:
    see_through = two_colours().convert("RGBA")
    see_through.putalpha(Image.new("L", see_through.size, 0))
    assert load_image(encoded(see_through, "PNG")).getpixel((30, 5)) == WHITE
    with_palette = Image.new("P", (4, 4), 0)
    with_palette.putpalette([9, 9, 9, 200, 30, 30])
    assert load_image(encoded(with_palette, "GIF", transparency=0)).getpixel((1, 1)) == WHITE
    assert load_image(encoded(Image.new("LA", (4, 4), (9, 0)), "PNG")).getpixel((1, 1)) == WHITE


@pytest.mark.parametrize(
    ("image", "kind", "pixel"),
    [
        (Image.new("1", (3, 3), 1), "PNG", WHITE),
        (Image.new("L", (3, 3), 120), "JPEG", (120, 120, 120)),
        (Image.new("I;16", (3, 3), 32768), "PNG", (128, 128, 128)),
        (Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG", WHITE),
        (Image.new("P", (3, 3), 0), "PNG", (0, 0, 0)),
    ],
)
def test_load_image_converts_modes_to_rgb(image: Image.Image, kind: str, pixel: tuple[int, int, int]) -> None:
    opened = load_image(encoded(image, kind))
    assert opened.mode == "RGB"
    assert near(opened.getpixel((1, 1)), pixel, by=2)


def test_load_image_applies_icc_profile() -> None:
    # The profile of another colour space must not be applied.
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    swapped[:] = swapped.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    with_profile = load_image(encoded(two_colours(), "PNG", icc_profile=bytes(swapped)))
    assert near(with_profile.getpixel((30, 5)), BLUE)
    grey = load_image(encoded(Image.new("L", (4, 4), 120), "PNG", icc_profile=bytes(swapped)))
    assert grey.getpixel((1, 1)) == (120, 120, 120)
    assert load_image(encoded(two_colours(), "PNG", icc_profile=b"nonsense")).getpixel((30, 5)) == RED


def test_load_image_accepts_one_pixel() -> None:
    image = load_image(encoded(Image.new("RGB", (1, 1), RED), "PNG"))
    assert Image.open(BytesIO(encode_webp(image, width=480))).size == (1, 1)


def test_encode_webp_never_enlarges() -> None:
    image = load_image(encoded(two_colours((300, 200)), "PNG"))
    assert Image.open(BytesIO(encode_webp(image, width=150))).size == (150, 100)
    assert Image.open(BytesIO(encode_webp(image, width=301))).size == (300, 200)
    narrow = load_image(encoded(Image.new("RGB", (3000, 1)), "PNG"))
    assert Image.open(BytesIO(encode_webp(narrow, width=10))).size == (10, 1)


def test_load_image_min_side() -> None:
    file = encoded(two_colours((1600, 1200)), "JPEG")
    image = load_image(file, min_side=320)
    assert image.size == (427, 320)
    assert near(image.getpixel((100, 10)), RED)
    assert load_image(file).size == (1600, 1200)


def test_random_name() -> None:
    names = {random_name() for _ in range(100)}
    assert len(names) == 100
    assert all(len(bytes.fromhex(name)) == 16 for name in names)


def test_store_files_on_a_disk_that_hangs_occupies_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "STORE_TIMEOUT", 0.01)
    gate = threading.Event()
    monkeypatch.setattr(images, "default_storage", mock.Mock(save=lambda *_: gate.wait(10)))
    hanging = [threading.Thread(target=store_files, args=({"a": b""},)) for _ in range(4)]
    for thread in hanging:
        thread.start()
    with pytest.raises(InvalidImage, match="cannot be stored at the moment"):
        store_files({"b": b""})
    gate.set()
    for thread in hanging:
        thread.join()
    store_files({"c": b""})
