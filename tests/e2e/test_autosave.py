"""Nothing typed is lost: the tab, the server, the session or the network ends in the middle; two windows; history."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from articles.models import Article, Revision
from articles.services import checkpoints, publishing
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import PHONE, Problems
from tests.e2e.inspector import Inspector
from tests.e2e.steps import editor, fill_in, log_in_with_form

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
AUTOSAVE = "**/autosave/"
TEXT = "Nobody had asked for the map."


@pytest.fixture
def writer(page: Page, log_in: LogIn) -> User:
    factories.SectionFactory.create()
    user: User = factories.UserFactory.create(username="ani")
    log_in(page, user)
    return user


def expect_saved(page: Page) -> None:
    expect(page.locator("#save-status")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))


def expect_not_saved(page: Page, why: str = "no connection") -> None:
    expect(page.locator("#save-status")).to_contain_text(f"Not saved: {why}")


def type_text(page: Page, title: str = "The lamp") -> None:
    fill_in(page, Title=title)
    editor(page).click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type(TEXT)


def expect_text(page: Page, title: str = "The lamp") -> None:
    expect(page.locator("#id_title")).to_have_value(title)
    expect(editor(page)).to_contain_text(TEXT)


def offer(page: Page) -> None:
    """Check that the text of this browser is offered, and take it."""
    expect(page.get_by_text(re.compile(r"This browser stores text from .* that was not saved\."))).to_be_visible()
    page.get_by_role("button", name="Restore").click()


def crash(page: Page) -> Page:
    """Kill the processes of all tabs, and return a new tab of the same browser."""
    browser = page.context.browser
    assert browser
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    with page.expect_event("crash"):
        for process in processes:
            if process["type"] == "renderer":
                os.kill(process["id"], signal.SIGKILL)
    return page.context.new_page()


def latest() -> Revision:
    return Revision.objects.get(latest_for__isnull=False)


def wait_for_server(page: Page) -> None:
    """Wait until the server has what `type_text` typed."""
    for _ in range(150):
        if latest().title == "The lamp" and TEXT in latest().body:
            return
        page.wait_for_timeout(100)
    pytest.fail("The text was not saved.")


# --- Saved while writing


def test_new_article_is_saved_while_it_is_written(page: Page, writer: User) -> None:
    page.goto("/my/articles/new/")
    fill_in(page, Title="T")
    expect_saved(page)
    article = Article.objects.get()
    expect(page).to_have_url(f"/my/articles/{article.pk}/")
    type_text(page)
    wait_for_server(page)
    expect_saved(page)
    page.reload()
    expect_text(page)
    expect(page.locator("#local-copy")).to_be_hidden()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert (Article.objects.count(), Revision.objects.count()) == (1, 1)


def test_text_is_saved_when_the_page_is_left(page: Page, writer: User) -> None:
    article = factories.draft(writer)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/my/articles/{article.pk}/")
    type_text(page)
    page.goto("/my/articles/")
    wait_for_server(page)
    page.goto(f"/my/articles/{article.pk}/")
    expect_text(page)
    expect(page.locator("#local-copy")).to_be_hidden()


def test_invalid_field_is_named_and_stays_in_the_browser(page: Page, writer: User) -> None:
    article = factories.draft(writer)
    page.goto(f"/my/articles/{article.pk}/")
    fill_in(page, Tags="a, b, c, d, e, f", Caption="A caption")
    expect(page.locator("#save-status")).to_contain_text("except for: Tags: Use no more than 5 tags.")
    assert (latest().caption, latest().tag_names) == ("A caption", ["street lamps"])
    page = crash(page)
    page.goto(f"/my/articles/{article.pk}/")
    offer(page)
    expect(page.locator("#id_tags")).to_have_value("a, b, c, d, e, f")


# --- What ends in the middle


@pytest.mark.parametrize("new", [True, False], ids=["new article", "draft"])
def test_killed_tab(page: Page, writer: User, new: bool) -> None:
    address = "/my/articles/new/" if new else f"/my/articles/{factories.draft(writer, title='Old').pk}/"
    page.goto(address)
    page.route(AUTOSAVE, lambda route: route.abort())
    type_text(page)
    page.wait_for_timeout(300)  # For the browser's database.
    page = crash(page)
    page.goto(address)
    offer(page)
    expect_text(page)
    expect_saved(page)
    assert latest().title == "The lamp"
    page.reload()
    expect_text(page)
    expect(page.locator("#local-copy")).to_be_hidden()


@pytest.mark.parametrize("answer", [502, None], ids=["bad gateway", "killed"])
def test_killed_server(page: Page, writer: User, problems: Problems, answer: int | None) -> None:
    problems.expect(502)
    article = factories.draft(writer)
    page.goto(f"/my/articles/{article.pk}/")
    page.route(AUTOSAVE, lambda route: route.fulfill(status=answer) if answer else route.abort("connectionreset"))
    type_text(page)
    expect_not_saved(page, "the site" if answer else "no connection")
    page.unroute(AUTOSAVE)
    expect_saved(page)  # It tries again by itself.
    assert latest().title == "The lamp"


def test_network_is_away_and_comes_back(page: Page, writer: User) -> None:
    article = factories.draft(writer)
    page.goto(f"/my/articles/{article.pk}/")
    page.context.set_offline(True)
    type_text(page)
    expect_not_saved(page)
    page.context.set_offline(False)
    expect_saved(page)
    assert latest().title == "The lamp"


def test_answer_is_lost(page: Page, writer: User) -> None:
    """The server has stored the text, and the page does not know."""
    page.goto("/my/articles/new/")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(AUTOSAVE, lose)
    fill_in(page, Title="The")
    expect_not_saved(page)
    page.unroute(AUTOSAVE)
    type_text(page)
    expect_saved(page)
    assert (Article.objects.count(), latest().title) == (1, "The lamp")


def test_ended_session(page: Page, writer: User, settings: LazySettings, problems: Problems) -> None:
    problems.expect(403)
    article = factories.draft(writer)
    page.goto(f"/my/articles/{article.pk}/")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    type_text(page)
    expect_not_saved(page, "your session ended or changed")
    page.get_by_role("button", name="Save draft").click()
    log_in_with_form(page, "ani")
    expect(page.get_by_text("We have restored what you typed")).to_be_visible()
    expect_text(page)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#local-copy")).to_be_hidden()
    assert latest().title == "The lamp"


def test_copy_is_not_shown_to_another_account(page: Page, writer: User, log_in: LogIn) -> None:
    page.goto("/my/articles/new/")
    page.route(AUTOSAVE, lambda route: route.abort())
    type_text(page)
    expect_not_saved(page)
    page = crash(page)
    log_in(page, factories.UserFactory.create())
    page.goto("/my/articles/new/")
    page.wait_for_timeout(500)
    expect(page.locator("#local-copy")).to_be_hidden()
    expect(page.locator("#id_title")).to_have_value("")
    log_in(page, writer)
    page.goto("/my/articles/new/")
    offer(page)
    expect_text(page)


def test_copy_is_deleted_by_its_button(page: Page, writer: User) -> None:
    page.goto("/my/articles/new/")
    page.route(AUTOSAVE, lambda route: route.abort())
    type_text(page)
    expect_not_saved(page)
    page = crash(page)
    page.goto("/my/articles/new/")
    page.locator("#local-copy").get_by_role("button", name="Delete").click()
    page.reload()
    page.wait_for_timeout(500)
    expect(page.locator("#local-copy")).to_be_hidden()


# --- Two windows


def test_two_windows(page: Page, writer: User, problems: Problems) -> None:
    problems.expect(409)
    article = factories.draft(writer, title="Old", body="<p>First words.</p>")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"/my/articles/{article.pk}/")
    fill_in(other, Title="From the other window", Caption="Their caption")
    expect_saved(other)
    type_text(page, "From this window")
    expect(page.locator("#save-status")).to_contain_text("Nothing was replaced.")
    assert latest().title == "From the other window"
    page.get_by_role("button", name="Compare both versions").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two versions of one article")
    inspector = Inspector(page, problems)
    inspector.check(dark=True)
    assert not inspector.faults
    row = page.get_by_role("group", name="Caption")
    row.get_by_label("The other text").check()
    page.get_by_role("button", name="Save what I chose").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect_text(page, "From this window")
    expect(page.locator("#id_caption")).to_have_value("Their caption")
    expect(page.locator("#local-copy")).to_be_hidden()


def test_two_windows_without_javascript(page_without_javascript: Page, log_in: LogIn, problems: Problems) -> None:
    problems.expect(409)
    page = page_without_javascript
    article = factories.draft(title="Old")
    log_in(page, article.author)
    page.goto(f"/my/articles/{article.pk}/")
    publishing.save_draft(article=article, text=factories.text(title="From the other window"))
    fill_in(page, Title="From this window")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("group", name="Title").get_by_label("The other text").check()
    page.get_by_role("button", name="Save what I chose").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#id_title")).to_have_value("From the other window")


# --- History and trash


def test_compare_and_restore(page: Page, writer: User, problems: Problems) -> None:
    article = factories.draft(writer, title="Nine lamps")
    checkpoints.create(latest())
    publishing.save_draft(article=article, text=factories.text(title="Ten lamps"))
    page.goto(f"/my/articles/{article.pk}/")
    page.get_by_role("link", name="Versions").click()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".difference ins")).to_have_text("Ten")
    inspector = Inspector(page, problems)
    inspector.check(dark=True)
    assert not inspector.faults
    page.get_by_role("button", name="Restore 1").click()
    expect(page.locator("#id_title")).to_have_value("Nine lamps")
    assert latest().title == "Nine lamps"


def test_delete_and_undo(page: Page, writer: User, problems: Problems) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    factories.draft(writer, title="A bad idea")
    page.goto("/my/articles/")
    page.locator("summary").filter(has_text="Delete").click()
    page.get_by_role("button", name="Yes, delete this draft").click()
    expect(page.get_by_text("“A bad idea” is in the trash.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("“A bad idea” is a draft again.")).to_be_visible()
    publishing.discard(article=Article.objects.get())
    page.goto("/my/articles/")
    page.get_by_role("link", name="Trash").click()
    inspector = Inspector(page, problems)
    inspector.check(dark=True)
    assert not inspector.faults
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("link", name="A bad idea", exact=True)).to_be_visible()
