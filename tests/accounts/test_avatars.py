"""Avatars."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.contrib import admin
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts import services
from accounts.models import User
from accounts.selectors import AVATAR_SIZES, avatar_path, avatar_url
from accounts.services import remove_avatar, save_avatar
from accounts.templatetags.user_tags import browser
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
Commits = Callable[..., object]


def files() -> list[Path]:
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_save_avatar_stores_two_squares_with_random_name() -> None:
    user = UserFactory.create()
    save_avatar(user=user, image=Image.new("RGB", (800, 500)))
    assert [Image.open(file).size for file in files()] == [(320, 320), (96, 96)]
    assert len(user.avatar_key) == 32
    assert all(file.relative_to(settings.MEDIA_ROOT).parts[:2] == ("avatars", user.avatar_key[:2]) for file in files())


def test_save_avatar_does_not_enlarge_small_image() -> None:
    user = UserFactory.create()
    save_avatar(user=user, image=Image.new("RGB", (50, 70)))
    assert {Image.open(file).size for file in files()} == {(50, 50)}


def test_avatar_url_chooses_size() -> None:
    user = UserFactory.build(pk=1, avatar_key="ab" * 16)
    assert avatar_url(user, 44).endswith("-96.webp")
    assert avatar_url(user, 49).endswith("-320.webp")
    assert avatar_url(user, 900).endswith("-320.webp")


def test_save_avatar_deletes_old_files_on_commit(django_capture_on_commit_callbacks: Commits) -> None:
    user = UserFactory.create()
    save_avatar(user=user, image=Image.new("RGB", (400, 400)))
    first = files()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        save_avatar(user=user, image=Image.new("RGB", (400, 400)))
        assert set(first) < set(files())
    assert len(files()) == 2
    assert not set(first) & set(files())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        remove_avatar(user=user)
    assert files() == []


def test_save_avatar_failure_leaves_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(user: User, key: str) -> None:
        raise RuntimeError

    user = UserFactory.create()
    monkeypatch.setattr(services, "_set_avatar_key", broken)
    with pytest.raises(RuntimeError):
        save_avatar(user=user, image=Image.new("RGB", (400, 400)))
    assert files() == []


def test_save_avatar_updates_only_the_key() -> None:
    user = UserFactory.create(biography="old")
    User.objects.update(biography="new")
    save_avatar(user=user, image=Image.new("RGB", (4, 4)))
    assert User.objects.get().biography == "new"


def test_avatar_tag_with_image() -> None:
    user = UserFactory.build(pk=3, avatar_key="ab" * 16)
    html = Template("{% load user_tags %}{% avatar user 44 %}").render(Context({"user": user}))
    url = default_storage.url(f"avatars/ab/{'ab' * 16}-96.webp")
    assert html.strip() == f'<img class="avatar" src="{url}" width="44" height="44" alt="" loading="lazy">'


@pytest.mark.parametrize(("name", "message"), [("Anna", "A"), ("աննա", "Ա"), ("<i>", "&lt;"), ("", "P")])
def test_avatar_tag_without_image_shows_initial(name: str, message: str) -> None:
    user = UserFactory.build(pk=7, username="pavel", display_name=name)
    html = Template("{% load user_tags %}{% avatar user 44 %}").render(Context({"user": user}))
    assert html.startswith('<svg class="avatar avatar--2" width="44" height="44"')
    assert f">{message}</text>" in html
    assert "style=" not in html


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML) Chrome/140.0 Safari/537.36", "Chrome · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) AppleWebKit/605 Version/18 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Windows"),
        ("curl/8", "curl/8"),
        ("", "?"),
    ],
)
def test_browser_filter(agent: str, words: str) -> None:
    assert browser(agent) == words


def test_avatar_of_a_removed_user_is_gone(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    user = UserFactory.create()
    save_avatar(user=user, image=Image.new("RGB", (300, 300)))
    url = default_storage.url(avatar_path(user.avatar_key, AVATAR_SIZES[0]))
    assert client.get(url).status_code == 200
    user.is_active = False
    with django_capture_on_commit_callbacks(execute=True):
        admin.site.get_model_admin(User).save_model(
            mock.Mock(), user, mock.Mock(changed_data=["is_active"]), change=True
        )
    assert client.get(url).status_code == 404


def test_full_disk_is_an_error_of_the_avatar_field(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    client.force_login(UserFactory.create())
    target = BytesIO()
    Image.new("RGB", (300, 300)).save(target, "PNG")
    data = {"display_name": "Typed", "biography": "", "preferred_language": "en"}
    response = client.post(
        reverse("account_profile"), {**data, "avatar": SimpleUploadedFile("x.png", target.getvalue())}
    )
    assert "cannot be stored at the moment" in str(response.context["form"].errors["avatar"])
    assert 'value="Typed"' in response.text
