"""The author's library of images: list, search, upload from the page and from the editor, deletion."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Image
from articles.views import images as views
from tests import factories
from tests.articles.test_body_images import figure, image
from tests.articles.test_images import upload
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture
def author(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def test_library_lists_own_images_with_their_uses(client: Client, author: User) -> None:
    shown, unused, foreign = image(author), image(author, "b"), image(factories.UserFactory.create(), "c")
    article = factories.draft(author, title="The lamps", body=factories.BODY + figure(shown, "A lamp", "On the corner"))
    page = client.get("/my/images/").text
    assert "Used in 1 article" in page
    assert f'<a href="/my/articles/{article.pk}/" dir="auto">The lamps</a>' in page
    assert f"![A lamp](image:{shown.pk} &quot;On the corner&quot;)" in page
    assert f"/my/images/{unused.pk}/delete/" in page
    assert f"/my/images/{shown.pk}/delete/" not in page
    assert foreign.key not in page
    assert "You have used 0.0 of 500 MB." in page


@pytest.mark.parametrize(("query", "count"), [("LAMP", 1), ("Գյումրի", 1), ("ани", 1), ("nothing", 0), ("", 3)])
def test_library_search(client: Client, author: User, query: str, count: int) -> None:
    for key, texts in {
        "a": {"alternative_text": "A lamp"},
        "b": {"caption": "Գյումրի"},
        "c": {"credit": "Ани"},
    }.items():
        Image.objects.create(owner=author, key=key * 32, width=9, height=9, size=1, **texts)
    assert client.get("/my/images/", {"q": query}).text.count('<li id="image-') == count
    assert len(client.get("/my/images/", {"q": query}, headers=JSON).json()["images"]) == count


def test_library_needs_the_same_queries_for_many_images(
    client: Client, author: User, django_assert_max_num_queries: DjangoAssertNumQueries, settings: LazySettings
) -> None:
    settings.PAGE_SIZE = 5
    for key in "abcdefg":
        factories.draft(author, body=factories.BODY + figure(image(author, key)))
    with django_assert_max_num_queries(9):
        page = client.get("/my/images/").text
    assert page.count('<li id="image-') == 5
    rest = client.get(page.split('href="?after=')[1].split('"')[0].join(["/my/images/?after=", ""])).text
    assert rest.count('<li id="image-') == 2


def test_upload_stores_an_image_with_its_texts(client: Client, author: User) -> None:
    data = {
        "file": upload(600, 400),
        "alternative_text": " A  lamp ",
        "caption": "x",
        "credit": "Ani",
        "licence": "cc0",
    }
    answer = client.post("/my/images/", data)
    stored = Image.objects.get()
    assert answer["Location"] == f"/my/images/#image-{stored.pk}"
    assert stored.owner == author
    assert (stored.alternative_text, stored.caption) == ("A lamp", "x")
    assert (stored.credit, stored.licence) == ("Ani", "cc0")


def test_upload_by_the_editor_answers_with_json(client: Client, author: User) -> None:
    answer = client.post("/my/images/", {"file": upload(600, 400)}, headers=JSON)
    stored = Image.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": stored.pk,
        "src": f"/my/images/{stored.pk}/file/",
        "width": 600,
        "height": 400,
        "alt": "",
        "caption": "",
        "credit": "",
        "licence": "",
    }


def test_refused_upload_says_why(client: Client, author: User, settings: LazySettings) -> None:
    def refusal(name: str, content: bytes) -> str:
        answer = client.post("/my/images/", {"file": SimpleUploadedFile(name, content)}, headers=JSON)
        assert answer.status_code == 400
        return str(answer.json()["error"])

    assert refusal("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>").startswith("We cannot show this file")
    assert refusal("x.png", b"") != ""
    settings.IMAGE_QUOTA_BYTES = 10
    assert refusal("x.jpg", upload(60, 40).read()).startswith("You have used all")
    settings.IMAGE_QUOTA_BYTES = 1024**2
    User.objects.filter(pk=author.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    assert refusal("x.jpg", upload(60, 40).read()).startswith("Your account is suspended")
    assert client.post("/my/images/", headers=JSON).json() == {"error": "This field is required."}
    assert not Image.objects.exists()
    page = client.post("/my/images/", {"caption": "kept"})
    assert 'value="kept"' in page.text


def test_upload_needs_a_login_and_a_csrf_token(author: User) -> None:
    stranger = Client()
    answer = stranger.post("/my/images/", {"file": upload(60, 40)}, headers=JSON)
    assert answer.status_code == 401
    assert "no longer logged in" in answer.json()["error"]
    assert stranger.post("/my/images/", {"file": upload(60, 40)})["Location"].startswith("/accounts/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(author)
    assert strict.post("/my/images/", {"file": upload(60, 40)}, headers=JSON).status_code == 403
    assert not Image.objects.exists()


def test_uploads_of_page_editor_and_form_share_a_limit(
    client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MAX_UPLOADS_PER_HOUR", 2)
    client.post("/my/images/", {"file": upload(60, 40)})
    client.post("/my/articles/new/", {"image": upload(60, 40)})
    answer = client.post("/my/images/", {"file": upload(60, 40)}, headers=JSON)
    assert answer.status_code == 429
    assert answer["Retry-After"]
    assert "too many images" in answer.json()["error"]
    page = client.post("/my/images/", {"file": upload(60, 40), "caption": "kept"})
    assert page.status_code == 429
    assert 'value="kept"' in page.text


def test_file_redirects_for_owner_and_moderators_only(client: Client, author: User) -> None:
    shown = image(author)
    address = f"/my/images/{shown.pk}/file/"
    assert client.get(address)["Location"] == shown.url(960)
    assert "no-store" in client.get(address)["Cache-Control"]
    assert client.get("/my/images/99999999999999999999999/file/").status_code == 404
    client.force_login(moderator())
    assert client.get(address)["Location"] == shown.url(960)
    client.force_login(factories.UserFactory.create())
    assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address)["Location"].startswith("/accounts/login/")


def test_delete_removes_own_unused_images_only(client: Client, author: User) -> None:
    used, unused, foreign = image(author), image(author, "b"), image(factories.UserFactory.create(), "c")
    factories.draft(author, body=factories.BODY + figure(used))
    for one in (used, unused, foreign):
        assert client.post(f"/my/images/{one.pk}/delete/")["Location"] == "/my/images/"
    assert set(Image.objects.all()) == {used, foreign}
    assert client.get(f"/my/images/{used.pk}/delete/").status_code == 405


def test_hidden_images_cannot_be_chosen(client: Client, author: User) -> None:
    shown = image(author)
    factories.hidden(author, body=factories.BODY + figure(shown))
    page = client.get("/my/images/").text
    assert "It belongs to a hidden article" in page
    assert "![" not in page
    assert client.get("/my/images/", headers=JSON).json() == {"images": [], "next": ""}
