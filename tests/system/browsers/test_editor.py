"""Writing in WebKit: paste, typing shortcuts, images, footnotes and tables."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Keys, WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from accounts.models import User
from articles.models import Article, Image
from tests import factories
from tests.e2e.steps import photograph
from tests.e2e.test_editor_images import GIVE_FILES
from tests.e2e.test_paste import PASTE, PROGRAMS, clipboard, plain_structure

pytestmark = [pytest.mark.system, pytest.mark.webkit, pytest.mark.django_db(transaction=True)]


class Form:
    """The form for a new article."""

    def __init__(self, browser: WebKitGTK) -> None:
        self.browser = browser
        self.text = browser.find_element(By.CSS_SELECTOR, ".editor-text")

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def press(self, tool: str) -> None:
        self.find(f'.editor-toolbar button[aria-label="{tool}"]').click()

    def type(self, *keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(*keys)

    def run(self, function: str, arguments: dict[str, object]) -> None:
        self.browser.execute_script(f"({function})(...arguments)", self.text, arguments)

    def body(self) -> str:
        return plain_structure(str(self.find("#id_body").get_property("value")))

    def wait_for(self, selector: str, count: int) -> None:
        WebDriverWait(self.browser, 30).until(
            lambda browser: len(browser.find_elements(By.CSS_SELECTOR, selector)) == count
        )


@pytest.fixture
def form(webkit: WebKitGTK, live_server: LiveServer, log_in: Callable[[User], None]) -> Form:
    factories.SectionFactory.create()
    log_in(factories.UserFactory.create())
    webkit.get(f"{live_server.url}/my/articles/new/")
    return Form(webkit)


@pytest.mark.parametrize("program", PROGRAMS)
def test_webkit_pastes_from(program: str, form: Form) -> None:
    html, expected = clipboard(program)
    form.run(PASTE, {"html": html})
    assert form.body() == expected


def test_webkit_types_uploads_and_saves(form: Form) -> None:
    form.text.click()
    form.type("## Lamps", Keys.ENTER, "They shine")
    form.press("Footnote")
    form.find(".editor-dialog textarea").send_keys("All night.")
    form.find(".editor-dialog .button--first").click()
    form.wait_for(".editor-dialog", 0)
    assert form.body() == "<h2>Lamps</h2><p>They shine<foot-note>All night.</foot-note></p>"
    files = [
        {
            "name": f"{n}.jpg",
            "mimeType": "image/jpeg",
            "base64": b64encode(photograph(size=(400, 300))["buffer"]).decode(),
        }
        for n in range(3)
    ]
    form.run(GIVE_FILES, {"kind": "drop", "files": files})
    form.wait_for(".picture", 3)
    form.find(".picture input").send_keys("A lamp", Keys.ENTER)
    form.press("Table")
    form.wait_for(".editor-text table", 1)
    form.find("#id_title").send_keys("Lamps")
    form.find("#id_section option:last-child").click()
    form.find("button[value=preview]").click()
    form.wait_for(".prose figure img", 3)
    revision = Article.objects.select_related("latest").get().latest
    assert revision is not None
    assert f'<img data-image="{Image.objects.order_by("pk")[0].pk}" alt="A lamp">' in revision.body
    assert "<table>" in revision.body
    assert form.find(".footnotes li").text.startswith("All night.")
