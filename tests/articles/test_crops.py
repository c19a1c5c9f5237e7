"""Crops and focal points: each is another image, which only the draft shows until it is reviewed."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as PILImage
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Image
from articles.presenters import focus_class
from articles.services import coauthors, publishing
from articles.services.crops import crop_image, crop_lead_image
from articles.services.drafts import restore_version
from articles.services.images import delete_own_image, remove_unused, store_image
from articles.views import images as image_views
from core.exceptions import ActionNotAllowed
from core.images import InvalidImage
from tests import factories
from tests.articles.author_form import filled
from tests.articles.test_body_images import figure
from tests.articles.test_images import files, urls

pytestmark = pytest.mark.django_db
RED, BLUE = (200, 30, 30), (30, 30, 200)


def stored(owner: User, size: tuple[int, int] = (900, 300)) -> Image:
    """Return an image whose left third is red, and the rest blue."""
    pixels = PILImage.new("RGB", size, BLUE)
    pixels.paste(RED, (0, 0, size[0] // 3, size[1]))
    return store_image(owner=owner, pixels=pixels)


def colours(path: str) -> list[str]:
    """Return the colours from the left to the right of a stored file."""
    with default_storage.open(path) as file, PILImage.open(BytesIO(file.read())) as image:
        row = [image.convert("RGB").getpixel((image.width * part // 10, image.height // 2)) for part in range(1, 10)]
    found = ["red" if isinstance(pixel, tuple) and pixel[0] > pixel[2] else "blue" for pixel in row]
    return list(dict.fromkeys(found))


def crop(image: Image, shape: str = "1:1", x: int = 0, y: int = 50) -> Image:
    return crop_image(image=image, owner=image.owner, shape=shape, focus_x=x, focus_y=y)


@pytest.fixture
def author(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    ("shape", "x", "size", "left"),
    [
        ("1:1", 0, (300, 300), ["red"]),
        ("1:1", 100, (300, 300), ["blue"]),
        ("3:2", 0, (450, 300), ["red", "blue"]),
        ("4:5", 50, (240, 300), ["blue"]),
        ("", 0, (900, 300), ["red", "blue"]),
    ],
)
def test_crop_keeps_the_focal_point(author: User, shape: str, x: int, size: tuple[int, int], left: list[str]) -> None:
    original = stored(author)
    made = crop(original, shape, x)
    assert ((made.width, made.height), made.original, made.shape, made.focus_x) == (size, original, shape, x)
    assert colours(made.path(made.widths[-1])) == left


def test_share_image_keeps_the_focal_point(author: User) -> None:
    original = stored(author)
    assert colours(crop(original, "", 0).share_path) == ["red", "blue"]
    assert colours(crop(original, "", 100).share_path) == ["blue"]


def test_crop_is_another_image_and_can_be_undone(author: User) -> None:
    original = stored(author)
    Image.objects.filter(pk=original.pk).update(alternative_text="A lamp", credit="Ani")
    original.refresh_from_db()
    square = crop(original)
    assert square.key != original.key
    assert (square.alternative_text, square.credit) == ("A lamp", "Ani")
    assert all(map(default_storage.exists, original.paths))
    # Always from the original; what exists is used again.
    assert crop(square, "3:2").width == 450
    assert crop(square, "3:2") == crop(original, "3:2")
    assert crop(square, "", 50, 50) == original
    assert Image.objects.count() == 3


def test_crop_is_refused(author: User, settings: LazySettings) -> None:
    original = stored(author)
    with pytest.raises(PermissionDenied):
        crop_image(image=original, owner=factories.UserFactory.create(), shape="1:1", focus_x=0, focus_y=0)
    quota, settings.IMAGE_QUOTA_BYTES = settings.IMAGE_QUOTA_BYTES, original.size
    with pytest.raises(InvalidImage, match="You have used all"):
        crop(original)
    settings.IMAGE_QUOTA_BYTES = quota
    default_storage.delete(original.path(900))
    with pytest.raises(InvalidImage, match="cannot be read"):
        crop(original)
    default_storage.save(original.path(900), ContentFile(b"damaged"))
    with pytest.raises(InvalidImage):
        crop(original)
    with pytest.raises(IntegrityError):
        Image.objects.filter(pk=original.pk).update(focus_x=101)


def test_crop_of_a_published_lead_image_waits_for_review(client: Client, author: User) -> None:
    original = stored(author)
    article = factories.published(author, image=original)
    form = {"shape": "1:1", "focus_x": 20, "focus_y": 50}
    page = reverse("my_article_crop", args=[article.pk])
    assert client.post(page, form)["Location"] == reverse("my_article_edit", args=[article.pk])
    article = Article.objects.select_related("live__image", "latest__image").get()
    assert article.live
    assert article.latest
    assert (article.live.image, article.latest.state) == (original, "draft")
    square = article.latest.image
    assert square
    assert square.original == original
    public = client.get(article.get_absolute_url()).text
    assert original.key in public
    assert square.key not in public
    assert square.key in client.get(reverse("my_article_preview", args=[article.pk])).text
    publishing.publish(article=publishing.submit(article=article), revision_number=2)
    page_of_readers = Client().get(article.get_absolute_url()).text
    assert square.share_url in page_of_readers
    assert original.key not in page_of_readers


def test_crop_again_deletes_the_crop_that_nothing_uses(author: User, settings: LazySettings) -> None:
    original = stored(author)
    article = crop_lead_image(
        article=factories.draft(author, image=original), editor=author, shape="1:1", focus_x=0, focus_y=50
    )
    assert article.latest
    first = article.latest.image
    assert first
    crop_lead_image(article=article, editor=author, shape="3:2", focus_x=0, focus_y=50)
    assert not Image.objects.filter(pk=first.pk).exists()
    crop_lead_image(article=Article.objects.get(), editor=author, shape="", focus_x=50, focus_y=50)
    assert list(Image.objects.all()) == [original]
    article = Article.objects.select_related("latest").get()
    assert article.latest
    assert article.latest.image_id == original.pk


def test_crop_that_a_checkpoint_shows_stays(author: User) -> None:
    article = crop_lead_image(
        article=factories.draft(author, image=stored(author)), editor=author, shape="1:1", focus_x=0, focus_y=50
    )
    assert article.latest
    version, square = article.latest.version, article.latest.image
    publishing.save_draft(article=article, text=factories.text(image=square, title="Other"), with_checkpoint=True)
    crop_lead_image(article=Article.objects.get(), editor=author, shape="3:2", focus_x=0, focus_y=50)
    restored = restore_version(article=Article.objects.get(), version=version)
    assert restored.latest
    assert restored.latest.image == square


def test_crop_of_a_text_that_changed_meanwhile_stores_nothing(author: User) -> None:
    article = factories.draft(author, image=(original := stored(author)))
    publishing.save_draft(article=Article.objects.get(), text=factories.text(image=original, title="Other"))
    with pytest.raises(ActionNotAllowed, match="changed in another window"):
        crop_lead_image(article=article, editor=author, shape="1:1", focus_x=0, focus_y=50)
    assert list(Image.objects.all()) == [original]


def test_original_stays_as_long_as_its_crops(author: User) -> None:
    original = stored(author)
    square = crop(original)
    factories.draft(author, image=square)
    Image.objects.update(created_at=timezone.now() - timedelta(days=31))
    remove_unused()
    with pytest.raises(ActionNotAllowed, match="cropped from this one"):
        delete_own_image(image=original, owner=author)
    assert set(Image.objects.all()) == {original, square}


def test_takedown_hides_original_and_crops(
    client: Client, author: User, django_capture_on_commit_callbacks: Any
) -> None:
    original = stored(author)
    shown, other = crop(original), crop(original, "3:2")
    article = factories.published(author, image=shown)
    public = [*urls(original), *urls(shown), *urls(other)]
    with django_capture_on_commit_callbacks(execute=True):
        publishing.hide(article=article)
    assert {client.get(url).status_code for url in public} == {404}
    assert set(Image.objects.values_list("is_hidden", flat=True)) == {True}
    with pytest.raises(ActionNotAllowed, match="hidden article"):
        crop(Image.objects.get(pk=shown.pk), "4:5")
    # As long as another hidden article shows one of them.
    second = factories.hidden(author, image=other)
    publishing.restore(article=article)
    assert set(Image.objects.values_list("is_hidden", flat=True)) == {True}
    publishing.restore(article=second)
    assert not Image.objects.filter(is_hidden=True).exists()


def test_takedown_leaves_a_crop_that_another_article_shows(
    client: Client, author: User, django_capture_on_commit_callbacks: Any
) -> None:
    coauthor = factories.UserFactory.create()
    original = stored(coauthor)
    in_both, hidden, shown, unused = (crop(original, shape) for shape in ("16:9", "1:1", "3:2", "4:5"))
    body = factories.BODY + figure(in_both)
    other = factories.published(coauthor, image=original, body=body + figure(shown))
    factories.draft(coauthor, body=factories.BODY + figure(unused))
    article = factories.draft(author)
    coauthors.accept(invitation=coauthors.invite(article=article, username=coauthor.username), user=coauthor)
    publishing.save_draft(article=article, text=factories.text(image=hidden, body=body), editor=coauthor)
    article = publishing.publish(article=publishing.submit(article=article), revision_number=1)
    gone, stay = (in_both, hidden, unused), (original, shown)
    with django_capture_on_commit_callbacks(execute=True):
        publishing.hide(article=article)
    assert {client.get(url).status_code for image in gone for url in urls(image)} == {404}
    assert {client.get(url).status_code for image in stay for url in urls(image)} == {200}
    assert set(Image.objects.filter(is_hidden=True)) == set(gone)
    page = client.get(other.get_absolute_url()).text
    assert [one.key in page for one in (original, shown, in_both)] == [True, True, False]
    # The original does not give the hidden picture again.
    with pytest.raises(ActionNotAllowed, match="hidden article"):
        crop(original, "1:1", 10)
    publishing.restore(article=article)
    assert not Image.objects.filter(is_hidden=True).exists()


# --- Lists


@pytest.mark.parametrize(
    ("width", "height", "x", "y", "expected"),
    [
        (900, 300, 20, 90, "focus-x-20"),
        (900, 300, 54, 90, ""),
        (300, 900, 20, 96, "focus-y-100"),
        (300, 200, 20, 0, "focus-y-0"),
    ],
)
def test_focus_class(width: int, height: int, x: int, y: int, expected: str) -> None:
    assert focus_class(Image(width=width, height=height, focus_x=x, focus_y=y)) == expected
    css = finders.find("css/site.css")
    assert not expected or f".{expected} {{ object-position" in Path(str(css)).read_text()


def test_lists_show_the_focal_point(client: Client, author: User) -> None:
    factories.published(author, image=crop(stored(author), "", 20))
    for path in (reverse("front"), "/sections/technology/", reverse("my_articles"), "/my/images/"):
        assert "focus-x-20" in client.get(path).text, path


# --- Pages


def test_library_page_adds_another_image(
    client: Client, author: User, django_assert_max_num_queries: DjangoAssertNumQueries, settings: LazySettings
) -> None:
    original = stored(author)
    page = reverse("my_image_crop", args=[original.pk])
    assert f'href="{page}"' in client.get("/my/images/").text
    with django_assert_max_num_queries(5):
        assert original.url(960) in client.get(page).text
    answer = client.post(page, {"shape": "3:2", "focus_x": 0, "focus_y": 50})
    made = Image.objects.get(original=original)
    assert answer["Location"] == f"/my/images/#image-{made.pk}"
    # Its page shows the original with the present crop.
    form = client.get(reverse("my_image_crop", args=[made.pk]))
    assert original.url(960) in form.text
    assert (form.context["form"]["shape"].value(), form.context["form"]["focus_x"].value()) == ("3:2", 0)
    assert len(files(Path(settings.MEDIA_ROOT))) == len(original.paths) + len(made.paths)


def test_crop_page_says_what_is_wrong(client: Client, author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    original = stored(author)
    page = reverse("my_image_crop", args=[original.pk])
    answer = client.post(page, {"shape": "7:1", "focus_x": 101, "focus_y": ""})
    assert set(answer.context["form"].errors) == {"shape", "focus_x", "focus_y"}
    form = {"shape": "1:1", "focus_x": 0, "focus_y": 0}
    User.objects.filter(pk=author.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    assert "Your account is suspended" in client.post(page, form).text
    monkeypatch.setattr(image_views, "MAX_UPLOADS_PER_HOUR", 0)
    answer = client.post(page, form)
    assert (answer.status_code, "too many images" in answer.text) == (429, True)
    client.force_login(factories.UserFactory.create())
    assert client.post(page, form).status_code == 404
    assert not original.crops.exists()


def test_coauthor_crops_own_images_only(client: Client, author: User) -> None:
    other = factories.UserFactory.create()
    article = factories.draft(other, image=stored(other))
    coauthors.accept(invitation=coauthors.invite(article=article, username=author.username), user=author)
    edit, page = (reverse(f"my_article_{name}", args=[article.pk]) for name in ("edit", "crop"))
    assert 'value="crop"' not in client.get(edit).text
    assert client.post(page, {"shape": "1:1", "focus_x": 0, "focus_y": 0})["Location"] == edit
    assert "belongs to another author" in client.get(edit).text
    with pytest.raises(PermissionDenied):
        crop_lead_image(article=article, editor=author, shape="1:1", focus_x=0, focus_y=50)
    own = stored(author)
    publishing.save_draft(article=article, text=factories.text(image=own), editor=author)
    assert client.post(page, {"shape": "1:1", "focus_x": 0, "focus_y": 0})["Location"] == edit
    assert Article.objects.select_related("latest__image").get().latest.image == own.crops.get()  # type: ignore[union-attr]


def test_form_saves_before_it_opens_the_crop_page(client: Client, author: User) -> None:
    original = stored(author)
    article = factories.draft(author, image=original)
    edit, page = (reverse(f"my_article_{name}", args=[article.pk]) for name in ("edit", "crop"))
    form = client.get(edit)
    assert 'name="action" value="crop"' in form.text
    token = form.context["form"]["image_token"].value()
    assert client.post(edit, filled(article, image_token=token, action="crop", title="New"))["Location"] == page
    assert Article.objects.select_related("latest").get().latest.title == "New"  # type: ignore[union-attr]
    assert client.get(page).context["image"] == original
    client.post(edit, filled(article, image_token=token, remove_image="on"))
    assert client.get(page)["Location"] == edit
    publishing.submit(article=Article.objects.get())
    assert client.post(page, {})["Location"] == edit
