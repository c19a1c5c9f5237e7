"""A few small pictures that the articles share, with their files where the pages look for them."""

from __future__ import annotations

import random

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from articles.models import Image
from articles.services.images import QUALITY
from core.images import encode_webp
from spokesperson.demo import pictures as drawings

DRAWN = ("lake", "mountains", "books")
SIZE = (960, 640)


def make_pictures(*, seed: int, owner_id: int) -> list[Image]:
    """Draw the pictures and keep their files; the rows are not saved yet.

    The names of the files follow from the seed: where another fill has left them, they are there already.
    """
    dice = random.Random(f"pictures {seed}")
    return [_make(scene, f"{dice.getrandbits(128):032x}", seed, owner_id) for scene in DRAWN]


def _make(scene: str, key: str, seed: int, owner_id: int) -> Image:
    picture = Image(owner_id=owner_id, key=key, width=SIZE[0], height=SIZE[1])
    if not all(default_storage.exists(picture.path(width)) for width in picture.widths):
        image = drawings.draw(scene, seed, SIZE)
        for width in picture.widths:
            default_storage.delete(picture.path(width))
            default_storage.save(picture.path(width), ContentFile(encode_webp(image, width=width, quality=QUALITY)))
    picture.size = sum(default_storage.size(picture.path(width)) for width in picture.widths)
    return picture
