"""The subcommands of `spokesperson`: help, exit codes and documents."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from spokesperson import cli
from spokesperson.operations import OperationError, env_file, maintenance
from tests.operations.conftest import ROOT


def test_help_of_every_subcommand_needs_no_settings() -> None:
    """In one process, because each takes a second."""
    script = (
        "from spokesperson import cli\n"
        "for name in cli.OPERATIONS:\n"
        "    try: cli.main([name, '--help'])\n"
        "    except SystemExit as end: assert end.code == 0, name\n"
    )
    command = [sys.executable, "-c", script]
    run = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    for name, text in cli.OPERATIONS.items():
        assert f"usage: spokesperson {name}" in run.stdout
        assert text[1:20] in run.stdout


@pytest.mark.parametrize("name", cli.OPERATIONS)
def test_every_subcommand_is_documented(name: str) -> None:
    assert f"| `spokesperson {name}" in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationError("This is the reason."), 1),
        (OperationError("This is the reason.", 2), 2),
        (ImproperlyConfigured("This is the reason."), os.EX_CONFIG),
    ],
)
def test_errors_are_one_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int
) -> None:
    def fail(options: object) -> int:
        raise error

    monkeypatch.setattr(maintenance, "run", fail)
    assert cli.main(["maintenance"]) == code
    assert capsys.readouterr().err == "This is the reason.\n"


def test_env_file_that_cannot_be_read_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "site.env"
    file.touch()
    monkeypatch.delenv("ORIGIN")
    monkeypatch.setenv("SPOKESPERSON_ENV_FILE", str(file))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert cli.main(["manage", "check"]) == 1
    assert capsys.readouterr().err == f"{file} cannot be read: run the command as root.\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_continues_as_the_owner_of_the_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 12345, 12346)  # no user has this number
    script = (
        "import os; from spokesperson.operations import env_file; env_file.load(); print(os.getresuid(), os.getgid())"
    )
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ORIGIN": "https://news.example.org", "DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.strip() == "(12345, 12345, 12345) 12346", run.stderr


def test_upgrade_goes_on_as_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It writes next to the code and restarts services; the other commands go on as the owner of DATA_DIR."""
    became: list[str] = []
    monkeypatch.setattr(env_file, "load", lambda: became.append("the owner"))
    monkeypatch.setattr(maintenance, "run", lambda _options: 0)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert cli.main(["upgrade", "--git", "--dry-run"]) == 0
    assert became == []
    assert cli.main(["maintenance"]) == 0
    assert became == ["the owner"]
