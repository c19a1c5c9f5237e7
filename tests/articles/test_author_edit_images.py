"""Images in the article form."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from articles import forms
from articles.models import Article, Image, RecoveredDraft
from articles.views import draft_recovery, images
from core.images import MAX_BYTES
from tests import factories
from tests.articles.author_form import errors, filled, hidden_value, only_revision
from tests.articles.test_images import upload

pytestmark = pytest.mark.django_db
NEW = reverse("my_article_new")


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def test_invalid_image_keeps_typed_text(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(body="<p>An hour's work</p>", image=SimpleUploadedFile("x.svg", b"<svg/>")))
    assert "cannot show this file as an image" in errors(answer, "image")
    assert "An hour&#x27;s work" in answer.text


def test_valid_image_survives_error_of_another_field(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(title="x" * 141, image=upload(700, 500)))
    assert errors(answer, "title")
    image = Image.objects.get()
    assert image.url(480) in answer.text
    client.post(NEW, filled(image_token=hidden_value(answer, "image_token")))
    assert only_revision().image == image
    assert Image.objects.count() == 1


def test_image_token_works_only_for_its_user(client: Client, user: User) -> None:
    other = factories.UserFactory.create()
    image = Image.objects.create(owner=other, key="a" * 32, width=10, height=10, size=1)
    for token in (forms.image_token_for(image, other), str(image.pk), forms.image_token_for(image, user) + "x"):
        answer = client.post(NEW, filled(image_token=token))
        assert "Choose an image again" in errors(answer, "image")
    assert not Article.objects.exists()


def test_image_can_be_removed_and_replaced(client: Client, user: User) -> None:
    client.post(NEW, filled(image=upload(700, 500)))
    article, first = Article.objects.get(), only_revision().image
    assert first is not None
    address, token = reverse("my_article_edit", args=[article.pk]), forms.image_token_for(first, user)
    client.post(address, filled(article, image_token=token, image=upload(300, 200)))
    second = only_revision().image
    assert second is not None
    assert second != first
    client.post(address, filled(article, image_token=forms.image_token_for(second, user), remove_image="on"))
    assert only_revision().image is None


def test_too_many_uploads_are_429_and_keep_typed_text(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MAX_UPLOADS_PER_HOUR", 1)
    client.post(NEW, filled(title="", image=upload(50, 50)))
    answer = client.post(NEW, filled(image=upload(50, 50)))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "many images" in errors(answer, "image")
    assert "We counted every street lamp" in answer.text


def test_full_disk_is_a_field_error_and_keeps_typed_text(
    client: Client, user: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    answer = client.post(NEW, filled(image=upload(50, 50)))
    assert "cannot be stored at the moment" in errors(answer, "image")
    assert "We counted every street lamp" in answer.text
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def photo_of(size: int) -> SimpleUploadedFile:
    """Return a JPEG of this size; decoders ignore what is after its end."""
    return SimpleUploadedFile("x.jpg", (upload(50, 50).read()).ljust(size, b"x"))


def test_image_of_ten_megabytes_is_stored(client: Client, user: User) -> None:
    client.post(NEW, filled(image=photo_of(MAX_BYTES)))
    assert only_revision().image is not None


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 12 * 1024 * 1024 + 1, 39 * 1024 * 1024])
def test_file_over_the_limit_is_a_field_error_and_keeps_typed_text(client: Client, user: User, size: int) -> None:
    answer = client.post(NEW, filled(image=photo_of(size)))
    assert answer.status_code == 200
    assert "larger than 10 MB" in errors(answer, "image")
    assert "We counted every street lamp" in answer.text
    assert not Image.objects.exists()


@pytest.mark.parametrize(("is_signed_in", "megabytes"), [(True, 40), (False, 12)])
@pytest.mark.parametrize(("prefix", "sentence"), [("", "Go back in your browser"), ("/ru", "Вернитесь назад")])
def test_body_over_the_limit_is_a_page_that_says_how_to_find_the_text(
    client: Client, user: User, is_signed_in: bool, megabytes: int, prefix: str, sentence: str
) -> None:
    sender = client if is_signed_in else Client()
    length = {"content-length": str(megabytes * 1024 * 1024 + 1)}
    answer = sender.post(prefix + NEW, filled(), headers=length)
    assert answer.status_code == 413
    assert sentence in answer.text
    assert f'href="{prefix}{NEW}"' in answer.text


def test_file_of_a_session_that_ended_is_over_the_limit_earlier(user: User) -> None:
    """A stranger can send it, so it is not read."""
    assert Client().post(NEW, filled(image=photo_of(13 * 1024 * 1024))).status_code == 413
    answer = Client().post(
        NEW, filled(image=photo_of(11 * 1024 * 1024), author_token=draft_recovery.author_token(user))
    )
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert RecoveredDraft.objects.get().fields["title"] == "We counted every street lamp"


def test_full_image_quota_is_a_field_error(client: Client, user: User, settings: LazySettings) -> None:
    settings.IMAGE_QUOTA_BYTES = 1
    assert "You have used all" in errors(client.post(NEW, filled(image=upload(50, 50))), "image")


def test_form_validation_stores_no_image(user: User) -> None:
    data = QueryDict(mutable=True)
    data.update(filled())
    files: MultiValueDict[str, UploadedFile[Any]] = MultiValueDict({"image": [upload(50, 50)]})
    form = forms.ArticleForm(data, files, user=user)
    assert form.is_valid()
    assert not Image.objects.exists()
    form.store_image()
    assert form.stored_image == Image.objects.get()
    assert form.to_content().image == form.stored_image


def test_new_image_replaces_image_of_invalid_token(client: Client, user: User) -> None:
    client.post(NEW, filled(image_token="invalid", image=upload(50, 50)))
    assert only_revision().image == Image.objects.get()
