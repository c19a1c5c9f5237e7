"""A server that speaks S3, and rows with images."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import LazySettings
from moto.server import ThreadedMotoServer
from PIL import Image as PILImage

from articles.models import Article
from articles.services.images import store_image
from core.s3 import Bucket
from tests import factories


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Run the server; yield its host and port."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_server: str) -> str:
    """Return the URL of a folder in a new bucket."""
    url = f"s3+http://key:a%2Fsecret@{s3_server}/bucket-{uuid4()}/folder"
    bucket = Bucket(url)
    bucket.client.create_bucket(Bucket=bucket.name)
    return url


@pytest.fixture
def s3_media(settings: LazySettings, s3_url: str) -> str:
    """Store images in a bucket, as with MEDIA_STORAGE_URL; return its URL."""
    settings.MEDIA_STORAGE_URL = s3_url
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "core.storage.S3Storage", "OPTIONS": {"url": s3_url}},
    }
    return s3_url


def article_with_image() -> Article:
    """Return a published article with an image of three files."""
    author = factories.UserFactory.create()
    image = store_image(owner=author, pixels=PILImage.effect_noise((600, 400), 40).convert("RGB"))
    return factories.published(author, image=image)
