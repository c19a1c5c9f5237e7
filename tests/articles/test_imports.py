"""Import of a draft from a file: the page, the draft, its images, and refusals."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.import_form import lost_sentences, valid_tags
from articles.models import Article, Image
from articles.services import imports, publishing
from core.documents import Document
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.articles.author_form import errors, hidden_value, only_revision
from tests.articles.test_body_images import image as stored_image
from tests.articles.test_images import files, upload
from tests.docx import docx, image, link, paragraph

pytestmark = pytest.mark.django_db
PAGE = reverse("my_article_import")


@pytest.fixture
def author(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def send(client: Client, content: bytes | str, name: str = "text.docx", key: str = "") -> Any:
    data = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, data, "application/x-anything")
    return client.post(PAGE, {"file": file, "form_key": key})


def messages_of(client: Client, answer: Any) -> list[str]:
    """Return the messages that the next page shows."""
    page = client.get(answer["Location"])
    return [str(message) for message in page.context["messages"]]


def photo() -> bytes:
    return bytes(upload(600, 400, "PNG").read())


def test_pages_of_authors_link_to_the_import(client: Client, author: User) -> None:
    for address in (reverse("my_articles"), reverse("my_article_new")):
        assert f'href="{PAGE}"' in client.get(address).text
    page = client.get(PAGE)
    assert 'accept=".md,.markdown,.txt,.html,.htm,.docx"' in page.text
    assert hidden_value(page, "form_key")


def test_docx_becomes_a_draft_with_images_in_the_library(
    client: Client, author: User, settings: LazySettings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    content = docx(
        paragraph("We counted", style="Title"),
        paragraph(factories.WORDS, image("a", "A lamp"), "Later."),
        paragraph("By night", style="Caption"),
        paragraph(image("b", "Not an image"), image("web", by="link"), link("web", "there")),
        images={"a": photo(), "b": b"\x01\x00\x00\x00 EMF"},
        links={"web": "https://example.org/x.png"},
    )
    with django_assert_max_num_queries(40):
        answer = send(client, content)
    revision, stored = only_revision(), Image.objects.get()
    assert answer["Location"] == reverse("my_article_edit", args=[revision.article_id])
    assert (revision.article.author, revision.article.state, revision.title) == (author, "draft", "We counted")
    assert revision.body.startswith(f"<p>{factories.WORDS}</p>")
    assert f'<figure><img data-image="{stored.pk}" alt="A lamp"></figure>' in revision.body
    assert '<a href="https://example.org/x.png" rel="nofollow ugc noopener">there</a>' in revision.body
    assert (stored.owner, stored.alternative_text, stored.width) == (author, "A lamp", 600)
    assert list(stored.used_in.all()) == [revision]
    assert len(files(Path(settings.MEDIA_ROOT))) == len(stored.paths)
    assert messages_of(client, answer) == [
        "The file is a draft now. Check it before you submit it.",
        "1 image could not be read.",
        "1 image was left out because it is not in the file.",
    ]


def test_markdown_becomes_a_draft_with_title_summary_and_tags(client: Client, author: User) -> None:
    own, foreign = stored_image(author), stored_image(factories.UserFactory.create(), "b")
    send(
        client,
        f"---\nsummary: {'s ' * 200}\ntags: [maps, '!!!', lamps]\nlanguage: hy\n---\n# {'Long title ' * 20}\n"
        f"Text\u202e.\n\n![a](image:{own.pk})\n\n![b](image:{foreign.pk})\n",
        "text.md",
    )
    revision = only_revision()
    assert revision.tag_names == ["maps", "lamps"]
    assert revision.language == "hy"
    assert (len(revision.title) <= 140, len(revision.summary) <= 300) == (True, True)
    assert revision.body == f'<p>Text.</p><figure><img data-image="{own.pk}" alt="a"></figure>'
    assert client.get(reverse("my_article_edit", args=[revision.article_id])).context["form"].initial["title"]
    sentences = lost_sentences(Counter(tags=1, title=1, summary=1, links=2))
    assert sentences == [
        "2 links to other files were removed; their texts are there.",
        "1 tag was left out.",
        "The title was too long and was shortened.",
        "The summary was too long and was shortened.",
    ]


def test_html_is_sanitised(client: Client, author: User) -> None:
    page = (
        "<title>T</title><p onclick=x style=color:red>One <svg><script>alert(1)</script></svg>"
        '<a href="javascript:alert(1)">x</a><img src=x onerror=alert(1)></p><template><p>hidden</p></template>'
        f'<img data-image="{stored_image(factories.UserFactory.create()).pk}">'
        f'<p><img alt="&quot;><script>" src="data:image/png;base64,{b64encode(photo()).decode()}"></p>'
    )
    send(client, page, "page.html")
    revision = only_revision()
    stored = Image.objects.get(owner=author)
    alt = "&quot;&gt;&lt;script&gt;"
    assert revision.body == f'<p>One x</p><figure><img data-image="{stored.pk}" alt="{alt}"></figure>'
    assert revision.title == "T"


def test_import_twice_creates_one_draft(client: Client, author: User) -> None:
    content = docx(paragraph("Words"), paragraph(image("a")), images={"a": photo()})
    first = send(client, content, key="one")
    article = Article.objects.get()
    publishing.save_draft(article=article, text=factories.text())
    again = send(client, content, key="one")
    assert again["Location"] == first["Location"]
    assert "imported this file already" in messages_of(client, again)[-1]
    assert (only_revision().body, Image.objects.count()) == (factories.BODY, 1)
    # Another file after "Back", and the same file in a new form.
    send(client, "Other words", "x.md", key="one")
    send(client, content, key="two")
    assert Article.objects.count() == 3


def test_refused_file_says_why_next_to_the_field(client: Client, author: User) -> None:
    assert errors(client.post(PAGE), "file") == "This field is required."
    assert errors(send(client, b""), "file") == "The file is empty."
    assert "cannot read PDF files" in errors(send(client, b"%PDF-1.7 x"), "file")
    assert "There is no text in this file." in errors(send(client, "<!-- -->", "x.md"), "file")
    assert "too long for one article" in errors(send(client, "<b>x</b> " * 11_000, "x.md"), "file")
    assert not Article.objects.exists()


def test_full_quota_imports_the_text_without_images(client: Client, author: User, settings: LazySettings) -> None:
    settings.IMAGE_QUOTA_BYTES = 10
    pictures = {"a": photo(), "b": photo()}
    answer = send(client, docx(paragraph("Words"), paragraph(image("a"), image("b")), images=pictures))
    assert only_revision().body == "<p>Words</p>"
    assert messages_of(client, answer)[1:] == [
        "2 images were left out because your image storage is full or not available."
    ]
    assert not Image.objects.exists()


def test_images_that_take_long_are_left_out(client: Client, author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_IMAGE_SECONDS", -1)
    answer = send(client, docx(paragraph("Words"), paragraph(image("a")), images={"a": photo()}))
    assert only_revision().body == "<p>Words</p>"
    assert "1 image was left out because the file has too many." in messages_of(client, answer)


def test_import_by_a_suspended_user_stores_nothing(client: Client, author: User) -> None:
    User.objects.filter(pk=author.pk).update(suspended_until=timezone.now() + timedelta(days=1))
    page = send(client, docx(paragraph("Words"), paragraph(image("a")), images={"a": photo()}))
    assert "Your account is suspended" in page.content.decode()
    assert not Article.objects.exists()
    assert not Image.objects.exists()


def test_suspension_during_the_import_deletes_its_images(author: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def suspend(**arguments: object) -> None:
        raise ActionNotAllowed("Suspended")

    monkeypatch.setattr(imports, "start_draft", suspend)
    document = Document('<p>x</p><figure><img src="image:0" alt=""></figure>', images=[photo()])
    with pytest.raises(ActionNotAllowed):
        imports.import_draft(author=author, document=document, form_key=uuid.uuid4(), language="en")
    assert not Image.objects.exists()


def test_import_needs_a_login_and_a_csrf_token(author: User) -> None:
    assert Client().post(PAGE)["Location"].startswith("/accounts/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(author)
    assert send(strict, "x", "x.md").status_code == 403
    assert not Article.objects.exists()


@pytest.mark.parametrize(
    ("names", "valid", "others"),
    [(["a", "#A", "b"], ["a", "b"], 0), (["a", "!", "x" * 41], ["a"], 2), (list("abcdefg"), list("abcde"), 2)],
)
def test_valid_tags(names: list[str], valid: list[str], others: int) -> None:
    assert valid_tags(names) == (valid, others)
