"""WebKitGTK, driven by WebKitWebDriver on a virtual screen (Debian's packages webkit2gtk-driver and xvfb)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import WebKitGTK
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from accounts.models import User
from tests.e2e.conftest import skip_or_fail

collect_ignore_glob = [] if os.environ.get("SYSTEM_TESTS") else ["test_*.py"]


@pytest.fixture(scope="session")
def _screen() -> Iterator[str]:
    """Start a virtual screen, and return its name."""
    if not (shutil.which("WebKitWebDriver") and shutil.which("Xvfb")):
        skip_or_fail("WebKitGTK is not installed (Debian: webkit2gtk-driver, xvfb).")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:  # noqa: S603
        os.close(write)
        with os.fdopen(read) as names:
            yield f":{names.readline().strip()}"
        server.terminate()


@pytest.fixture
def webkit(_screen: str, live_server: LiveServer, settings: LazySettings) -> Iterator[WebKitGTK]:
    """Return a new browser; its errors fail the test."""
    settings.ORIGIN = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    options = Options()
    options.binary_location = str(max(Path("/usr/lib").glob("*/webkit2gtk-*/MiniBrowser")))
    options.add_argument("--automation")
    # Root has no user namespaces for the sandbox of WebKitGTK.
    env = {**os.environ, "DISPLAY": _screen, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    browser = WebKitGTK(options=options, service=Service(shutil.which("WebKitWebDriver"), env=env))
    browser.set_window_size(1280, 1000)
    browser.implicitly_wait(15)
    browser.set_script_timeout(30)
    yield browser
    browser.quit()


@pytest.fixture
def log_in(webkit: WebKitGTK, live_server: LiveServer) -> Callable[[User], None]:
    """Return a function that logs a user in without the form."""

    def sign_in(user: User) -> None:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        webkit.get(f"{live_server.url}/robots.txt")
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        webkit.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": value, "path": "/"})

    return sign_in
