"""The server sends no request to an address that a user typed."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.urls import reverse

from articles.models import Article, Revision
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from articles.services import publishing
from tests import factories
from tests.articles.test_images import upload
from tests.docx import docx, paragraph
from tests.docx import image as docx_image
from tests.moderation.users import administrator
from tests.test_permissions import filled_in

pytestmark = pytest.mark.django_db
HOST = "typed-by-a-user.example"
TYPED = f"http://{HOST}/x.png"
HTML = f'<p><a href="{TYPED}">link</a> {TYPED} <img src="{TYPED}"></p><iframe src="{TYPED}"></iframe><p>//{HOST}/ x</p>'


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Refuse and collect every look-up of a name and every connection, but those of the open database."""
    found: list[object] = []

    def refuse(*arguments: Any, **options: Any) -> Any:
        found.append(arguments)
        raise OSError("No connection is allowed")

    connections["default"].ensure_connection()
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return found


def test_guard_of_connections_works(attempts: list[object]) -> None:
    with pytest.raises(OSError, match="No connection"):
        socket.create_connection((HOST, 80))
    with socket.socket() as one, pytest.raises(OSError, match="No connection"):
        one.connect(("127.0.0.1", 80))
    assert len(attempts) == 2


def test_forms_with_addresses_cause_no_request(client: Client, attempts: list[object], settings: LazySettings) -> None:
    author = factories.UserFactory.create(username="ani")
    client.force_login(author)
    section = factories.SectionFactory.create()
    text = {
        **dict.fromkeys(("title", "summary", "alternative_text", "caption", "credit"), TYPED),
        "tags": HOST,
        "body": HTML + factories.BODY,
        "section": section.pk,
        "language": "en",
        "action": "submit",
        **NOTHING_TO_DISCLOSE,
        "translation": "translation",
        "translation_of": f"http://{HOST}/",
        "canonical_url": f"https://{HOST}/",
    }
    image = upload(400, 300)
    image.name = TYPED
    assert client.post("/my/articles/new/", {**text, "image": image}).status_code == 302
    profile = {"display_name": HOST, "biography": TYPED, "links": TYPED, "preferred_language": "en"}
    assert client.post("/accounts/profile/", profile).status_code == 302
    client.get("/accounts/login/", {"next": TYPED}, headers={"referer": TYPED, "x-forwarded-host": HOST})
    client.post("/accounts/email/", {"email": f"ani@{HOST}", "action_add": ""})
    Client().post("/accounts/password/reset/", {"email": f"ani@{HOST}"})
    signup = {"username": "eve", "email": f"eve@{HOST}", "password1": "correct horse battery", "rules": "on"}
    assert Client().post("/accounts/signup/", signup).status_code == 302
    article = Article.objects.get()
    assert article.latest is not None
    anyway = {"checked": str(article.latest.version)}  # The image has no credit.
    assert client.post(f"/my/articles/{article.pk}/submit/", anyway).status_code == 302
    article.refresh_from_db()
    assert article.latest.state == Revision.State.IN_REVIEW
    publishing.publish(article=article, revision_number=1)
    for path in ("/", article.get_absolute_url(), "/feeds/atom.xml", "/authors/ani/", f"/search/?q={TYPED}"):
        assert Client().get(path, headers={"referer": TYPED}).status_code == 200
    client.post(f"/articles/{article.pk}/promote/", {"message": TYPED})
    files = {"page.html": HTML.encode(), "text.md": f"![x]({TYPED}) {HTML}".encode()}
    files["text.docx"] = docx(paragraph("x", docx_image("a", by="link")), links={"a": TYPED})
    for name, content in files.items():
        assert client.post("/my/articles/import/", {"file": SimpleUploadedFile(name, content)}).status_code == 302
    assert HOST in mail.outbox[-1].to[0]
    assert attempts == []


def test_forms_of_the_admin_with_addresses_cause_no_request(client: Client, attempts: list[object]) -> None:
    client.force_login(administrator())
    for name, arguments in (
        ("core_sitesettings_change", [1]),
        ("articles_section_add", []),
        ("promotion_plan_add", []),
    ):
        url = reverse(f"admin:{name}", args=arguments)
        typed = {
            field: f"{HTML}" if field in {"about", "rules", "terms"} else value if "slug" in field else f"{TYPED}"[:40]
            for field, value in filled_in(client, url).items()
            if isinstance(value, str)
        }
        client.post(url, {**filled_in(client, url), **typed})
    assert attempts == []
