"""`spokesperson init`: write the settings of a site, and create what it needs to serve.

A second run changes nothing that is there; it creates what an earlier run did not.
"""

from __future__ import annotations

import argparse
import os
import pwd
import runpy
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

import environ
import psycopg
from django.core.exceptions import ImproperlyConfigured

from spokesperson.operations import OperationError, become, env_file, set_up
from spokesperson.operations.console import WRONG_ANSWER, Console

SETTINGS_FILE = Path(__file__).parent.parent / "settings.py"
QUESTIONS = {
    "ORIGIN": "Address of the site, such as https://news.example.org",
    "DATABASE_URL": "Database, such as postgres:///spokesperson (nothing: SQLite in the data folder)",
    "EMAIL_URL": "Mail server, such as smtp+tls://user:password@mail.example.org:587 (nothing: emails are printed)",
    "MAIL_FROM": "Sender of emails, such as Our news <news@example.org> (nothing: spokesperson@ and the site's host)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--env-file", type=Path, default=env_file.default_path(), help="where to write (default: %(default)s)"
    )
    parser.add_argument(
        "--no-env-file", action="store_true", help="the settings are in the environment, as in a container"
    )
    parser.add_argument("--user", help="the system user that runs the site (default: spokesperson, if root calls)")
    parser.add_argument(
        "--data-dir", type=Path, help="the data folder (default: /var/lib/spokesperson for root, else var)"
    )
    for name, question in QUESTIONS.items():
        parser.add_argument(f"--{name.lower().replace('_', '-')}", dest=name, metavar="VALUE", help=question)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="any other variable of docs/settings.md"
    )
    parser.add_argument("--overwrite", action="store_true", help="change what the environment file has, without asking")
    parser.add_argument("--admin-username", help="of the first administrator")
    parser.add_argument("--admin-email", help="of the first administrator; it counts as confirmed")
    parser.add_argument(
        "--admin-password-stdin",
        action="store_true",
        help="read the password from standard input; or set DJANGO_SUPERUSER_PASSWORD",
    )
    parser.add_argument("--section", help="the name of the first section")
    parser.add_argument("--site-name", help="the name of the site")
    parser.add_argument(
        "--no-input", action="store_true", help="ask nothing: a missing or wrong answer ends the command"
    )


def run(options: argparse.Namespace) -> int:
    console = Console(can_ask=sys.stdin.isatty() and not options.no_input)
    account = _account(options.user)
    file = None if options.no_env_file else options.env_file
    stored = env_file.read(file)
    data = (
        options.data_dir or Path(stored.get("DATA_DIR") or os.environ.get("DATA_DIR") or _default_data())
    ).absolute()
    _create_folder(data, account)
    # Until the file is written, as root only in effect: PostgreSQL can ask for the user of a local connection.
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    for needed in (os.__file__, __file__):
        if not os.access(needed, os.R_OK, effective_ids=True):
            raise OperationError(f"{account.pw_name} cannot read {needed}: install it where the site's user can.")
    values = _settings(options, console, {**stored, "DATA_DIR": str(data)})
    if file is not None:
        os.seteuid(os.getuid())
        os.setegid(os.getgid())
        env_file.write(file, stored, values, console, overwrite=options.overwrite)
    if os.getuid() == 0:
        os.seteuid(0)
        become(account.pw_uid, account.pw_gid)
    os.environ.update(values)
    set_up(statement_timeout=0)
    from spokesperson.operations import first_content  # noqa: PLC0415 - needs the settings

    first_content.create_folders(console)
    first_content.prepare_database(console)
    first_content.collect_static_files(console)
    password = sys.stdin.readline().rstrip("\n") if options.admin_password_stdin else None
    first_content.create_administrator(
        console,
        username=options.admin_username,
        email=options.admin_email,
        password=password or os.environ.get("DJANGO_SUPERUSER_PASSWORD"),
    )
    first_content.create_section(console, options.section)
    first_content.name_site(console, options.site_name)
    if not console.has_changed:
        print("Everything is there already; nothing was changed.")
    else:
        print("The site is ready: start `spokesperson serve` or the systemd units, and run `spokesperson doctor`.")
    return 0


def _account(name: str | None) -> pwd.struct_passwd:
    """Return the system user that runs the site."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam(name or "spokesperson")
    except KeyError as error:
        raise OperationError(
            f"There is no system user {name or 'spokesperson'}: create one with `adduser --system --group`, or name "
            "another with --user.",
            WRONG_ANSWER,
        ) from error


def _default_data() -> str:
    return "var" if os.geteuid() else "/var/lib/spokesperson"


def _create_folder(folder: Path, account: pwd.struct_passwd) -> None:
    """Create the data folder; the web server in front reads images and static files in it."""
    try:
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        os.chown(folder, account.pw_uid, account.pw_gid)
    except FileExistsError:
        return
    except OSError as error:
        raise OperationError(f"The data folder {folder} cannot be created: {error.strerror}.", WRONG_ANSWER) from error


def _settings(options: argparse.Namespace, console: Console, stored: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the site, each accepted by the settings; stored ones are asked for only if wrong."""
    asks = console.can_ask and "ORIGIN" not in stored
    values = dict(stored)
    if not {"SECRET_KEY", "SECRET_KEY_FILE"} & {*values, *os.environ}:
        values["SECRET_KEY"] = secrets.token_urlsafe(64)
    assignments = dict(assignment.partition("=")[::2] for assignment in options.set)
    values |= assignments
    # Before the questions, whose answers are not what is wrong.
    _, objection = _examine({**values, **dict.fromkeys(QUESTIONS, ""), "ORIGIN": "http://127.0.0.1"})
    if objection:
        raise OperationError(objection, WRONG_ANSWER)
    for name, question in QUESTIONS.items():
        given = getattr(options, name)
        if given is None:
            given = values.get(name, os.environ.get(name))
        if given is None and not asks and name != "ORIGIN":
            given = ""

        def check(text: str, name: str = name) -> str:
            _, objection = _examine({**values, name: text})
            return objection or (_database_objection(text) if name == "DATABASE_URL" else "")

        values[name] = console.answer(question, given, check)
    if values["ORIGIN"].startswith("https:") and "TRUSTED_PROXY_COUNT" not in os.environ:
        values.setdefault("TRUSTED_PROXY_COUNT", "1")
    names, _ = _examine(values)
    if unknown := set(assignments) - names:
        raise OperationError(f"{', '.join(unknown)} is not a setting; docs/settings.md lists them all.", WRONG_ANSWER)
    values = {name: os.environ[name] for name in names & set(os.environ)} | values
    return {name: value for name, value in values.items() if value}


def _examine(values: Mapping[str, str]) -> tuple[frozenset[str], str]:
    """Run spokesperson/settings.py with these variables.

    Returns:
        the names of all that it reads, and why it refuses these, or "".
    """
    if any(not value.isprintable() for value in values.values()):
        return frozenset(), "A setting is one line without control characters."
    before = dict(os.environ)
    try:
        os.environ.update({name: value for name, value in values.items() if value})
        for name in set(QUESTIONS) - {name for name, value in values.items() if value}:
            os.environ.pop(name, None)
        return runpy.run_path(str(SETTINGS_FILE))["ENVIRONMENT_VARIABLES"], ""
    except ImproperlyConfigured as error:
        return frozenset(), str(error)
    finally:
        os.environ.clear()
        os.environ.update(before)


def _database_objection(url: str) -> str:
    """Return why this PostgreSQL database cannot be used, or ""."""
    if not url.startswith("p"):  # SQLite
        return ""
    database = environ.Env.db_url_config(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    parameters = {names[key]: value for key, value in database.items() if key in names and value}
    try:
        psycopg.connect(**parameters, connect_timeout=5).close()
    except psycopg.Error as error:
        return f"The database cannot be used: {str(error).strip().partition(chr(10))[0]}"
    return ""
