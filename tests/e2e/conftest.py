"""The browser, the site that it opens, and the two checkers of pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import LazySettings, settings
from django.contrib.staticfiles import handlers
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect
from pytest_django.live_server_helper import LiveServer
from pytest_playwright.pytest_playwright import CreateContextCallback

from accounts.models import User
from tests import production

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A person's browser, whatever the one that runs the tests calls itself.
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# What axe calls good practice is not a violation of WCAG, but we want it as well.
AXE_OPTIONS = {"resultTypes": ["violations"]}


# A busy machine is no fault of the site.
expect.set_options(timeout=15_000)


def missing(what: str) -> None:
    """Skip, or fail where CI says that everything must be there."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Chromium as the system has it, or as CHROMIUM names it; nothing is downloaded."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        missing("No Chromium is installed; CHROMIUM=/path names one.")
    return {
        "executable_path": found,
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
    }


@pytest.fixture(scope="session")
def browser_context_args(live_server: LiveServer) -> dict[str, Any]:
    """A reader in Yerevan at a desk; relative addresses are the site's."""
    return {
        "base_url": live_server.url,
        "viewport": DESK,
        "user_agent": USER_AGENT,
        "locale": "en-GB",
        "timezone_id": "Asia/Yerevan",
        "reduced_motion": "reduce",
    }


@pytest.fixture(autouse=True)
def _the_live_address(settings: LazySettings, live_server: LiveServer) -> None:
    """The site knows itself under the address that the browser opens."""
    settings.ORIGIN = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]


@pytest.fixture(scope="session")
def _hashed_static_files() -> Iterator[None]:
    """On the production stack WhiteNoise serves static files; the test server's own handler knows no hashed names."""
    with pytest.MonkeyPatch.context() as patch:
        if production.IS_PRODUCTION:
            patch.setattr(handlers, "StaticFilesHandler", lambda application: application)
        yield


@pytest.fixture(scope="session")
def live_server(_hashed_static_files: None, live_server: LiveServer) -> LiveServer:
    return live_server


@pytest.fixture(scope="session")
def _worker(live_server: LiveServer, django_db_setup: None) -> Iterator[None]:
    """A task worker process, on the production stack."""
    if not production.IS_PRODUCTION:
        yield
        return
    worker = production.start_worker(live_server.url)
    yield
    worker.terminate()
    worker.wait(20)


@pytest.fixture(autouse=True)
def _with_worker(_worker: None) -> Iterator[None]:
    """Leave no task to the next test."""
    yield
    if production.IS_PRODUCTION:
        production.wait_for_empty_queue()


@pytest.fixture
def mailoutbox(mailoutbox: Any) -> Any:
    """The emails that were sent, by whichever process."""
    if not production.IS_PRODUCTION:
        return mailoutbox
    outbox = production.FileOutbox(Path(settings.DATA_DIR) / "emails")
    outbox.clear()
    return outbox


@pytest.fixture(autouse=True)
def _nothing_under_way(live_server: LiveServer) -> Iterator[None]:
    """Wait for the site to finish what the browser left to it (a beacon outlives its page) before the database is
    emptied under it."""
    yield
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=15)


class Problems(list[str]):
    """What the browser complained about. A test that provokes an answer of 4xx says which: `problems.expect(404)`."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: set[int] = set()

    def expect(self, *statuses: int) -> None:
        self.expected.update(statuses)

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of the context."""
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.append(f"script: {error.error}"))
        context.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        # The browser reports a failed request here too; `_answered` knows its status.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.append(f"{response.status}: {response.request.method} {response.url}")


@pytest.fixture
def problems() -> Iterator[Problems]:
    """Collected while the test runs; any left at its end fails it."""
    found = Problems()
    yield found
    assert not found, "The browser complained:\n" + "\n".join(found)


@pytest.fixture
def context(context: BrowserContext, problems: Problems) -> BrowserContext:
    """The browser's context of this test, listened to."""
    problems.watch(context)
    return context


@pytest.fixture
def somebody(new_context: CreateContextCallback, problems: Problems) -> Callable[..., Page]:
    """Somebody else, at a browser of their own: `somebody()`; options are those of a context."""

    def sits_down(**options: Any) -> Page:
        context = new_context(**options)
        problems.watch(context)
        return context.new_page()

    return sits_down


@pytest.fixture
def page_without_javascript(
    browser: Browser, browser_context_args: dict[str, Any], problems: Problems
) -> Iterator[Page]:
    """A page in a browser that runs no scripts."""
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    problems.watch(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def log_in(live_server: LiveServer) -> Callable[[Page, User], None]:
    """Signs a person in without the form, for journeys that are about something else."""

    def sign_in(page: Page, user: User) -> None:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])

    return sign_in


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Fails where axe finds a violation on the page as it is now."""

    def check(page: Page) -> None:
        # A page that is only half there has neither heading nor landmark.
        page.wait_for_load_state()
        violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
        lines = [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]
        assert not lines, f"axe on {page.url}:\n" + "\n".join(lines)

    return check


@pytest.fixture
def valid_html(tmp_path: Path) -> Callable[..., None]:
    """Fails where the Nu HTML checker finds an error in a document; VNU_JAR names its jar. Takes several at once."""
    jar = os.environ.get("VNU_JAR")
    if not jar or not shutil.which("java"):
        missing("The Nu HTML checker is not here; VNU_JAR names its jar, and it needs Java.")

    def check(**documents: str) -> None:
        files = []
        for name, text in documents.items():
            files.append(tmp_path / f"{name}.html")
            files[-1].write_text(text, encoding="utf-8")
        run = subprocess.run(  # noqa: S603
            ["java", "-jar", str(jar), "--errors-only", *map(str, files)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr

    return check
