"""A few small images that the articles share."""

from __future__ import annotations

import random

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image as PILImage

from articles.models import Image
from articles.services.images import encode_files
from demo.content import CONTENT

SOURCES = ("white-disc-on-the-lake", "grandmothers-map", "council-minutes")
SIZE = (960, 640)


def make_images(*, seed: int, owner_id: int) -> list[Image]:
    """Store the files of the images; return their rows, which are not saved yet.

    The names of the files follow from the seed: files of an earlier call are used again.
    """
    rng = random.Random(f"images {seed}")
    return [_make_image(source, f"{rng.getrandbits(128):032x}", owner_id) for source in SOURCES]


def _make_image(source: str, key: str, owner_id: int) -> Image:
    row = Image(owner_id=owner_id, key=key, width=SIZE[0], height=SIZE[1])
    if not all(map(default_storage.exists, row.paths)):
        with PILImage.open(CONTENT / "images" / f"{source}.webp") as file:
            image = file.convert("RGB").resize(SIZE)
        for path, content in encode_files(row, image).items():
            default_storage.delete(path)
            default_storage.save(path, ContentFile(content))
    row.size = sum(map(default_storage.size, row.paths))
    return row
