"""`manage.py check_images`: find images and profile photos whose files are missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.selectors import AVATAR_SIZES, avatar_path
from articles.models import Image


class Command(BaseCommand):
    help = (
        "Looks for the file of every image and profile photo; names the missing ones and exits with 1 if there are any."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = missing = 0
        for path in _paths():
            count += 1
            if not default_storage.exists(path):
                missing += 1
                self.stdout.write(path)
        if missing:
            raise CommandError(f"{missing} of {count} files of images are missing.", returncode=1)
        self.stdout.write(f"All {count} files of images are there.")


def _paths() -> Iterator[str]:
    # The files of the others are about to move (articles.services.images.finish_moves).
    for image in Image.objects.filter(retired_key="").iterator(chunk_size=1000):
        yield from image.paths
    for key in User.objects.exclude(avatar_key="").values_list("avatar_key", flat=True).iterator(chunk_size=1000):
        yield from (avatar_path(key, size) for size in AVATAR_SIZES)
