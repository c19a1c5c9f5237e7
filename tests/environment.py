"""The tests' environment, loaded by pytest before anything reads the settings (pyproject.toml, addopts)."""

import os
import tempfile
from pathlib import Path

os.environ.update(
    DJANGO_SETTINGS_MODULE="spokesperson.settings",
    ORIGIN="http://testserver",
    EXTRA_HOSTS="localhost",
    SECRET_KEY="only for tests: " + "not a secret " * 5,
    DATA_DIR=tempfile.mkdtemp(prefix="spokesperson-tests-"),
    EMAIL_URL="memorymail://",
    CACHE_URL="locmemcache://",
    PAYMENTS="manual",
    DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's synchronous calls run an event loop of their own.
)
os.environ.setdefault("DATABASE_URL", "")
(Path(os.environ["DATA_DIR"]) / "static").mkdir()
