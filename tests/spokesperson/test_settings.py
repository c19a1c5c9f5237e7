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


def run(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with only these variables."""
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "spokesperson.settings", "DATA_DIR": str(tmp_path)}
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def start(tmp_path: Path, *, show: str = "ORIGIN", **variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a new process with only these variables; `show` is the setting to print."""
    script = "from django.conf import settings; print(getattr(settings, sys.argv[1]))"
    return run(tmp_path, "-c", f"import sys; {script}", show, **variables)


def manage(tmp_path: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py`."""
    return run(tmp_path, "manage.py", command, **variables)


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
        ({"ORIGIN": "https://[news"}, "ORIGIN must be"),
        ({"DATABASE_URL": "postgres://u:pass/word@h/d"}, "percent-encoded"),
        (
            {"PGBOUNCER_URL": "postgres://u:p@h:6432/d"},
            "PGBOUNCER_URL takes URLs such as postgres://user:password@host",
        ),
        ({"DATABASE_URL": "postgres://u:p@h/d", "PGBOUNCER_URL": "pgbouncer:6432"}, "PGBOUNCER_URL takes URLs such as"),
        ({"DATABASE_URL": "postgres://u:p@h/d", "REPLICA_URLS": "h:5432"}, "REPLICA_URLS takes URLs such as"),
        ({"CACHE_URL": "locmemcache://"}, "a cache that all processes share"),
        ({"TRUSTED_PROXY_COUNT": "one"}, "TRUSTED_PROXY_COUNT must be a whole number, such as 0; it is 'one'."),
        ({"TRUSTED_PROXY_COUNT": "-1"}, "TRUSTED_PROXY_COUNT must be a whole number"),
        ({"PAGE_CACHE_MB": "64MB"}, "PAGE_CACHE_MB must be a whole number"),
        ({"HSTS_SECONDS": ""}, "HSTS_SECONDS must be a whole number"),
        ({"LOG_LEVEL": "verbose"}, "LOG_LEVEL is DEBUG, INFO, WARNING or ERROR; it is 'verbose'."),
        ({"TIME_ZONE": "Yerevan"}, "TIME_ZONE must be a name"),
        ({"EMAIL_URL": "smtps://user:password@mail.example.org"}, "EMAIL_URL must begin with smtp+tls://"),
        ({"EMAIL_URL": "mail.example.org"}, "EMAIL_URL must begin with smtp+tls://"),
        ({"EMAIL_URL": "smtp+tls://mail.example.org:port"}, "EMAIL_URL must begin with smtp+tls://"),
        ({"MAIL_FROM": "Our news <news@example.org"}, "MAIL_FROM must be an address"),
        ({"MAIL_FROM": "news"}, "MAIL_FROM must be an address"),
        ({"MEDIA_STORAGE_URL": "/srv/media"}, "MEDIA_STORAGE_URL must look like s3://key:secret@"),
        ({"MEDIA_URL": "http://media.example.org/"}, "MEDIA_URL must be /media/ or the address"),
        ({"BACKUP_URL": "backups"}, "BACKUP_URL must be a folder that begins with /"),
        ({"BACKUP_RETENTION": "7"}, "BACKUP_RETENTION must be numbers of days, weeks and months"),
        ({"METRICS_ADDRESS": "9100"}, "METRICS_ADDRESS must be an IP address and a port, such as 127.0.0.1:9100"),
        ({"METRICS_ADDRESS": "localhost:9100"}, "METRICS_ADDRESS must be an IP address and a port"),
        ({"METRICS_ADDRESS": "127.0.0.1:99999"}, "METRICS_ADDRESS must be an IP address and a port"),
        ({"PAYMENTS": "paypal"}, "PAYMENTS is manual, dummy or stripe"),
        ({"PAYMENTS": "dummy"}, "only pretends to take money"),
        ({"PAYMENTS": "stripe"}, "needs STRIPE_KEY"),
        ({"PAYMENTS": "stripe", "STRIPE_KEY": "pk_1", "STRIPE_ENDPOINT_SECRET": "whsec_1"}, "needs STRIPE_KEY"),
        ({"PAYMENTS": "stripe", "STRIPE_KEY": "sk_1", "STRIPE_ENDPOINT_SECRET": "secret"}, "needs STRIPE_KEY"),
    ],
)
def test_invalid_value_is_one_sentence(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    """The command line prints the sentence alone."""
    ended = manage(tmp_path, "check", **{**PRODUCTION, **variables})
    assert ended.returncode == os.EX_CONFIG
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") <= 2


@pytest.mark.parametrize(
    ("name", "value", "show", "expected"),
    [
        ("MAIL_FROM", "Our news <news@example.org>", "DEFAULT_FROM_EMAIL", "Our news <news@example.org>"),
        ("LOG_LEVEL", "info", "LOG_LEVEL", "INFO"),
        ("TRUSTED_PROXY_COUNT", " 2 ", "ALLAUTH_TRUSTED_PROXY_COUNT", "2"),
        ("BACKUP_RETENTION", "1,0,10", "BACKUP_RETENTION", "(1, 0, 10)"),
        ("METRICS_ADDRESS", "[::1]:9100", "METRICS_ADDRESS", "('::1', 9100)"),
        ("METRICS_ADDRESS", "", "METRICS_ADDRESS", "None"),
    ],
)
def test_valid_values(tmp_path: Path, name: str, value: str, show: str, expected: str) -> None:
    assert start(tmp_path, show=show, **PRODUCTION, **{name: value}).stdout.strip() == expected


STRIPE = {"PAYMENTS": "stripe", "STRIPE_KEY": "sk_1", "STRIPE_ENDPOINT_SECRET": "whsec_1"}


@pytest.mark.parametrize(
    ("package", "variables"), [("redis", {"CACHE_URL": "redis://localhost:6379/0"}), ("stripe", STRIPE)]
)
def test_missing_package_is_one_sentence(tmp_path: Path, package: str, variables: dict[str, str]) -> None:
    """Also where the package is installed."""
    script = (
        "import importlib.util as util; find = util.find_spec\n"
        f"util.find_spec = lambda name, *path: None if name == {package!r} else find(name, *path)\n"
        "from django.conf import settings; settings.ORIGIN"
    )
    ended = run(tmp_path, "-c", script, **PRODUCTION, **variables)
    assert ended.stderr.strip().endswith(f"pip install --require-hashes -r requirements-{package}.txt")


def test_media_on_another_host_is_allowed_by_the_content_security_policy(tmp_path: Path) -> None:
    shown = start(tmp_path, show="SECURE_CSP", **PRODUCTION, MEDIA_URL="https://media.example.org:8443/images/")
    assert "'img-src': [<CSP.SELF: \"'self'\">, 'data:', 'https://media.example.org:8443']" in shown.stdout, (
        shown.stderr
    )


def test_only_web_processes_connect_through_pgbouncer(tmp_path: Path) -> None:
    """There, nothing is set or prepared in a session, which transactions of others use too."""
    direct, pooled = "postgres://u:p@direct/d", "postgres://u:p@pooled:6432/d"
    variables = {**PRODUCTION, "DATABASE_URL": direct, "PGBOUNCER_URL": pooled, "REPLICA_URLS": direct}
    script = (
        "from django.conf import settings\n"
        "for alias, database in settings.DATABASES.items():\n"
        "    options = database['OPTIONS']\n"
        "    print(alias, database['HOST'], database.get('DISABLE_SERVER_SIDE_CURSORS', False),"
        " options['prepare_threshold'], 'options' in options)"
    )
    shown = run(tmp_path, "-c", script, **variables).stdout.splitlines()
    assert shown == ["default direct False 2 True", "replica1 direct False 2 True"]
    shown = run(tmp_path, "-c", f"import spokesperson.wsgi\n{script}", **variables).stdout.splitlines()
    assert shown == ["default pooled True None False", "replica1 direct False None False"]


def test_backups_are_scheduled_if_there_is_a_place_for_them(tmp_path: Path) -> None:
    shown = start(tmp_path, show="PERIODIC_JOBS", **PRODUCTION, BACKUP_URL="/var/backups")
    assert "spokesperson.operations.backup.start" in shown.stdout, shown.stderr
    assert "spokesperson.operations.backup.start" not in settings.PERIODIC_JOBS


def test_wrong_password_of_the_database_is_one_sentence(tmp_path: Path) -> None:
    url = "postgres://nobody:wrong@127.0.0.1:1/none"
    ended = manage(tmp_path, "migrate", **PRODUCTION, DATABASE_URL=url)
    assert ended.returncode == 1
    assert "The database cannot be used: connection failed" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "wrong" not in ended.stderr


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
    shown = start(tmp_path, show=show, **PRODUCTION)
    assert shown.stdout.strip() == value, shown.stderr


HSTS = ["SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"]


@pytest.mark.parametrize(("show", "value"), list(zip(HSTS, ["3600", "False", "False"], strict=True)))
def test_hsts_affects_an_hour_and_no_other_host_by_default(tmp_path: Path, show: str, value: str) -> None:
    assert start(tmp_path, show=show, **PRODUCTION).stdout.strip() == value


@pytest.mark.parametrize(("show", "value"), list(zip(HSTS, ["63072000", "True", "True"], strict=True)))
def test_hsts_settings(tmp_path: Path, show: str, value: str) -> None:
    asked = {"HSTS_SECONDS": "63072000", "HSTS_INCLUDE_SUBDOMAINS": "true", "HSTS_PRELOAD": "true"}
    assert start(tmp_path, show=show, **PRODUCTION, **asked).stdout.strip() == value


def test_time_zone_is_utc_by_default(tmp_path: Path) -> None:
    assert start(tmp_path, show="TIME_ZONE", **PRODUCTION).stdout.strip() == "UTC"


def test_redirects_to_https_keep_the_port(tmp_path: Path) -> None:
    origin = "https://news.example.org:8443"
    shown = start(tmp_path, show="SECURE_SSL_HOST", **PRODUCTION | {"ORIGIN": origin})
    assert shown.stdout.strip() == "news.example.org:8443"


def test_secret_key_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 50 + "\n")
    shown = start(tmp_path, show="SECRET_KEY", ORIGIN=PRODUCTION["ORIGIN"], SECRET_KEY_FILE=str(file))
    assert shown.stdout.strip() == "f" * 50, shown.stderr


def test_data_dir_with_special_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a folder #1 50%?"
    shown = start(folder, show="DATABASES", **PRODUCTION)
    assert repr(folder / "spokesperson.sqlite3") in shown.stdout, shown.stderr


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
    shown = start(tmp_path, show="INSTALLED_APPS", **PRODUCTION | {"ORIGIN": "http://127.0.0.1:8000", "DEBUG": debug})
    assert ("debug_toolbar" in shown.stdout) == (debug == "true"), shown.stderr


def test_every_variable_is_documented() -> None:
    assert {"ORIGIN", "SECRET_KEY", "DATABASE_URL"} <= settings.ENVIRONMENT_VARIABLES
    table = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))
    assert documented == settings.ENVIRONMENT_VARIABLES
