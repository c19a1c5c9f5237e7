"""Uploaded files that are larger than any form accepts."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from core.images import MAX_BYTES


class LimitedFileUploadHandler(FileUploadHandler):
    """Drop what a file has beyond the limit of images, so that the form can say so and keep its text."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= MAX_BYTES else None

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        return None
