"""Error recovery in forms: double clicks, second tabs, expired sessions, invalid images, unsaved changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from playwright.sync_api import Dialog, FilePayload, Page, Request, expect

from accounts.models import User
from articles.models import Article
from articles.services import publishing
from articles.voting.models import Vote
from core.text import clean_text, text_length
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.e2e.steps import answer_questions, editor, fill_in, log_in_with_form, photograph, write_text

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
TITLE = "The lamp at number nine"


@pytest.fixture
def writer(page: Page, log_in: LogIn) -> User:
    """The user of the page, with the form for a new article open."""
    factories.SectionFactory.create()
    user: User = factories.UserFactory.create(username="ani")
    log_in(page, user)
    page.goto("/my/articles/new/")
    return user


def write(page: Page) -> None:
    """Fill in the form without saving it."""
    fill_in(page, Title=TITLE, Section="Technology", Summary="Dark since May.", Tags="light")
    write_text(page)
    answer_questions(page)


def expect_typed_text(page: Page) -> None:
    """Check that the form has the text that `write` typed."""
    expect(page.locator("#id_title")).to_have_value(TITLE)
    expect(page.locator("#id_summary")).to_have_value("Dark since May.")
    expect(page.locator("#id_tags")).to_have_value("light")
    expect(page.locator("#id_section option:checked")).to_have_text("Technology")
    expect(editor(page).locator("strong")).to_have_text("every ninth")
    expect(editor(page).get_by_role("listitem")).to_have_count(2)


def sent(page: Page, path: str) -> list[Request]:
    """Return a list that collects the POST requests to URLs that end with `path`."""
    found: list[Request] = []
    page.on("request", lambda one: found.append(one) if one.method == "POST" and one.url.endswith(path) else None)
    return found


def test_counter_agrees_with_the_form(page: Page, writer: User) -> None:
    title, counter = page.locator("#id_title"), page.locator("#id_title + output")
    expect(counter).to_be_hidden()
    for text in ("👨‍👩‍👧‍👦", "👍🏽", "🇦🇲", "q\u0323\u0308", "e\u0301", "शब्द", "हिन्दी", "Գյումրի", "क्\u200dष"):
        typed = "x" * 130 + text
        title.fill(f"  {typed} ")
        expect(counter).to_have_text(f"{text_length(clean_text(typed, one_line=True), 140)} / 140")
    title.fill("x" * 140 + "👨‍👩‍👧‍👦")
    expect(counter).to_have_text("141 / 140")


# --- Repeated submission ---------------------------------------------------------------------


def test_submit_double_click_creates_one_article(page: Page, writer: User) -> None:
    posts = sent(page, "/my/articles/new/")
    write(page)
    page.get_by_role("button", name="Submit for review").dblclick()
    expect(page.get_by_text("Submitted for review. We will email you")).to_be_visible()
    assert len(posts) == 1
    assert Article.objects.by(writer).count() == 1


def test_like_double_click_is_one_vote(page: Page, log_in: LogIn) -> None:
    article = factories.published()
    log_in(page, factories.UserFactory.create())
    page.goto(article.get_absolute_url())
    posts = sent(page, "/vote/")
    page.locator("#vote-like").dblclick()
    expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#vote-like b")).to_have_text("1")
    assert len(posts) == 1
    assert [vote.value for vote in Vote.objects.all()] == [1]


def test_form_sent_again_after_going_back_creates_one_article(page: Page, writer: User) -> None:
    write(page)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("This is a preview")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Write an article")
    expect_typed_text(page)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("This is a preview")).to_be_visible()
    assert Article.objects.by(writer).count() == 1


def test_editor_restores_unsaved_text_after_going_back(page: Page, writer: User) -> None:
    """The browser restores the field, and the editor shows the content of the field."""
    article = factories.draft(writer, title=TITLE)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/my/articles/{article.pk}/")
    editor(page).click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type(" Typed in a hurry.")
    page.get_by_role("link", name="Rules").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rules")
    page.go_back()
    expect(editor(page)).to_contain_text("Typed in a hurry.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(editor(page)).to_contain_text("Typed in a hurry.")


# --- Concurrent changes ----------------------------------------------------------------------


def test_vote_on_article_hidden_meanwhile_is_404(page: Page, log_in: LogIn, problems: Problems) -> None:
    problems.expect(404)
    article = factories.published()
    log_in(page, factories.UserFactory.create())
    page.goto(article.get_absolute_url())
    publishing.hide(article=article)
    page.locator("#vote-like").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert not Vote.objects.exists()
    problems[:] = [one for one in problems if "htmx:" not in one]  # htmx logs each 4xx response.


def test_vote_buttons_are_disabled_for_author(page: Page, log_in: LogIn) -> None:
    article = factories.published()
    log_in(page, article.author)
    page.goto(article.get_absolute_url())
    expect(page.get_by_text("This is your own article, so you cannot vote on it.")).to_be_visible()
    for name in ("Like 0", "Dislike 0"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()


def test_save_in_second_tab_after_submit_is_refused(page: Page, writer: User) -> None:
    """The second tab does not change the submitted text, and what is typed there is not lost."""
    article = factories.draft(writer, title=TITLE)
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"/my/articles/{article.pk}/")
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Submitted for review. We will email you")).to_be_visible()
    fill_in(other, Title="A better title, too late")
    other.get_by_role("button", name="Save draft").click()
    expect(other.get_by_text("This version is in review. Withdraw it before you edit it.")).to_be_visible()
    expect(other.locator("#id_title")).to_have_value("A better title, too late")
    article.refresh_from_db()
    assert article.latest
    assert (article.latest.title, article.state) == (TITLE, "in_review")


def test_form_with_expired_session_restores_text_after_login(
    page: Page, writer: User, settings: LazySettings, problems: Problems
) -> None:
    problems.expect(403)  # On a slow machine the form is also saved by itself.
    write(page)
    page.get_by_label("Lead image").set_input_files(photograph())
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Submit for review").click()
    log_in_with_form(page, "ani")
    expect(page.get_by_text("We have restored what you typed")).to_be_visible()
    expect(page.get_by_text("Choose the image again.")).to_be_visible()
    expect_typed_text(page)
    assert not Article.objects.exists()  # Restored text is not saved without the user.
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Article.objects.by(writer).count() == 1


def test_form_with_stale_csrf_token_restores_text(page: Page, writer: User, problems: Problems) -> None:
    """Logging out and in again in another tab changes the token."""
    problems.expect(403)  # On a slow machine the form is also saved by itself.
    write(page)
    other = page.context.new_page()
    other.goto("/")
    other.locator(".menu summary").click()
    other.get_by_role("button", name="Log out").click()
    other.get_by_role("link", name="Log in").click()
    log_in_with_form(other, "ani")
    expect(other.get_by_role("heading", level=1)).to_have_text("My articles")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("We have restored what you typed")).to_be_visible()
    expect_typed_text(page)


def test_form_text_is_not_restored_for_another_user(
    page: Page, writer: User, settings: LazySettings, problems: Problems
) -> None:
    problems.expect(403)
    factories.UserFactory.create(username="stranger")
    write(page)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Save draft").click()
    log_in_with_form(page, "stranger")
    expect(page.get_by_role("heading", level=1)).to_have_text("Write an article")
    expect(page.locator("#id_title")).to_have_value("")
    expect(editor(page)).to_have_text("")


# --- Invalid images --------------------------------------------------------------------------

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="600"><rect width="900" height="600"/></svg>'


def named_jpeg(content: bytes) -> FilePayload:
    """Return a file with the name and type of a JPEG."""
    return {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": content}


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        pytest.param(named_jpeg(SVG), "JPEG, PNG, WebP", id="svg"),
        pytest.param(named_jpeg(b""), "empty", id="nothing"),
        pytest.param(named_jpeg(photograph()["buffer"][:2000]), "damaged", id="damaged"),
    ],
)
def test_invalid_image_keeps_other_fields(page: Page, writer: User, file: FilePayload, sentence: str) -> None:
    write(page)
    fill_in(page, Caption="At dusk")
    page.get_by_label("Lead image").set_input_files(file)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Not saved.")).to_be_visible()
    field = page.get_by_label("Lead image")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#div_id_image .invalid-feedback")).to_contain_text(sentence)
    expect_typed_text(page)
    expect(page.locator("#id_caption")).to_have_value("At dusk")
    field.set_input_files(photograph())
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_image_over_size_limit_is_refused(
    new_page: Callable[..., Page], log_in: LogIn, tmp_path: Path, scripts: bool
) -> None:
    """The browser refuses it before anything is sent; without JavaScript, the server does."""
    factories.SectionFactory.create()
    page = new_page(java_script_enabled=scripts)
    log_in(page, factories.UserFactory.create())
    page.goto("/my/articles/new/")
    posts = sent(page, "/my/articles/new/")
    fill_in(page, Title=TITLE, Section="Technology")
    big = tmp_path / "big.jpg"
    big.write_bytes(photograph()["buffer"].ljust(11 * 1024 * 1024, b"\0"))
    page.get_by_label("Lead image").set_input_files(big)
    page.get_by_role("button", name="Save draft").click()
    if scripts:
        message = page.get_by_label("Lead image").evaluate("field => field.validationMessage")
        assert message == "This file is larger than 10 MB. Choose a smaller one."
        assert not posts
    else:
        expect(page.locator("#div_id_image .invalid-feedback")).to_contain_text("10 MB")
        assert len(posts) == 1
    expect(page.locator("#id_title")).to_have_value(TITLE)
    assert not Article.objects.exists()


# --- Unsaved changes -------------------------------------------------------------------------


def test_leaving_unsaved_form_asks_for_confirmation(page: Page, writer: User) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    write(page)
    page.get_by_role("link", name="Rules").click()
    assert asked == ["beforeunload"]
    expect_typed_text(page)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="Rules").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rules")
    assert asked == ["beforeunload"]  # No confirmation after saving.
