"""Settings are read from the environment; an invalid value stops the start with one sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PRODUCTION = {"ORIGIN": "https://news.example.org", "SECRET_KEY": "k" * 60}


def start(tmp_path: Path, *, show: str = "ORIGIN", **variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a new process with only these variables; `show` is the setting to print."""
    script = "from django.conf import settings; print(getattr(settings, sys.argv[1]))"
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", f"import sys; {script}", show],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "spokesperson.settings", "DATA_DIR": str(tmp_path)}
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"ORIGIN": ""}, "ORIGIN must be"),
        ({"ORIGIN": "news.example.org"}, "ORIGIN must be"),
        ({"ORIGIN": "https://news.example.org/path"}, "ORIGIN must be"),
        ({"ORIGIN": "ftp://news.example.org"}, "ORIGIN must be"),
        ({"ORIGIN": "http://news.example.org"}, "plain http on a public name"),
        ({"SECRET_KEY": ""}, "at least 50 characters"),
        ({"SECRET_KEY": "short"}, "at least 50 characters"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE cannot be read"),
        ({"DEBUG": "true"}, "DEBUG shows secrets"),
        ({"EXTRA_HOSTS": "*"}, "wildcards are refused"),
        ({"EXTRA_HOSTS": ".example.org"}, "wildcards are refused"),
        ({"DATABASE_URL": "mysql://u:p@h/d"}, "DATABASE_URL must begin with"),
        ({"DATA_DIR": "/dev/null/here"}, "DATA_DIR cannot be made"),
        ({"CACHE_URL": "redis://localhost:6379/0"}, "requirements-redis.txt"),
        ({"PAYMENTS": "paypal"}, "PAYMENTS is manual, dummy or stripe"),
        ({"PAYMENTS": "dummy"}, "only pretends to take money"),
        ({"PAYMENTS": "stripe"}, "needs STRIPE_KEY"),
        ({"PAYMENTS": "stripe", "STRIPE_KEY": "pk_1", "STRIPE_ENDPOINT_SECRET": "whsec_1"}, "needs STRIPE_KEY"),
        ({"PAYMENTS": "stripe", "STRIPE_KEY": "sk_1", "STRIPE_ENDPOINT_SECRET": "secret"}, "needs STRIPE_KEY"),
    ],
)
def test_invalid_value_raises_improperly_configured(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    run = start(tmp_path, **{**PRODUCTION, **variables})
    assert run.returncode != 0
    assert "ImproperlyConfigured" in run.stderr
    assert sentence in run.stderr


@pytest.mark.parametrize(
    ("show", "value"),
    [
        ("DEBUG", "False"),
        ("ALLOWED_HOSTS", "['news.example.org']"),
        ("SESSION_COOKIE_NAME", "__Host-session"),
        ("CSRF_COOKIE_NAME", "__Host-csrf"),
        ("SESSION_COOKIE_SECURE", "True"),
        ("CSRF_COOKIE_SECURE", "True"),
        ("SESSION_COOKIE_HTTPONLY", "True"),
        ("SESSION_COOKIE_SAMESITE", "Lax"),
        ("SECURE_SSL_REDIRECT", "True"),
        ("SECURE_PROXY_SSL_HEADER", "None"),  # only with TRUSTED_PROXY_COUNT
    ],
)
def test_production_defaults_are_secure(tmp_path: Path, show: str, value: str) -> None:
    run = start(tmp_path, show=show, **PRODUCTION)
    assert run.stdout.strip() == value, run.stderr


def test_hsts_is_at_least_a_year(tmp_path: Path) -> None:
    assert int(start(tmp_path, show="SECURE_HSTS_SECONDS", **PRODUCTION).stdout) >= 365 * 24 * 3600


def test_secret_key_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 50 + "\n")
    run = start(tmp_path, show="SECRET_KEY", ORIGIN=PRODUCTION["ORIGIN"], SECRET_KEY_FILE=str(file))
    assert run.stdout.strip() == "f" * 50, run.stderr


def test_data_dir_with_special_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a folder #1 50%?"
    run = start(folder, show="DATABASES", **PRODUCTION)
    assert repr(folder / "spokesperson.sqlite3") in run.stdout, run.stderr


def test_data_dir_is_created_for_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    start(tmp_path, **PRODUCTION, DATA_DIR=str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_sqlite_is_set_up_for_parallel_writers(tmp_path: Path) -> None:
    shown = start(tmp_path, show="DATABASES", **PRODUCTION).stdout
    for option in ("journal_mode=WAL", "foreign_keys=ON", "'transaction_mode': 'IMMEDIATE'", "'timeout': 20"):
        assert option in shown


@pytest.mark.parametrize("debug", ["true", "false"])
def test_debug_toolbar_is_installed_with_debug_only(tmp_path: Path, debug: str) -> None:
    run = start(tmp_path, show="INSTALLED_APPS", **PRODUCTION | {"ORIGIN": "http://127.0.0.1:8000", "DEBUG": debug})
    assert ("debug_toolbar" in run.stdout) == (debug == "true"), run.stderr


def test_every_variable_is_documented() -> None:
    source = (ROOT / "spokesperson/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', source))
    assert {"ORIGIN", "SECRET_KEY", "DATABASE_URL"} <= read
    table = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))
    assert read == documented
