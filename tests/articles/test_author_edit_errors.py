"""Errors of the article form: next to their field, and what was typed stays."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article
from tests import factories
from tests.articles.author_form import errors, filled

pytestmark = pytest.mark.django_db
NEW = reverse("my_article_new")


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "x" * 141, "at most 140 characters"),
        ("title", f"{'x' * 139}👨‍👩‍👧‍👦👩🏽‍🚀", "at most 140 characters (it has 141)"),
        ("title", "q\u0323" * 300, "at most 140 characters (it has 600)"),
        ("title", "a\x00b", "Null characters are not allowed."),
        ("section", "999999", "Select a valid choice"),
        ("section", "9" * 40, "Select a valid choice"),
        ("section", "a\x00", "Null characters are not allowed."),
        ("language", "xx", "Select a valid choice"),
        ("summary", "x" * 301, "at most 300 characters"),
        ("tags", "a,b,c,d,e,f", "Use no more than 5 tags. You entered 6."),
        ("tags", "x" * 41, "longer than 40 characters"),
        ("tags", "fine, 🙂", "contains only symbols"),
        ("tags", "x" * 40 + "👨‍👩‍👧‍👦", "longer than 40 characters"),
        ("tags", "q\u0323" * 81, "longer than 40 characters"),
        ("tags", "street lamps, street-lamps", "are the same tag"),
        ("tags", "ёлка, елка", "are the same tag"),
        *((name, "\u3164\u200d", "that readers can see") for name in ("title", "summary", "caption", "credit", "tags")),
        ("tags", "\x00", "Null characters are not allowed."),
        ("caption", "x" * 301, "at most 300 characters"),
        ("alternative_text", "x" * 201, "at most 200 characters"),
        ("credit", "x" * 121, "at most 120 characters"),
        ("body", "x" * 100_001, "Split it into two articles."),
        ("body", "<p>\x00</p>", "Null characters are not allowed."),
    ],
)
def test_invalid_value_gives_an_error_next_to_its_field(
    client: Client, user: User, field: str, value: str, sentence: str
) -> None:
    answer = client.post(NEW, filled(**{"credit": "Kept credit", field: value}))
    assert sentence in errors(answer, field).replace("&quot;", '"')
    assert ('value="Kept credit"' in answer.text) == (field != "credit")
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    "field",
    [
        "title",
        "body",
        "tags",
        "caption",
        "image_token",
        "form_key",
        "author_token",
        "action",
        "section",
        "language",
        "remove_image",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "\ud800".encode("utf-8", "replace").decode(),
        "x" * 20_000,
        "<script>alert(1)</script>",
        "\u202e\u0000\uffff",
        "-1",
    ],
)
def test_hostile_values_are_no_server_error(client: Client, user: User, field: str, value: str) -> None:
    answer = client.post(NEW, filled(**{field: value}))
    assert answer.status_code in {200, 302}
    assert "<script>alert(1)" not in answer.text


def test_body_of_ten_megabytes_is_refused(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(body="x" * 10_000_000))
    assert answer.status_code == 413
    assert "request is too large" in answer.text
