"""`manage.py check_images`: find images and profile photos whose files are missing."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from articles.image_selectors import image_file_paths


class Command(BaseCommand):
    help = (
        "Looks for the file of every image and profile photo; names the missing ones and exits with 1 if there are any."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = missing = 0
        for path in image_file_paths():
            count += 1
            if not default_storage.exists(path):
                missing += 1
                self.stdout.write(path)
        if missing:
            raise CommandError(f"{missing} of {count} files of images are missing.", returncode=1)
        self.stdout.write(f"All {count} files of images are there.")
