"""The article form: stored values, field errors, images, and that typed text is never lost."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from articles import forms
from articles.models import Article, Image, RecoveredDraft, Revision, Tag
from articles.services.revisions import ArticleContent
from articles.views import author, draft_recovery, images
from core.images import MAX_BYTES
from core.models import SiteSettings
from tests import factories
from tests.articles.test_images import upload

pytestmark = pytest.mark.django_db
NEW = reverse("my_article_new")


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def filled(**changes: Any) -> dict[str, Any]:
    """Return the data of a complete form."""
    return {
        "title": "We counted every street lamp",
        "summary": "A weekend and 2,340 lamps.",
        "body": factories.BODY,
        "section": factories.SectionFactory.create().pk,
        "language": "en",
        "tags": "street lamps, maps",
        "caption": "",
        "alternative_text": "",
        "credit": "",
        "image_token": "",
        "form_key": str(uuid.uuid4()),
        "action": "save",
        **changes,
    }


def errors(answer: Any, field: str) -> str:
    """Return the errors next to a field."""
    assert answer.status_code in {200, 429}
    found = re.search(rf'<div id="id_{field}_error" class="invalid-feedback">(.*?)</div>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip() if found else ""


def hidden_value(answer: Any, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}"(?: value="([^"]*)")?', answer.text)
    assert found
    return found[1] or ""


def only_revision() -> Revision:
    article = Article.objects.select_related("latest").get()
    assert article.latest is not None
    return article.latest


# --- Stored values


def test_form_stores_every_field(client: Client, user: User) -> None:
    data = filled(
        language="hy",
        body="<p>Բարև</p><script>alert(1)</script>",
        tags="Երևան,  #maps , MAPS",
        caption="A caption",
        alternative_text="What it shows",
        credit="The author",
        image=upload(700, 500),
    )
    answer = client.post(NEW, data)
    article = Article.objects.get()
    assert answer.headers["Location"] == reverse("my_article_edit", args=[article.pk])
    text = only_revision()
    assert (article.author, article.state, article.language) == (user, "draft", "hy")
    assert (text.title, text.summary, text.body) == (data["title"], data["summary"], "<p>Բարև</p>")
    assert text.tag_names == ["Երևան", "maps"]
    assert (text.caption, text.alternative_text, text.credit) == ("A caption", "What it shows", "The author")
    assert text.image is not None
    assert (text.image.owner, text.image.width) == (user, 700)


def test_form_shows_stored_values(client: Client, user: User) -> None:
    client.post(NEW, filled(image=upload(700, 500), tags="a, b"))
    article = Article.objects.get()
    answer = client.get(reverse("my_article_edit", args=[article.pk]))
    assert "We counted every street lamp" in answer.text
    assert "&lt;h2&gt;What we found&lt;/h2&gt;" in answer.text
    assert 'value="a, b"' in answer.text
    text = only_revision()
    assert text.image is not None
    assert text.image.url(480) in answer.text
    assert "Remove this image" in answer.text


def test_form_submitted_unchanged_changes_nothing(client: Client, user: User) -> None:
    client.post(NEW, filled(image=upload(700, 500), caption="c", action="save"))
    article, before = Article.objects.get(), only_revision()
    form = forms.ArticleForm(user=user, article=article)
    client.post(
        reverse("my_article_edit", args=[article.pk]),
        {
            name: form.get_initial_for_field(field, name) or ""
            for name, field in form.fields.items()
            if name not in {"image", "remove_image"}
        },
    )
    after = only_revision()
    for name in ArticleContent.__dataclass_fields__:
        assert getattr(after, name) == getattr(before, name) or name == "body"
    assert after.body.replace("\n", "") == before.body


def test_one_line_fields_drop_control_and_direction_characters(client: Client, user: User) -> None:
    client.post(NEW, filled(title="One\r\n  two\u202e\x1b three"))
    assert only_revision().title == "One two three"


def test_lengths_are_counted_in_what_users_see(client: Client, user: User) -> None:
    """Each of these has as many characters as it may have, and three or four times as many code points."""
    lengths = {"title": 140, "summary": 300, "caption": 300, "alternative_text": 200, "credit": 120}
    typed = {name: "q\u0323\u0308\u0304" * (size - 20) + "👩🏽‍🚀" * 20 for name, size in lengths.items()}
    client.post(NEW, filled(**typed, tags="q\u0323\u0308\u0304" * 40))
    revision = only_revision()
    assert {name: getattr(revision, name) for name in lengths} == typed
    assert Tag.objects.named(revision.tag_names)[0].name == "q\u0323\u0308\u0304" * 40


def test_plain_text_body_becomes_paragraphs(client: Client, user: User) -> None:
    client.post(NEW, filled(body="First\r\n\r\nSecond & third"))
    assert only_revision().body == "<p>First</p><p>Second &amp; third</p>"


# --- Field errors


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "", "This field is required."),
        ("title", "x" * 141, "at most 140 characters"),
        ("title", f"{'x' * 139}👨‍👩‍👧‍👦👩🏽‍🚀", "at most 140 characters (it has 141)"),
        ("title", "q\u0323" * 300, "at most 140 characters (it has 600)"),
        ("title", "a\x00b", "Null characters are not allowed."),
        ("section", "", "This field is required."),
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


# --- Images


def test_invalid_image_keeps_typed_text(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(body="<p>An hour's work</p>", image=SimpleUploadedFile("x.svg", b"<svg/>")))
    assert "cannot show this file as an image" in errors(answer, "image")
    assert "An hour&#x27;s work" in answer.text


def test_valid_image_survives_error_of_another_field(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(title="", image=upload(700, 500)))
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
    client.post(address, filled(image_token=token, image=upload(300, 200)))
    second = only_revision().image
    assert second is not None
    assert second != first
    client.post(address, filled(image_token=forms.image_token_for(second, user), remove_image="on"))
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


# --- Submitted twice


def test_form_submitted_twice_creates_one_article(client: Client, user: User) -> None:
    data = filled(action="submit")
    for _ in range(2):
        assert client.post(NEW, data).headers["Location"] == reverse("my_articles")
    assert (Article.objects.count(), Article.objects.get().state) == (1, "in_review")


def test_form_submitted_twice_by_trusted_author_publishes_once(client: Client, user: User) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    data = filled(action="submit")
    for _ in range(2):
        assert "is published." in client.post(NEW, data, follow=True).text
    assert (Article.objects.count(), Revision.objects.count()) == (1, 1)


def test_change_submitted_twice_is_one_revision(client: Client, user: User) -> None:
    article = factories.published(user)
    data = filled(title="Changed", action="submit")
    for _ in range(2):
        answer = client.post(reverse("my_article_edit", args=[article.pk]), data, follow=True)
        assert "readers see the previous version" in answer.text
    assert Revision.objects.filter(article=article).count() == 2


@pytest.mark.parametrize("key", ["", "nonsense", "{}", "0" * 32 + "\n'"])
def test_invalid_form_key_counts_as_new(client: Client, user: User, key: str) -> None:
    assert client.post(NEW, filled(form_key=key)).status_code == 302
    assert Article.objects.count() == 1


def test_each_new_form_has_its_own_form_key(client: Client, user: User) -> None:
    assert hidden_value(client.get(NEW), "form_key") != hidden_value(client.get(NEW), "form_key")


def test_too_many_new_articles_are_429_and_keep_typed_text(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author, "MAX_ARTICLES_PER_HOUR", 1)
    client.post(NEW, filled())
    answer = client.post(NEW, filled(title="One too many"))
    assert answer.status_code == 429
    assert "One too many" in answer.text
    assert Article.objects.count() == 1


# --- The three buttons


def test_preview_button_saves_draft(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(action="preview"))
    assert answer.headers["Location"] == reverse("my_article_preview", args=[Article.objects.get().pk])


def test_submit_incomplete_text_saves_draft_and_shows_field_error(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(body="<p>Short</p>", action="submit"))
    assert errors(answer, "body") == "Write at least 30 words."
    assert "Saved as a draft." in answer.text
    article = Article.objects.get()
    assert article.state == "draft"
    assert f'action="{reverse("my_article_edit", args=[article.pk])}"' in answer.text


def test_submit_button_without_confirmed_email_saves_draft(client: Client) -> None:
    user = factories.UserFactory.create(confirmation=False)
    client.force_login(user)
    page = client.post(NEW, filled(action="submit"), follow=True).text
    assert "Confirm your email address first" in page
    assert "Saved as a draft." in page
    assert Article.objects.get().state == "draft"


def test_suspended_user_cannot_save_and_keeps_typed_text(client: Client, user: User) -> None:
    user.suspended_until = timezone.now() + timezone.timedelta(days=3)  # type: ignore[attr-defined]
    user.save(update_fields=["suspended_until"])
    answer = client.post(NEW, filled(body="<p>Kept body</p>"))
    assert "Your account is suspended, so you cannot do this." in answer.text
    assert "Kept body" in answer.text
    assert not Article.objects.exists()


def test_save_does_not_overwrite_revision_submitted_in_another_tab(client: Client, user: User) -> None:
    article = factories.in_review(user)
    answer = client.post(reverse("my_article_edit", args=[article.pk]), filled(title="From the other tab"))
    assert "Withdraw it before you edit it" in answer.text
    assert "From the other tab" in answer.text
    assert only_revision().title == "We counted every street lamp"


# --- The page


def test_editor_has_no_inline_code(client: Client, user: User) -> None:
    answer = client.get(NEW)
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert nonce
    assert f'<script type="importmap" nonce="{nonce[1]}">' in answer.text or re.search(
        rf'<script nonce="{re.escape(nonce[1])}"[^>]*type="importmap"', answer.text
    )
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", answer.text)


def test_section_names_are_in_interface_language(client: Client, user: User) -> None:
    section = factories.SectionFactory.create(name="Science", slug="science")
    section.name_hy = "Գիտություն"
    section.save()
    assert f'<option value="{section.pk}">Գիտություն</option>' in client.get("/hy" + NEW).text


def test_anonymous_form_redirects_to_login_and_back() -> None:
    answer = Client().get(NEW)
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={NEW}"


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
