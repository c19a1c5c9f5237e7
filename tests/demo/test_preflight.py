"""demo/preflight.py and demo/find-python: what `make demo` checks first."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from demo import preflight
from demo.preflight import PreflightError

ROOT = Path(settings.BASE_DIR)


@pytest.mark.parametrize("text", ["", "abc", "0", "65536", "-1", "80.5", "８０００"])
def test_parse_port_refuses_other_text(text: str) -> None:
    with pytest.raises(PreflightError, match="is not a port"):
        preflight.parse_port(text)


def test_check_port_refuses_a_port_in_use() -> None:
    with socket.create_server((preflight.HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PreflightError, match=f"Port {port} is in use"):
            preflight.check_port(port)


def test_check_folder_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(PreflightError, match="cannot be written to"):
        preflight.check_folder(tmp_path / "var")


def test_ensure_secret_key_writes_one_private_key_once(tmp_path: Path) -> None:
    preflight.ensure_secret_key(tmp_path / "key")
    key = (tmp_path / "key").read_text()
    assert len(key.strip()) >= 50
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    preflight.ensure_secret_key(tmp_path / "key")
    assert (tmp_path / "key").read_text() == key
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def _find_python(python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "demo/find-python", "-c", "print('runs')"],  # noqa: S607
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )


def test_find_python_runs_a_recent_python() -> None:
    assert _find_python(sys.executable).stdout == "runs\n"


def test_find_python_reports_an_old_python_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\ncase "$2" in *exit*) exit 1;; *) echo 3.8.18;; esac\n')
    old.chmod(0o755)
    run = _find_python(str(old))
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "3.12 or newer" in run.stderr
    assert "3.8.18" in run.stderr
