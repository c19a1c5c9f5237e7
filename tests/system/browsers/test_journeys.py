"""The main journeys in WebKit: from sign-up to a liked article, and two windows with one text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import User
from articles.models import Article, Revision
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from articles.readership.models import PageView
from tests import factories
from tests.e2e.steps import PASSWORD, first_url
from tests.moderation.users import moderator

pytestmark = [pytest.mark.system, pytest.mark.webkit, pytest.mark.django_db(transaction=True)]
LogIn = Callable[[User], None]
TITLE = "We counted every street lamp"
TEXT = "Nobody had asked for the map, and yet we walked all the streets and wrote down what shines. " * 2


class Visitor:
    """What users do in the browser."""

    def __init__(self, browser: WebKitGTK, origin: str) -> None:
        self.browser, self.origin = browser, origin

    def open(self, path: str) -> None:
        self.browser.get(path if path.startswith("http") else self.origin + path)

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def fill(self, **fields: str) -> None:
        """Fill in fields by their ids."""
        for name, value in fields.items():
            field = self.find(f"#id_{name}")
            field.clear()
            field.send_keys(value)

    def choose(self, **fields: str) -> None:
        """Choose options by their values."""
        for name, value in fields.items():
            # The bar of buttons can be in front of a field at the edge of the window.
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.find(f"#id_{name}"))
            self.find(f'#id_{name} option[value="{value}"]').click()

    def press(self, selector: str) -> None:
        """Press what leads to another page, and wait for that."""
        page = self.find("html")
        self.find(selector).click()
        self.wait(lambda: self.find("html") != page, f"no other page after {selector}")

    def write(self, text: str) -> None:
        self.find(".editor-text").click()
        self.browser.switch_to.active_element.send_keys(text)

    def text(self, selector: str = "main") -> str:
        return self.find(selector).text

    def wait(self, condition: Callable[[], object], problem: str) -> None:
        WebDriverWait(self.browser, 20).until(lambda _: condition(), problem)

    def wait_for_text(self, selector: str, text: str) -> None:
        self.wait(lambda: text in self.text(selector), f"no {text!r} in {selector}")


@pytest.fixture
def visitor(webkit: WebKitGTK, live_server: LiveServer) -> Visitor:
    return Visitor(webkit, live_server.url)


def latest() -> Revision:
    return Revision.objects.get(latest_for__isnull=False)


def test_webkit_from_sign_up_to_a_liked_article(
    visitor: Visitor, log_in: LogIn, mailoutbox: list[EmailMessage]
) -> None:
    section = factories.SectionFactory.create(name="Society")
    visitor.open("/accounts/signup/")
    visitor.fill(username="newcomer", email="newcomer@example.org", password1=PASSWORD)
    visitor.find("main input[type=checkbox]").click()
    visitor.press("main .actions button")
    visitor.open(first_url(mailoutbox[0]))
    visitor.press("main form button")
    assert "You have no articles yet." in visitor.text()

    visitor.open("/my/articles/new/")
    visitor.fill(title=TITLE)
    visitor.write(TEXT)
    visitor.wait_for_text("#save-status", "Saved ")
    visitor.wait(lambda: TEXT.strip() in latest().body, "the text is not saved")
    assert visitor.browser.current_url.endswith(f"/my/articles/{Article.objects.get().pk}/")
    visitor.choose(section=str(section.pk), **NOTHING_TO_DISCLOSE)
    visitor.press("button[value=submit]")
    assert "Submitted for review." in visitor.text("body")

    log_in(moderator())
    visitor.open("/admin/moderation/submission/")
    visitor.press("#result_list th a")
    visitor.browser.switch_to.frame(visitor.find("iframe.preview"))
    visitor.wait_for_text("h1", TITLE)
    visitor.browser.switch_to.default_content()
    visitor.find("input[name=verdict][value=publish]").click()
    visitor.press(".decision input.default")
    assert f"“{TITLE}” is published." in visitor.text("body")

    visitor.browser.delete_all_cookies()
    visitor.open("/")
    visitor.press("article h2 a, article h3 a")
    assert TITLE in visitor.text("h1")
    assert TEXT.strip() in visitor.text(".prose")
    visitor.wait(PageView.objects.filter(kind="counted").exists, "the view is not counted")
    log_in(factories.UserFactory.create(username="reader"))
    visitor.open(Article.objects.get().get_absolute_url())
    visitor.find("#vote-like").click()
    visitor.wait(lambda: visitor.find("#vote-like").get_attribute("aria-pressed") == "true", "the vote is not shown")
    assert Article.objects.get().likes == 1


def test_webkit_two_windows(visitor: Visitor, log_in: LogIn) -> None:
    author = factories.UserFactory.create()
    article = factories.draft(author, title="Old")
    log_in(author)
    address = f"/my/articles/{article.pk}/"
    visitor.open(address)
    first = visitor.browser.current_window_handle
    visitor.browser.switch_to.new_window("tab")
    visitor.open(address)
    visitor.fill(title="From the other window")
    visitor.wait_for_text("#save-status", "Saved ")
    visitor.browser.switch_to.window(first)
    visitor.fill(title="From this window")
    visitor.wait_for_text("#save-status", "Nothing was replaced.")
    assert latest().title == "From the other window"
    visitor.press("#compare-versions")
    assert "Two versions of one article" in visitor.text("h1")
    visitor.find("input[name=choose-title][value=mine]").click()
    visitor.press(".conflict-end .button--first")
    assert latest().title == "From this window"
