"""Environment variables for the tests; pytest loads this module before the settings (pyproject.toml, addopts)."""

import os
import tempfile
from pathlib import Path

_data = tempfile.mkdtemp(prefix="spokesperson-tests-")
os.environ.update(
    DJANGO_SETTINGS_MODULE="spokesperson.settings",
    ORIGIN="http://testserver",
    EXTRA_HOSTS="localhost",
    SECRET_KEY="only for tests: " + "not a secret " * 5,
    DATA_DIR=_data,
    PAYMENTS="manual",
    TIME_ZONE="Asia/Yerevan",  # the day does not begin at midnight in UTC
    DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's synchronous API runs an event loop.
)
if os.environ.get("TEST_STACK") == "production":
    # See tests/production.py. Uses the cache of CACHE_URL, or the default.
    os.environ.setdefault("CACHE_URL", "")
    os.environ["EMAIL_URL"] = f"filemail://{_data}/emails"
    # Shared by all test processes, which inherit it; collected once.
    os.environ.setdefault("STATIC_ROOT", f"{_data}/static")
else:
    os.environ.update(EMAIL_URL="memorymail://", CACHE_URL="locmemcache://")
os.environ.setdefault("DATABASE_URL", "")
(Path(_data) / "static").mkdir()
