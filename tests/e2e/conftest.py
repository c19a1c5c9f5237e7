"""Fixtures for end-to-end tests: the browser, the live server, and the checks for accessibility and valid HTML."""

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
# An ordinary browser: headless Chromium identifies itself as a bot.
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Includes axe's best practices, which go beyond WCAG.
AXE_OPTIONS = {"resultTypes": ["violations"]}


# Longer than the default of 5 seconds, for busy machines.
expect.set_options(timeout=15_000)


def skip_or_fail(reason: str) -> None:
    """Skip the test; on CI, fail it."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the system's Chromium, or the one that CHROMIUM names; nothing is downloaded."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        skip_or_fail("No Chromium is installed. Set CHROMIUM to the path of one.")
    return {
        "executable_path": found,
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
    }


@pytest.fixture(scope="session")
def browser_context_args(live_server: LiveServer) -> dict[str, Any]:
    """A desktop browser in Yerevan; relative URLs are those of the live server."""
    return {
        "base_url": live_server.url,
        "viewport": DESKTOP,
        "user_agent": USER_AGENT,
        "locale": "en-GB",
        "timezone_id": "Asia/Yerevan",
        "reduced_motion": "reduce",
    }


@pytest.fixture(autouse=True)
def _live_origin(settings: LazySettings, live_server: LiveServer) -> None:
    """Set the origin to the URL of the live server."""
    settings.ORIGIN = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]


@pytest.fixture(scope="session")
def _hashed_static_files() -> Iterator[None]:
    """Let WhiteNoise serve static files on the production stack; the test server does not know hashed names."""
    with pytest.MonkeyPatch.context() as patch:
        if production.IS_PRODUCTION:
            patch.setattr(handlers, "StaticFilesHandler", lambda application: application)
        yield


@pytest.fixture(scope="session")
def live_server(_hashed_static_files: None, live_server: LiveServer) -> LiveServer:
    return live_server


@pytest.fixture(scope="session")
def _worker(live_server: LiveServer, django_db_setup: None) -> Iterator[None]:
    """Run a task worker process on the production stack."""
    if not production.IS_PRODUCTION:
        yield
        return
    worker = production.start_worker(live_server.url)
    yield
    worker.terminate()
    worker.wait(20)


@pytest.fixture(autouse=True)
def _with_worker(_worker: None) -> Iterator[None]:
    """Wait for all tasks, so that none runs in the next test."""
    yield
    if production.IS_PRODUCTION:
        production.wait_for_empty_queue()


@pytest.fixture
def mailoutbox(mailoutbox: Any) -> Any:
    """Return the emails that any process has sent."""
    if not production.IS_PRODUCTION:
        return mailoutbox
    outbox = production.FileOutbox(Path(settings.DATA_DIR) / "emails")
    outbox.clear()
    return outbox


@pytest.fixture(autouse=True)
def _wait_for_requests(live_server: LiveServer) -> Iterator[None]:
    """Wait for running requests before the database is flushed: a beacon can outlive its page."""
    yield
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=15)


class Problems(list[str]):
    """Errors in the browser. A test that causes a 4xx response declares it: `problems.expect(404)`."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: set[int] = set()

    def expect(self, *statuses: int) -> None:
        self.expected.update(statuses)

    def watch(self, context: BrowserContext) -> None:
        """Record the problems of every page of the context."""
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.append(f"script: {error.error}"))
        context.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # The browser logs failed requests too; `_on_response` checks their status.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.append(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.append(f"{response.status}: {response.request.method} {response.url}")


@pytest.fixture
def problems() -> Iterator[Problems]:
    """Collect errors in the browser; fail the test at its end if there are any."""
    found = Problems()
    yield found
    assert not found, "Errors in the browser:\n" + "\n".join(found)


@pytest.fixture
def context(context: BrowserContext, problems: Problems) -> BrowserContext:
    """Record the problems of the test's browser context."""
    problems.watch(context)
    return context


@pytest.fixture
def new_page(new_context: CreateContextCallback, problems: Problems) -> Callable[..., Page]:
    """Return a function that opens a page in a separate browser context; its options are those of the context."""

    def open_page(**options: Any) -> Page:
        context = new_context(**options)
        problems.watch(context)
        return context.new_page()

    return open_page


@pytest.fixture
def page_without_javascript(
    browser: Browser, browser_context_args: dict[str, Any], problems: Problems
) -> Iterator[Page]:
    """Return a page in a browser with JavaScript disabled."""
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    problems.watch(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def log_in(live_server: LiveServer) -> Callable[[Page, User], None]:
    """Return a function that logs a user in without the form, for tests of something else."""

    def sign_in(page: Page, user: User) -> None:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])

    return sign_in


@pytest.fixture
def accessible() -> Callable[[Page], None]:
    """Return a function that fails the test if axe finds a violation on the page in its current state."""

    def check(page: Page) -> None:
        # A page that is still loading has neither heading nor landmark.
        page.wait_for_load_state()
        violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
        lines = [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]
        assert not lines, f"axe on {page.url}:\n" + "\n".join(lines)

    return check


@pytest.fixture
def valid_html(tmp_path: Path) -> Callable[..., None]:
    """Return a function that fails the test if the Nu HTML checker (VNU_JAR) finds an error in one of the documents."""
    jar = os.environ.get("VNU_JAR")
    if not jar or not shutil.which("java"):
        skip_or_fail("The Nu HTML checker is not installed. It needs Java, and VNU_JAR set to the path of its jar.")

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
