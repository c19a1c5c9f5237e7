"""`spokesperson upgrade`: a new version beside the old one, and the old one again if it fails."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from spokesperson.operations import OperationError, pending, upgrade

PROGRAM = """#!/bin/sh
# Acts as Python: `python -m spokesperson ...`, `python -m pip ...`.
here=$(dirname "$(dirname "$0")")
shift
echo "$(cat "$here/version"): $*" >>"{log}"
case "$1:$2" in
    pip:install) for last; do :; done; cat "$last" >"$here/version" ;;
esac
case "$*" in
    *--pending) cat "{pending}" ;;
    *"{failing}"*) echo "this step fails"; exit 1 ;;
esac
"""


class Installation:
    """A folder that looks like an environment with Spokesperson in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code, self.data, self.log = folder / "venv", folder / "data", folder / "log"
        self.pending = folder / "pending.json"
        (self.code / "bin").mkdir(parents=True)
        self.data.mkdir()
        (self.code / "version").write_text("old")
        (folder / "new.whl").write_text("new")
        (self.code / "bin" / "spokesperson").write_text(f"#!{self.code}.new/bin/python\nimport spokesperson\n")
        self.set(failing="nothing")

    def set(self, *, failing: str, pending: str = '{"count": 0, "downtime": [], "before": {}}') -> None:
        """Set which command fails, and what `upgrade --pending` answers."""
        self.pending.write_text(pending)
        program = self.code / "bin" / "python"
        program.write_text(PROGRAM.format(log=self.log, pending=self.pending, failing=failing))
        program.chmod(0o755)

    @property
    def version(self) -> str:
        return (self.code / "version").read_text()

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().replace(str(self.folder), "").splitlines() if self.log.exists() else []


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    installation = Installation(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(installation.code))
    monkeypatch.setenv("DATA_DIR", str(installation.data))
    monkeypatch.setattr(upgrade, "HEALTH_TIMEOUT", 0.3)
    monkeypatch.setattr(upgrade, "SECONDS_PER_PROCESS", 0.05)
    monkeypatch.setattr(upgrade, "SPARE_SECONDS", 0)
    monkeypatch.setattr(upgrade, "PAUSE", 0.01)
    return installation


@pytest.fixture
def health() -> Any:
    """Serve /health/; `status` is a function that returns the status."""
    site = argparse.Namespace(status=lambda: 200, hosts=[])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.hosts.append(self.headers["Host"])
            self.send_response(site.status())
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}/health/"
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture
def run(site: Installation, health: Any) -> Callable[..., int]:
    """Return a function that upgrades to the wheel."""

    def run_upgrade(*arguments: str) -> int:
        parser = argparse.ArgumentParser()
        upgrade.add_arguments(parser)
        restart = f"echo restart >>{site.log}"
        options = ["--restart", restart, "--stop", f"echo stop >>{site.log}", "--health", health.url]
        return upgrade.run(parser.parse_args(["--wheel", str(site.folder / "new.whl"), *options, *arguments]))

    return run_upgrade


def test_upgrade_does_all_steps_in_order(site: Installation, run: Callable[..., int], health: Any) -> None:
    site.set(failing="nothing", pending='{"count": 3, "downtime": [], "before": {"core": "0001_initial"}}')
    (site.folder / "requirements.txt").write_text("old")
    assert run("--requirements", str(site.folder / "requirements.txt")) == 0
    pip = "pip install --quiet --disable-pip-version-check --no-input"
    assert site.calls == [
        "old: spokesperson backup",
        f"old: {pip} --require-hashes -r /requirements.txt",
        f"old: {pip} --no-deps --no-index --force-reinstall /new.whl",
        "new: spokesperson manage check",
        "new: spokesperson upgrade --pending",
        "new: spokesperson manage migrate --no-input",
        "new: spokesperson manage collectstatic --no-input",
        "restart",
    ]
    assert site.version == "new"
    assert (site.folder / "venv.previous" / "version").read_text() == "old"
    # Programs name the folder that they are in now.
    assert (site.code / "bin" / "spokesperson").read_text().startswith(f"#!{site.code}/bin/python\n")
    assert set(health.hosts) == {"testserver"}


def test_upgrade_without_migrations_does_not_migrate(site: Installation, run: Callable[..., int]) -> None:
    run("--no-backup")
    assert not any("migrate" in call or "backup" in call for call in site.calls)


def test_upgrade_stops_the_services_for_a_migration_that_needs_it(site: Installation, run: Callable[..., int]) -> None:
    site.set(failing="nothing", pending='{"count": 1, "downtime": ["a.0002 (b)"], "before": {"a": "0001_initial"}}')
    run()
    assert [call for call in site.calls if call in {"stop", "restart"} or "migrate" in call] == [
        "stop",
        "new: spokesperson manage migrate --no-input",
        "restart",
    ]


def test_upgrade_whose_backup_fails_changes_nothing(site: Installation, run: Callable[..., int]) -> None:
    site.set(failing="backup")
    with pytest.raises(OperationError, match=r"Step 1 \(Back up\) failed"):
        run()
    assert site.calls == ["old: spokesperson backup"]
    assert not (site.folder / "venv.new").exists()


@pytest.mark.parametrize("failing", ["pip install", "manage check", "manage migrate", "collectstatic"])
def test_upgrade_that_fails_before_the_exchange_leaves_the_old_version_running(
    site: Installation, run: Callable[..., int], failing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site.set(failing=failing, pending='{"count": 1, "downtime": [], "before": {"core": "0001_initial"}}')
    with pytest.raises(OperationError, match=r"failed\. The old version runs as before") as caught:
        run()
    assert caught.value.code == 1
    assert site.version == "old"
    assert "restart" not in site.calls
    assert "this step fails" in capsys.readouterr().err


def test_upgrade_that_does_not_answer_returns_to_the_old_version(
    site: Installation, run: Callable[..., int], health: Any
) -> None:
    site.set(failing="nothing", pending='{"count": 1, "downtime": [], "before": {"core": "0001_initial"}}')
    health.status = lambda: 503 if site.version == "new" else 200
    with pytest.raises(
        OperationError, match=r"does not answer 200 but: HTTP Error 503.* The old version runs as before"
    ):
        run()
    assert site.version == "old"
    assert (site.folder / "venv.failed" / "version").read_text() == "new"
    # Migrations that the old version can serve with stay.
    assert [call for call in site.calls if "migrate" in call] == ["new: spokesperson manage migrate --no-input"]
    assert site.calls.count("restart") == 2


def test_upgrade_watches_the_site_until_all_processes_are_replaced(
    site: Installation, run: Callable[..., int], health: Any
) -> None:
    """A reload replaces them one after another."""
    words = ["-m", "granian", "--workers", "2", "--workers", "15", "spokesperson.wsgi:application"]
    with subprocess.Popen([sys.executable, "-c", "input()", *words], stdin=subprocess.PIPE) as server:  # noqa: S603
        assert upgrade.web_processes() == 15
        asked: list[float] = []
        health.status = lambda: asked.append(time.monotonic()) or 200  # type: ignore[func-returns-value]
        run()
        server.kill()
    assert asked[-1] - asked[0] > 0.4  # Of 15 times 0.05 s; with two processes it is 0.1 s.
    assert upgrade.web_processes() < 15


def test_upgrade_that_fails_after_a_migration_with_downtime_reverses_it(
    site: Installation, run: Callable[..., int]
) -> None:
    site.set(
        failing="collectstatic", pending='{"count": 1, "downtime": ["a.0002 (b)"], "before": {"a": "0001_initial"}}'
    )
    with pytest.raises(OperationError, match="The old version runs as before"):
        run()
    assert site.calls[-2:] == ["new: spokesperson manage migrate a 0001_initial --no-input", "restart"]


def test_upgrade_says_that_the_old_version_does_not_run_either(
    site: Installation, run: Callable[..., int], health: Any
) -> None:
    health.status = lambda: 503
    with pytest.raises(OperationError, match="The old version does not run again") as caught:
        run()
    assert caught.value.code == 3
    assert site.version == "old"


def test_upgrade_dry_run_prints_steps_and_does_nothing(
    site: Installation, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--dry-run") == 0
    assert site.calls == []
    printed = capsys.readouterr().out
    assert [line.partition(". ")[2] for line in printed.splitlines() if line[0].isdigit()] == [
        "Back up",
        "Remove what an earlier upgrade left",
        "Copy the code",
        "Install new.whl",
        "Check the settings",
        "List the migrations",
        "Migrate",
        "Collect static files",
        f"Exchange {site.code} and {site.code}.new",
        "Restart",
        f"Wait for {printed.rpartition('Wait for ')[2].split()[0]}",
    ]
    assert printed.endswith("Nothing was done.\n")


@pytest.mark.parametrize("data", ["", "var", "{code}/var"])
def test_upgrade_refuses_data_inside_the_code(
    site: Installation, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, data: str
) -> None:
    monkeypatch.setenv("DATA_DIR", data.format(code=site.code))
    with pytest.raises(OperationError, match="DATA_DIR must be outside"):
        run()


def test_upgrade_needs_a_version() -> None:
    with pytest.raises(OperationError, match="Name the new version") as caught:
        upgrade.run(argparse.Namespace(pending=False, wheel=None, git=None))
    assert caught.value.code == 2


def test_upgrade_exchanges_what_is_in_the_folder_and_leaves_the_folder(
    site: Installation, run: Callable[..., int]
) -> None:
    """A server that runs in it starts its next processes from there."""
    (site.code / "removed").write_text("old")
    before = site.code.stat().st_ino
    run()
    assert site.code.stat().st_ino == before
    assert not (site.folder / "venv.new").exists()


def test_upgrade_that_fails_in_the_middle_of_the_exchange_undoes_it(
    site: Installation, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self == site.folder / "venv.new" / "version":
            raise PermissionError("refused")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    before = sorted(path.name for path in site.code.iterdir())
    with pytest.raises(OperationError, match=r"refused The old version runs as before\."):
        run()
    assert site.version == "old"
    assert sorted(path.name for path in site.code.iterdir()) == before
    assert "restart" not in site.calls


def test_upgrade_of_another_checkout_uses_its_environment(tmp_path: Path) -> None:
    """Such as one of version 0.2, which has no command for it."""
    parser = argparse.ArgumentParser()
    upgrade.add_arguments(parser)
    one = upgrade.Upgrade(parser.parse_args(["--git", "v9", "--code", str(tmp_path / "site")]))
    assert one.spokesperson(one.new, "manage", "check") == [
        *("env", "-C", f"{tmp_path}/site.new", f"{tmp_path}/site.new/.venv/bin/python"),
        *("-m", "spokesperson", "manage", "check"),
    ]


def test_upgrade_of_a_checkout_pulls_or_checks_out(site: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """With git and make; the steps after that are the same."""
    origin, code = site.folder / "origin", site.folder / "site"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]

    def commit(version: str) -> None:
        (origin / "version").write_text(version)
        (origin / "Makefile").write_text(f"catalogues:\n\t@echo made >{site.folder}/made\n")
        for command in (["add", "."], ["commit", "--quiet", "-m", version], ["tag", version]):
            subprocess.run([*git, "-C", origin, *command], check=True)  # noqa: S603

    subprocess.run([*git, "init", "--quiet", origin], check=True)  # noqa: S603
    for version in ("1", "2", "3"):
        commit(version)
        if version == "1":
            subprocess.run([*git, "clone", "--quiet", origin, code], check=True)  # noqa: S603
    parser = argparse.ArgumentParser()
    upgrade.add_arguments(parser)
    for arguments, version in ((["--git", "2"], "2"), (["--git", "3"], "3")):
        one = upgrade.Upgrade(parser.parse_args(arguments))
        one.code = code
        one.new, one.old, one.failed = (site.folder / f"site.{name}" for name in ("new", "previous", "failed"))
        one.install()
        assert (site.folder / "made").exists()
        assert ((one.new / "version").read_text(), (code / "version").read_text()) == (version, "1")
    assert upgrade.Upgrade(parser.parse_args(["--git"])).code == Path(upgrade.__file__).parents[2]


@pytest.mark.django_db
def test_pending_says_what_migrate_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    assert pending.pending() == {"count": 0, "downtime": [], "before": {}}
    count, _ = MigrationRecorder.Migration.objects.filter(app="articles", name__gte="0003").delete()
    assert count > 3
    assert pending.pending() == {
        "count": count,
        "downtime": ["articles.0004_image_takedown (version 0.2 stores images without the new column)"],
        "before": {"articles": "0002_recovered_draft"},
    }
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "spokesperson.settings"
