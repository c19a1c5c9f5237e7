"""Portraits: their files, and what stands where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.template import Context, Template
from PIL import Image

from accounts import services
from accounts.models import User
from accounts.selectors import avatar_url
from accounts.services import remove_avatar, save_avatar
from accounts.templatetags.user_tags import avatar, browser
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
Commits = Callable[..., object]


def files() -> list[Path]:
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def test_two_squares_under_a_name_that_nobody_can_guess() -> None:
    user = PersonFactory.create()
    save_avatar(user=user, image=Image.new("RGB", (800, 500)))
    assert [Image.open(file).size for file in files()] == [(320, 320), (96, 96)]
    assert len(user.avatar_key) == 32
    assert all(file.relative_to(settings.MEDIA_ROOT).parts[:2] == ("avatars", user.avatar_key[:2]) for file in files())


def test_a_small_picture_is_not_blown_up() -> None:
    user = PersonFactory.create()
    save_avatar(user=user, image=Image.new("RGB", (50, 70)))
    assert {Image.open(file).size for file in files()} == {(50, 50)}


def test_the_address_fits_the_place() -> None:
    user = PersonFactory.build(pk=1, avatar_key="ab" * 16)
    assert avatar_url(user, 44).endswith("-96.webp")
    assert avatar_url(user, 49).endswith("-320.webp")
    assert avatar_url(user, 900).endswith("-320.webp")


def test_old_files_go_when_the_new_ones_are_sure(django_capture_on_commit_callbacks: Commits) -> None:
    user = PersonFactory.create()
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


def test_a_failure_leaves_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(user: User, key: str) -> None:
        raise RuntimeError

    user = PersonFactory.create()
    monkeypatch.setattr(services, "_set_avatar_key", broken)
    with pytest.raises(RuntimeError):
        save_avatar(user=user, image=Image.new("RGB", (400, 400)))
    assert files() == []


def test_only_the_key_is_written() -> None:
    user = PersonFactory.create(biography="old")
    User.objects.update(biography="new")
    save_avatar(user=user, image=Image.new("RGB", (4, 4)))
    assert User.objects.get().biography == "new"


def test_the_tag_shows_the_portrait() -> None:
    user = PersonFactory.build(pk=3, avatar_key="ab" * 16)
    html = Template("{% load user_tags %}{% avatar user 44 %}").render(Context({"user": user}))
    url = default_storage.url(f"avatars/ab/{'ab' * 16}-96.webp")
    assert html == f'<img class="avatar" src="{url}" width="44" height="44" alt="" loading="lazy">'


@pytest.mark.parametrize(("name", "letter"), [("Anna", "A"), ("աննա", "Ա"), ("<i>", "&lt;"), ("", "P")])
def test_a_monogram_stands_in_without_inline_style(name: str, letter: str) -> None:
    html = avatar(PersonFactory.build(pk=7, username="pavel", display_name=name), 44)
    assert html.startswith('<svg class="avatar avatar--2" width="44" height="44"')
    assert f">{letter}</text>" in html
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
def test_browsers_get_names_that_people_know(agent: str, words: str) -> None:
    assert browser(agent) == words
