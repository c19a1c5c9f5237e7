"""The web server is killed while a text is saved: what was acknowledged is stored, what was not is in the browser."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import Page, Request, expect

from tests.e2e.steps import PASSWORD, editor, fill_in, log_in_with_form
from tests.e2e.test_autosave import crash, offer
from tests.system.crashes.conftest import Site

pytestmark = pytest.mark.system
TEXT = """SELECT body FROM articles_revision JOIN articles_article ON articles_article.latest_id = articles_revision.id
    WHERE articles_revision.title = 'The lamps'"""
SAVED, NOT_SAVED = re.compile(r"^Saved \d\d:\d\d$"), re.compile("^Not saved: no connection")


def type_sentence(page: Page, number: int) -> str:
    """Type a sentence at the end of the text."""
    editor(page).click()
    page.keyboard.press("ControlOrMeta+End")
    page.keyboard.type(f"This is sentence {number}. ")
    return f"sentence {number}."


def test_server_is_killed_while_a_text_is_saved(page: Page, site: Site) -> None:
    acknowledged: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/autosave/") and (response := request.response()) and response.ok:
            acknowledged.append(json.loads(request.post_data or "")["body"])

    page.on("requestfinished", note)
    page.goto("/accounts/login/")
    log_in_with_form(page, "author", PASSWORD)
    page.wait_for_url("**/")
    page.goto("/my/articles/new/")
    fill_in(page, Title="The lamps")
    typed = [type_sentence(page, 0)]
    status = page.locator("#save-status")
    expect(status).to_have_text(SAVED)
    # Before the request arrives, while it is handled, and after its answer.
    for number, delay in enumerate((0, 0.005, 0.01, 0.02, 0.04, 0.2), start=1):
        with page.expect_request("**/autosave/", timeout=15_000):
            typed.append(type_sentence(page, number))
        time.sleep(delay)
        site.kill()
        expect(status).to_have_text(re.compile(f"{SAVED.pattern}|{NOT_SAVED.pattern}"))
        stored = site.ask(TEXT)
        for sentence in typed[:number]:
            assert sentence in stored
        assert all(plain(text) in plain(stored) for text in acknowledged)
        site.start()
        page.evaluate("dispatchEvent(new Event('online'))")  # It tries again by itself, after ten seconds.
        expect(status).to_have_text(SAVED)
        expect(status).not_to_have_class(re.compile("is-warning"))
        assert all(sentence in site.ask(TEXT) for sentence in typed)
    assert site.ask("SELECT count(*) FROM articles_article WHERE published_at IS NULL") == "1"

    # The server and the tab at once.
    page.route("**/autosave/", lambda route: route.abort())
    typed.append(type_sentence(page, 99))
    page.wait_for_timeout(300)  # For the browser's database.
    site.kill()
    address = page.url
    page = crash(page)
    assert typed[-1] not in site.ask(TEXT)
    site.start()
    page.goto(address)
    offer(page)
    for sentence in typed:
        expect(editor(page)).to_contain_text(sentence)
    expect(page.locator("#save-status")).to_have_text(SAVED)
    assert all(sentence in site.ask(TEXT) for sentence in typed)
    page.reload()
    expect(page.locator("#local-copy")).to_be_hidden()


def plain(html: str) -> str:
    """Return the words of a text that the server has sanitised, or will."""
    return " ".join(re.sub(r"<[^>]*>|&nbsp;|\xa0", " ", html).split())
