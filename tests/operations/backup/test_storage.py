"""Images in S3-compatible object storage."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image as PILImage

from articles.services import publishing
from articles.services.images import store_image
from core import media_files, s3
from core.images import InvalidImage
from core.s3 import Bucket
from core.storage import S3Storage
from spokesperson import checks
from tests import factories
from tests.operations.backup.conftest import article_with_image

AWAY = "s3+http://key:secret@127.0.0.1:9/bucket"


@pytest.fixture
def storage(s3_url: str) -> S3Storage:
    return S3Storage(s3_url)


def test_storage_reads_what_was_saved(storage: S3Storage) -> None:
    name = storage.save("pictures/ab/é 1.webp", ContentFile(b"image"))
    assert (storage.exists(name), storage.size(name)) == (True, 5)
    with storage.open(name) as file:
        assert (file.read(), file.size) == (b"image", 5)
    storage.delete(name)
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)


def test_storage_objects_have_type_and_lifetime(storage: S3Storage, s3_url: str) -> None:
    storage.save("a.webp", ContentFile(b"image"))
    head = Bucket(s3_url).client.head_object(Bucket=storage.bucket.name, Key="folder/a.webp")
    assert (head["ContentType"], head["CacheControl"]) == ("image/webp", "public, max-age=86400, s-maxage=5")


def test_storage_lists_folders_and_files(storage: S3Storage) -> None:
    assert storage.listdir("") == ([], [])
    for name in ("a.webp", "pictures/b.webp", "pictures/cd/d.webp", "avatars/e.webp"):
        storage.save(name, ContentFile(b"image"))
    assert storage.listdir("") == (["avatars", "pictures"], ["a.webp"])
    assert storage.listdir("pictures") == storage.listdir("pictures/") == (["cd"], ["b.webp"])


@pytest.mark.parametrize("name", ["../secret", "pictures/../../secret", "a\0b", "a" * 1000])
def test_storage_refuses_names_outside_its_folder(storage: S3Storage, name: str) -> None:
    for action in (storage.open, storage.exists, storage.delete):
        with pytest.raises(SuspiciousFileOperation):
            action(name)


def test_storage_that_is_away_is_an_os_error() -> None:
    storage = S3Storage(AWAY)
    for action in (storage.open, storage.exists, storage.delete, storage.listdir, storage.size):
        with pytest.raises(OSError, match="does not answer"):
            action("a.webp")
    with pytest.raises(OSError, match="does not answer"):
        storage.check()


def test_storage_without_the_bucket_is_an_os_error(s3_url: str) -> None:
    storage = S3Storage(s3_url.replace("/bucket-", "/other-"))
    with pytest.raises(OSError, match=r"has no|refuses"):
        storage.check()


@pytest.mark.parametrize(
    "url", ["/srv/media", "s3://", "s3://host", "s3://key:secret@host/", "s3://host:port/bucket", "https://host/bucket"]
)
def test_bucket_needs_a_host_and_a_name(url: str) -> None:
    with pytest.raises(ValueError, match="must look like s3://key:secret@"):
        Bucket(url)


def test_bucket_of_a_url() -> None:
    bucket = Bucket("s3://key:a%2Fsecret@s3.example.org:9000/name/a/folder/?region=eu-west-1")
    assert (bucket.name, bucket.prefix, str(bucket)) == ("name", "a/folder/", "s3://s3.example.org:9000/name/a/folder/")
    assert bucket.client.meta.endpoint_url == "https://s3.example.org:9000"
    assert bucket.client.meta.region_name == "eu-west-1"


def test_bucket_needs_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "find_spec", lambda _name: None)
    with pytest.raises(ValueError, match=r"requirements-s3\.txt"):
        Bucket("s3://host/bucket")


# --- The site ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_image_in_a_bucket_is_served_and_taken_down(
    s3_media: str, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    article = article_with_image()
    assert article.live
    assert article.live.image
    url = article.live.image.url(480)
    response = client.get(url)
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert response.getvalue()[:4] == b"RIFF"
    with django_capture_on_commit_callbacks(execute=True):
        publishing.hide(article=article)
    assert client.get(url).status_code == 404
    article.live.image.refresh_from_db()
    assert all(map(default_storage.exists, article.live.image.paths))


@pytest.mark.django_db
def test_image_that_cannot_be_stored_is_an_error_of_the_field(settings: LazySettings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "core.storage.S3Storage", "OPTIONS": {"url": AWAY}},
    }
    with pytest.raises(InvalidImage, match="cannot be stored"):
        store_image(owner=factories.UserFactory.create(), pixels=PILImage.new("RGB", (200, 200)))


@pytest.mark.django_db
def test_image_of_a_bucket_that_is_away_can_be_asked_for_again(
    settings: LazySettings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_files, "_away_until", 0)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "core.storage.S3Storage", "OPTIONS": {"url": AWAY}},
    }
    response = client.get("/media/pictures/ab/a.webp")
    assert (response.status_code, response["Cache-Control"], response["Retry-After"]) == (503, "no-store", "3")


def test_images_check_of_a_bucket(s3_media: str, settings: LazySettings) -> None:
    assert checks.images() == ""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "core.storage.S3Storage", "OPTIONS": {"url": AWAY}},
    }
    assert "does not answer" in checks.images()


def test_image_url_on_a_host_of_its_own(s3_media: str, settings: LazySettings) -> None:
    assert default_storage.url("pictures/ab/é.webp") == "/media/pictures/ab/%C3%A9.webp"
    settings.MEDIA_URL = "https://media.example.org/"
    assert default_storage.url("pictures/ab/é.webp") == "https://media.example.org/pictures/ab/%C3%A9.webp"
