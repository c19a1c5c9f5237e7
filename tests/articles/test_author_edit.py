"""The article form: stored values, its buttons, and that typed text is never lost."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles import forms
from articles.models import Article, Tag
from articles.services.revisions import ArticleContent
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


def test_submit_without_title_and_section_saves_draft_and_says_what_is_missing(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(title="", section="", action="submit"))
    assert errors(answer, "title") == "Enter a title."
    assert errors(answer, "section") == "Choose a section."
    assert only_revision().body == factories.BODY
    assert hidden_value(answer, "version") == "1"


@pytest.mark.parametrize("field", ["title", "summary", "body", "tags", "caption", "alternative_text", "credit"])
def test_draft_needs_one_character_of_any_field(client: Client, user: User, field: str) -> None:
    data = filled(**dict.fromkeys(("title", "summary", "body", "tags", "section"), ""))
    assert "The form is empty. Write something first." in client.post(NEW, data).text
    assert not Article.objects.exists()
    client.post(NEW, {**data, field: "x"})
    assert str(Article.objects.select_related("latest").get()) == ("x" if field == "title" else "Untitled")
    page = client.get(reverse("my_articles")).text
    assert ("Untitled" in page) == (field != "title")
    assert client.get(reverse("my_article_preview", args=[Article.objects.get().pk])).status_code == 200


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
