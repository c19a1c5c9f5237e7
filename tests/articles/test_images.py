"""Lead images: stored widths, metadata, quota, and removal of unused images."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Image
from articles.services import images, publishing
from articles.services.images import finish_moves, remove_unused, store_image
from core.images import InvalidImage, delete_pending_files, load_image
from core.models import PendingDeletion
from tests import factories
from tests.moderation.users import administrator, moderator

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
    with default_storage.open(image.share_path) as file, PILImage.open(file) as stored:
        assert (stored.format, stored.size) == ("JPEG", (1200, 630))
        assert not stored.getexif()


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
    assert image.size == sum(default_storage.size(path) for path in image.paths)
    settings.IMAGE_QUOTA_BYTES = image.size * 3 // 2
    with pytest.raises(InvalidImage, match="You have used all"):
        store_image(owner=owner, pixels=load_image(upload(200, 200)))
    assert len(files(settings.MEDIA_ROOT)) == len(image.paths)
    assert store_image(owner=factories.UserFactory.create(), pixels=load_image(upload(200, 200))).pk


def test_store_image_deletes_files_if_the_row_cannot_be_written(
    owner: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = store_image(owner=owner, pixels=load_image(upload(200, 200)))
    monkeypatch.setattr(images, "random_name", lambda: "f" * 32)
    Image.objects.filter(pk=taken.pk).update(key="f" * 32)
    with pytest.raises(IntegrityError):
        store_image(owner=owner, pixels=load_image(upload(200, 200)))
    assert files(settings.MEDIA_ROOT) == [f"{taken.key}-200.webp", f"{taken.key}-share.jpg"]


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
    with pytest.raises(InvalidImage, match="cannot be stored"):
        store_image(owner=owner, pixels=load_image(upload(1200, 800)))
    assert (files(settings.MEDIA_ROOT), Image.objects.count()) == ([], 0)


def test_remove_unused_deletes_only_old_unused_images(
    owner: User, settings: LazySettings, django_capture_on_commit_callbacks: Any
) -> None:
    used, unused, recent = (store_image(owner=owner, pixels=load_image(upload(100, 100))) for _ in range(3))
    factories.draft(owner, image=used)
    Image.objects.exclude(pk=recent.pk).update(created_at=timezone.now() - timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        remove_unused(owner=owner)
    assert set(Image.objects.values_list("pk", flat=True)) == {used.pk, recent.pk}
    assert not any(unused.key in name for name in files(settings.MEDIA_ROOT))


def test_quota_is_counted_again_under_the_lock(
    owner: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two uploads at the same time: the second one counts the first, which was stored after its first check."""
    pixels = load_image(upload(200, 200))
    checks: list[int] = []

    def check(user: User, size: int) -> None:
        checks.append(size)
        if len(checks) == 1:
            Image.objects.create(owner=user, key="b" * 32, width=1, height=1, size=settings.IMAGE_QUOTA_BYTES)
        else:
            original(user, size)

    original = images._check_quota
    monkeypatch.setattr(images, "_check_quota", check)
    with pytest.raises(InvalidImage, match="You have used all"):
        store_image(owner=owner, pixels=pixels)
    assert files(settings.MEDIA_ROOT) == []


# --- Takedown


def full(*args: object) -> str:
    raise OSError("The disk is full")


def status(client: Client, url: str) -> int:
    return client.get(url).status_code


def urls(image: Image) -> list[str]:
    return [default_storage.url(path) for path in image.paths]


def test_images_of_a_hidden_article_are_gone_from_every_url(
    client: Client, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = (store_image(owner=owner, pixels=load_image(upload(1000, 700))) for _ in range(2))
    article = factories.published(owner, image=first)
    publishing.submit(article=publishing.save_draft(article=article, text=factories.text(image=second)))
    article = publishing.publish(article=article, revision_number=2)
    public = [*urls(first), *urls(second)]
    assert {status(client, url) for url in public} == {200}
    with django_capture_on_commit_callbacks(execute=True):
        publishing.hide(article=article)
    assert {status(client, url) for url in public} == {404}
    publishing.restore(article=article)
    second.refresh_from_db()
    assert second.retired_key == ""
    page = client.get(article.get_absolute_url()).text
    for url in urls(second):
        assert url in page
        assert status(client, url) == 200


def test_images_move_later_if_the_process_dies(
    client: Client, owner: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = store_image(owner=owner, pixels=load_image(upload(1000, 700)))
    article = factories.published(owner, image=image)
    public = urls(image)
    publishing.hide(article=article)  # The callbacks after the commit do not run.
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "_save", full)
        finish_moves()
    finish_moves()
    assert {status(client, url) for url in public} == {404}
    image.refresh_from_db()
    assert {status(client, url) for url in urls(image)} == {200}
    # Hidden again before the files moved.
    publishing.hide(article=publishing.restore(article=article))
    publishing.hide(article=publishing.restore(article=article))
    finish_moves()
    assert {status(client, url) for url in urls(image)} == {404}
    image.refresh_from_db()
    assert {status(client, url) for url in urls(image)} == {200}


def test_copy_that_a_killed_process_wrote_in_part_is_written_again(client: Client, owner: User) -> None:
    image = store_image(owner=owner, pixels=load_image(upload(1000, 700)))
    public = {path: default_storage.open(path).read() for path in image.paths}
    publishing.hide(article=factories.published(owner, image=image))
    image.refresh_from_db()
    default_storage.save(image.paths[0], ContentFile(b"RIFF"))
    finish_moves()
    assert [default_storage.open(path).read() for path in image.paths] == list(public.values())
    assert not any(map(default_storage.exists, public))


def test_files_are_deleted_later_if_the_process_dies_or_the_disk_is_away(
    owner: User, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    image = store_image(owner=owner, pixels=load_image(upload(1000, 700)))
    stored = files(settings.MEDIA_ROOT)
    images.delete_image(image)  # The callbacks after the commit do not run.
    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "delete", full)
        delete_pending_files()
    assert files(settings.MEDIA_ROOT) == stored
    client = Client()
    client.force_login(administrator())
    assert image.paths[0] in client.get("/admin/core/pendingdeletion/").text
    delete_pending_files()
    assert files(settings.MEDIA_ROOT) == []
    assert not PendingDeletion.objects.exists()


def test_administrator_deletes_an_image(
    client: Client, owner: User, django_capture_on_commit_callbacks: Any, settings: LazySettings
) -> None:
    image = store_image(owner=owner, pixels=load_image(upload(1000, 700)))
    article = factories.published(owner, image=image)
    page = reverse("admin:articles_image_delete", args=[image.pk])
    client.force_login(moderator())
    assert client.post(page, {"post": "yes"}).status_code == 403
    client.force_login(administrator())
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page, {"post": "yes"})
    assert files(settings.MEDIA_ROOT) == []
    assert "og:image" not in Client().get(article.get_absolute_url()).text


def test_public_images_can_be_shown_on_other_sites(client: Client, owner: User) -> None:
    answer = client.get(store_image(owner=owner, pixels=load_image(upload(100, 100))).url(480))
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "s-maxage=5" in answer["Cache-Control"]
