"""Other spellings of an address redirect to the canonical one; addresses in use do not go away."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, unquote

import pytest
from django.test import Client
from django.urls import reverse

from articles.models import Tag
from tests import factories
from tests.moderation.users import administrator

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("/tags/Gyumri/", "/tags/gyumri/"),
        ("/ru/tags/GYUMRI/", "/ru/tags/gyumri/"),
        (unicodedata.normalize("NFD", "/tags/чай/"), "/tags/чай/"),
        ("/tags/ёлка/", "/tags/елка/"),
        ("/sections/Technology/", "/sections/technology/"),
        ("/en/hot/?after=x", "/hot/?after=x"),
        ("/en//evil.example/", "/evil.example/"),
        ("/en/", "/"),
    ],
)
def test_other_spelling_redirects_permanently(client: Client, address: str, canonical: str) -> None:
    factories.published(tag_names=["gyumri", "чай", "Ёлка"])
    path, _mark, query = address.partition("?")
    answer = client.get(quote(path) + (f"?{query}" if query else ""))
    assert (answer.status_code, unquote(answer["Location"])) == (301, canonical)


def test_tags_of_programming_languages_are_distinct(client: Client) -> None:
    names = ["C", "C++", "C#", "F#", ".NET"]
    factories.published(tag_names=names, title="Compilers")
    assert len({tag.slug for tag in Tag.objects.named(names)}) == 5
    for tag in Tag.objects.named(names):
        assert "Compilers" in client.get(tag.get_absolute_url()).text


def test_tag_in_use_is_not_deleted_in_the_admin(client: Client) -> None:
    factories.published(tag_names=["maps"])
    client.force_login(administrator())
    tag = Tag.objects.get()
    client.post(reverse("admin:articles_tag_delete", args=[tag.pk]), {"post": "yes"})
    client.post(
        reverse("admin:articles_tag_changelist"),
        {"action": "delete_selected", "_selected_action": tag.pk, "post": "yes"},
    )
    assert Tag.objects.exists()


def test_address_of_a_section_does_not_change(client: Client) -> None:
    section = factories.SectionFactory.create()
    client.force_login(administrator())
    page = reverse("admin:articles_section_change", args=[section.pk])
    assert client.get(page).status_code == 200
    client.post(
        page, {"name": "Science", "slug": "science", "position": 1, "name_ru": "", "name_hy": "", "description": ""}
    )
    section.refresh_from_db()
    assert (section.name, section.slug) == ("Science", "technology")


def test_pages_of_a_renamed_author_redirect(client: Client) -> None:
    author = factories.UserFactory.create(username="lilit")
    factories.published(author)
    staff = administrator()
    client.force_login(staff)
    page = reverse("admin:accounts_user_change", args=[author.pk])
    data = {"preferred_language": "en", "is_active": "on", "display_name": "Lilit", "username": "lilit.new"}
    assert client.post(page, data).status_code == 302
    reader = Client()
    for address in ("/authors/{}/", "/authors/{}/rss.xml", "/authors/{}/atom.xml"):
        answer = reader.get(address.format("Lilit"))
        assert (answer.status_code, answer["Location"]) == (301, address.format("lilit.new"))
    assert reader.get("/authors/nobody/").status_code == 404
    typed = {"username": "LILIT", "email": "new@example.org", "password1": "correct horse battery", "rules": "on"}
    assert "is reserved" in reader.post(reverse("account_signup"), typed).text
