"""Whether derived data agree with the rows they come from, and images with the files in the storage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import IO

from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image as PILImage

from articles.models import Image

COMMANDS = (("recount", "--check"), ("verify_ledger",), ("rebuild_search", "--check"))
SAMPLE_SIZE = 20


def row_problems() -> Iterator[str]:
    """Compare counters, the ledger and the search index with their rows; yield what differs, a sentence each."""
    for name, *options in COMMANDS:
        try:
            call_command(name, *options, stdout=StringIO())
        except CommandError as error:
            yield f"{name}: {error}"


class ImageSample:
    """Some images whose files are compared with their rows as they pass by."""

    def __init__(self, size: int = SAMPLE_SIZE) -> None:
        # An image with a retired key is being moved.
        self.images = list(Image.objects.filter(retired_key="").order_by("?")[:size])
        self._by_path = {path: image for image in self.images for path in image.paths}
        self._sizes: Counter[int] = Counter()
        self._damaged: list[str] = []

    def add(self, path: str, file: IO[bytes]) -> None:
        """Look at a file of the storage, if it belongs to the sample."""
        if not (image := self._by_path.pop(path, None)):
            return
        content = file.read()
        self._sizes[image.pk] += len(content)
        try:
            with PILImage.open(BytesIO(content)) as decoded:
                decoded.load()
        except (OSError, SyntaxError, ValueError):
            self._damaged.append(path)

    def problems(self) -> Iterator[str]:
        """Yield what is missing or damaged, a sentence each, after all files have been added."""
        yield from (f"The image {path} is missing." for path in self._by_path)
        yield from (f"The image {path} is damaged." for path in self._damaged)
        incomplete = {image.pk for image in self._by_path.values()}
        for image in self.images:
            if image.pk not in incomplete and self._sizes[image.pk] != image.size:
                yield f"The files of image {image.pk} have {self._sizes[image.pk]} bytes instead of {image.size}."


def stored_image_problems() -> Iterator[str]:
    """Compare some images with their files in the storage; yield what is missing or damaged."""
    sample = ImageSample()
    for path in [path for image in sample.images for path in image.paths]:
        if default_storage.exists(path):
            with default_storage.open(path) as file:
                sample.add(path, file)
    yield from sample.problems()
