"""Lead images: stored widths, metadata, quota, and removal of unused images."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.utils import timezone
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Image
from articles.services import images
from articles.services.images import remove_unused, store_image
from core.images import InvalidImage, load_image
from tests import factories

pytestmark = pytest.mark.django_db


def upload(width: int = 1200, height: int = 800, kind: str = "JPEG", orientation: int = 0) -> SimpleUploadedFile:
    """Return a photo with EXIF data, including a GPS position."""
    target = BytesIO()
    exif = PILImage.Exif()
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[1] = "N"
    if orientation:
        exif[0x0112] = orientation
    PILImage.effect_noise((width, height), 40).convert("RGB").save(target, kind, exif=exif)
    return SimpleUploadedFile(f"photo.{kind.lower()}", target.getvalue())


def files(root: Path) -> list[str]:
    return sorted(file.name for file in root.rglob("*") if file.is_file())


@pytest.fixture
def owner() -> User:
    return factories.UserFactory.create()


@pytest.mark.parametrize(
    ("width", "widths"), [(300, [300]), (480, [480]), (1000, [480, 960, 1000]), (2400, [480, 960, 1600])]
)
def test_store_image_writes_each_width(owner: User, width: int, widths: list[int]) -> None:
    image = store_image(owner=owner, pixels=load_image(upload(width, width // 2)))
    assert image.widths == widths
    for one in widths:
        with default_storage.open(image.path(one)) as file, PILImage.open(file) as stored:
            assert (stored.format, stored.width) == ("WEBP", one)
            assert abs(stored.height - one / 2) <= 1
            assert not stored.getexif()
            assert "icc_profile" not in stored.info
    assert image.size == sum(default_storage.size(image.path(one)) for one in widths)


def test_store_image_applies_orientation(owner: User) -> None:
    image = store_image(owner=owner, pixels=load_image(upload(600, 400, orientation=6)))
    assert (image.width, image.height) == (400, 600)


def test_store_image_uses_random_names(owner: User) -> None:
    first, second = (store_image(owner=owner, pixels=load_image(upload(50, 50))) for _ in range(2))
    assert first.key != second.key
    assert len(first.key) == 32
    assert "photo" not in first.url(480)


def test_image_quota_is_per_user(owner: User, settings: LazySettings) -> None:
    image = store_image(owner=owner, pixels=load_image(upload(200, 200)))
    settings.IMAGE_QUOTA_BYTES = image.size * 3 // 2
    with pytest.raises(InvalidImage, match="You have used all"):
        store_image(owner=owner, pixels=load_image(upload(200, 200)))
    assert len(files(settings.MEDIA_ROOT)) == 1
    assert store_image(owner=factories.UserFactory.create(), pixels=load_image(upload(200, 200))).pk


def test_store_image_deletes_files_if_the_row_cannot_be_written(
    owner: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = store_image(owner=owner, pixels=load_image(upload(200, 200)))
    monkeypatch.setattr(images, "random_name", lambda: "f" * 32)
    Image.objects.filter(pk=taken.pk).update(key="f" * 32)
    with pytest.raises(IntegrityError):
        store_image(owner=owner, pixels=load_image(upload(200, 200)))
    assert files(settings.MEDIA_ROOT) == [f"{taken.key}-200.webp"]


def test_store_image_deletes_files_if_the_storage_fails(
    owner: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = FileSystemStorage._save  # type: ignore[attr-defined]
    calls: list[str] = []

    def failing(self: FileSystemStorage, name: str, content: File[bytes]) -> str:
        calls.append(name)
        if len(calls) == 2:
            raise OSError("The disk is full")
        return str(save(self, name, content))

    monkeypatch.setattr(FileSystemStorage, "_save", failing)
    with pytest.raises(OSError, match="full"):
        store_image(owner=owner, pixels=load_image(upload(1200, 800)))
    assert (files(settings.MEDIA_ROOT), Image.objects.count()) == ([], 0)


def test_remove_unused_deletes_only_old_unused_images(owner: User, settings: LazySettings) -> None:
    used, unused, recent = (store_image(owner=owner, pixels=load_image(upload(100, 100))) for _ in range(3))
    factories.draft(owner, image=used)
    Image.objects.exclude(pk=recent.pk).update(created_at=timezone.now() - timedelta(days=2))
    remove_unused(owner=owner)
    assert set(Image.objects.values_list("pk", flat=True)) == {used.pk, recent.pk}
    assert not any(unused.key in name for name in files(settings.MEDIA_ROOT))
