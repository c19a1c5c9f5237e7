"""`spokesperson init`: from an empty folder to a site; a second run changes nothing; wrong answers are one sentence."""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from spokesperson import cli
from spokesperson.operations import env_file, init
from spokesperson.operations.console import Console
from tests.operations.conftest import ADMINISTRATOR, PASSWORD, ROOT, Site


def variables(site: Site) -> dict[str, str]:
    return env_file.read(site.env_file)


def files(folder: Path) -> dict[Path, int]:
    return {
        path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and "sqlite3" not in path.name
    }


def test_init_creates_settings_folders_and_tables(unfinished: Site) -> None:
    assert unfinished.env_file.stat().st_mode & 0o777 == 0o600
    found = variables(unfinished)
    assert found["DATA_DIR"] == str(unfinished.data)
    assert len(found["SECRET_KEY"]) >= 50
    assert found["ORIGIN"].startswith("http://127.0.0.1:")
    modes = {path.name: path.stat().st_mode & 0o777 for path in unfinished.data.iterdir()}
    assert modes["media"] == modes["static"] == 0o755
    assert modes["backups"] == 0o700
    assert modes["spokesperson.sqlite3"] == 0o600
    assert (unfinished.data / "static" / "staticfiles.json").is_file()
    assert unfinished.rows("SELECT count(*) FROM accounts_user") == [(0,)]


def test_init_without_administrator_says_what_is_missing(site: Site) -> None:
    run = site.init()
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "Username: This field cannot be blank.\n"


def test_init_finishes_and_a_second_run_changes_nothing(site: Site) -> None:
    options = [*ADMINISTRATOR, "--section", "City news", "--site-name", "Our news"]
    first = site.init(*options, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    assert first.returncode == 0, first.stderr
    assert "Created the administrator chief." in first.stdout
    assert site.rows("SELECT username, is_superuser FROM accounts_user") == [("chief", 1)]
    assert site.rows('SELECT email, verified, "primary" FROM account_emailaddress') == [("chief@example.org", 1, 1)]
    assert site.rows("SELECT name, slug FROM articles_section") == [("City news", "city-news")]
    assert site.rows("SELECT name FROM core_sitesettings") == [("Our news",)]
    assert PASSWORD not in first.stdout + site.env_file.read_text(encoding="utf-8")

    before = files(site.folder)
    second = site.init("--section", "Other", "--site-name", "Other", DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    assert (second.returncode, second.stdout, second.stderr) == (
        0,
        "Everything is there already; nothing was changed.\n",
        "",
    )
    assert files(site.folder) == before
    assert site.rows("SELECT name FROM articles_section") == [("City news",)]


def test_init_replaces_a_value_only_if_told(site: Site) -> None:
    before = site.env_file.read_text(encoding="utf-8")
    site.env_file.write_text("# our own comment\n" + before, encoding="utf-8")
    key = variables(site)["SECRET_KEY"]
    run = site.init("--origin", "https://news.example.org")
    assert run.returncode == 2
    assert (
        run.stderr
        == f"{site.env_file} has other values of ORIGIN: add --overwrite to replace them. Nothing was changed.\n"
    )
    assert site.env_file.read_text(encoding="utf-8") == "# our own comment\n" + before

    site.init("--origin", "https://news.example.org", "--overwrite")
    assert variables(site) == {
        "DATA_DIR": str(site.data),
        "SECRET_KEY": key,
        "ORIGIN": "https://news.example.org",
        "TRUSTED_PROXY_COUNT": "1",
    }
    assert site.env_file.read_text(encoding="utf-8").startswith("# our own comment\n")
    assert site.env_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "ORIGIN must be the site's address"),
        (["--origin", "news.example.org"], "ORIGIN must be the site's address"),
        (["--database-url", "mysql://localhost/news"], "DATABASE_URL must begin with"),
        (["--database-url", "postgres://nobody:wrong@127.0.0.1:1/none"], "The database cannot be used: connection"),
        (["--email-url", "smtps://mail.example.org"], "EMAIL_URL must begin with"),
        (["--mail-from", "news"], "MAIL_FROM must be an address"),
        (["--set", "TIME_ZONE=Yerevan"], "TIME_ZONE must be a name"),
        (["--set", "TIMEZONE=UTC"], "TIMEZONE is not a setting"),
        (["--user", "no-such-user"], "There is no system user no-such-user"),
        (["--env-file", "/nowhere/site.env"], "/nowhere/site.env cannot be written"),
        (["--data-dir", "/dev/null/data"], "The data folder /dev/null/data cannot be created"),
    ],
)
def test_init_with_a_wrong_answer_and_no_terminal_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    if options[:1] == ["--user"] and os.geteuid():
        pytest.skip("only root chooses the user")
    for name in settings.ENVIRONMENT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "site.env"
    user = ["--user", "root"] if os.geteuid() == 0 else []
    origin = [] if not options or "--origin" in options else ["--origin", "https://news.example.org"]
    place = ["--env-file", str(file), "--data-dir", str(tmp_path / "data")]
    assert cli.main(["init", "--no-input", *user, *place, *origin, *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1
    assert not file.exists()


class Terminal:
    """`spokesperson init` with a terminal, as an operator sees it."""

    def __init__(self, site: Site, *arguments: str) -> None:
        self.output = ""
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            command = site.command("init", *(["--user", "root"] if os.geteuid() == 0 else []), *arguments)
            os.execve(command[0], command, site.environ)  # noqa: S606 - our own command

    def answer(self, question: str, text: str) -> str:
        """Wait for a question; type the answer; return what was printed before the question."""
        deadline = time.monotonic() + 60
        while question not in self.output:
            assert time.monotonic() < deadline, self.output
            self.read()
        before, _question, self.output = self.output.partition(question)
        os.write(self.file, f"{text}\n".encode())
        return before

    def read(self) -> bool:
        """Read what was printed meanwhile; return whether the command still runs."""
        if select.select([self.file], [], [], 0.2)[0]:
            try:
                self.output += os.read(self.file, 4096).decode()
            except OSError:
                return False
        return True

    def end(self) -> int:
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_init_on_a_terminal_asks_again_after_a_wrong_answer(site: Site) -> None:
    site.env_file.unlink()
    terminal = Terminal(site, "--data-dir", str(site.data))
    terminal.answer("Address of the site", "news.example.org")
    terminal.answer("ORIGIN must be the site's address", "")
    terminal.answer("Address of the site", "https://news.example.org")
    terminal.answer("Database", "")
    terminal.answer("Mail server", "mail.example.org")
    terminal.answer("Mail server", "")
    terminal.answer("Sender of emails", 'Our "news" <news@example.org>')
    terminal.answer("Username", "chief of the news")
    terminal.answer("Username of the administrator", "chief")
    terminal.answer("Email address", "chief@example")
    terminal.answer("Email address of the administrator", "chief@example.org")
    terminal.answer("Password", "1234567890")
    terminal.answer("The same again", "1234567890")
    assert "too common" in terminal.answer("Password of the administrator", "")
    terminal.answer("The same again", "")
    terminal.answer("Password of the administrator", PASSWORD)
    terminal.answer("The same again", PASSWORD)
    terminal.answer("Name of the first section", "News")
    terminal.answer("Name of the site", "")
    assert terminal.end() == 0, terminal.output
    assert PASSWORD not in terminal.output
    assert variables(site)["MAIL_FROM"] == 'Our "news" <news@example.org>'
    assert site.rows("SELECT username FROM accounts_user") == [("chief",)]

    # Everything is known, so nothing is asked.
    again = Terminal(site)
    assert again.end() == 0
    assert "nothing was changed" in again.output

    changed = Terminal(site, "--origin", "https://other.example.org")
    changed.answer("Replace them? [y/N]", "n")
    assert changed.end() == 1
    assert variables(site)["ORIGIN"] == "https://news.example.org"


def test_env_file_is_read_by_the_commands(site: Site) -> None:
    run = site.run("manage", "shell", "-v0", "-c", "from django.conf import settings; print(settings.DATA_DIR)")
    assert run.stdout.strip() == str(site.data), run.stderr
    # The environment wins, as under systemd.
    run = site.run("manage", "check", ORIGIN="news.example.org")
    assert run.returncode == os.EX_CONFIG


@pytest.mark.parametrize("value", ['Our "news" <a@b.org>', "a$b`c\\d", "it's", "a b#c", "postgres://u:p%40ss@h/d?x=1"])
def test_env_file_means_the_same_to_python_and_to_a_shell(tmp_path: Path, value: str) -> None:
    file = tmp_path / "site.env"
    env_file.write(file, {}, {"NAME": value}, Console(can_ask=False), overwrite=False)
    assert env_file.read(file) == {"NAME": value}
    shell = os.popen(f'. {file}; printf %s "$NAME"').read()  # noqa: S605 - a test's own folder
    assert shell == value


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="creates a database on the server")
@pytest.mark.django_db
def test_init_on_postgresql(tmp_path: Path) -> None:
    parameters = connection.get_connection_params()
    name = f"{connection.settings_dict['NAME']}_init"
    url = re.sub(r"/[^/]+$", f"/{name}", os.environ["DATABASE_URL"])
    server = {key: parameters[key] for key in ("host", "port", "user", "password") if key in parameters}
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}"')
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            site = Site(tmp_path)
            options = ["--origin", "https://news.example.org", "--database-url", url, "--section", "News"]
            (site.data / "static").mkdir(parents=True)
            (site.data / "static" / "staticfiles.json").write_text('{"version": "1.1", "paths": {}}')
            run = site.init(*options, *ADMINISTRATOR, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
            assert run.returncode == 0, run.stderr
            assert not (site.data / "spokesperson.sqlite3").exists()
            with psycopg.connect(**server, dbname=name) as database:
                assert database.execute("SELECT username FROM accounts_user").fetchall() == [("chief",)]
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_init_copies_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in settings.ENVIRONMENT_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    given = {
        "ORIGIN": "https://news.example.org",
        "SECRET_KEY": "s" * 60,
        "HSTS_SECONDS": "60",
        "TRUSTED_PROXY_COUNT": "2",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    parser = argparse.ArgumentParser()
    init.add_arguments(parser)
    options = parser.parse_args(["--set", "PAGE_CACHE_MB=32"])
    stored = {"DATA_DIR": str(tmp_path)}
    values = init._settings(options, Console(can_ask=False), stored)
    assert values == {**given, **stored, "PAGE_CACHE_MB": "32"}
