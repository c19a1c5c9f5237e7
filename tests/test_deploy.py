"""The unit files and the script of deploy/."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.e2e.conftest import skip_or_fail

DEPLOY = Path(settings.BASE_DIR, "deploy")
UNITS = sorted(DEPLOY.glob("*.service"))
# Of systemd-analyze, from 0 to 10.
MAX_EXPOSURE = 2.0


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units_see_only_what_they_need(unit: Path) -> None:
    if not shutil.which("systemd-analyze"):
        skip_or_fail("systemd is not installed.")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MAX_EXPOSURE * 10:.0f}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


def test_units_have_the_same_limits() -> None:
    """What is said of one is true of the other; only the worker writes backups."""

    def limits(unit: Path) -> set[str]:
        text = unit.read_text(encoding="utf-8").partition("StateDirectory=")[2]
        return set(re.findall(r"^\w+=.*$", text.partition("[Install]")[0], re.MULTILINE))

    assert {unit.stem for unit in UNITS} == {"spokesperson-web", "spokesperson-worker"}
    assert len(limits(UNITS[0])) > 20
    assert limits(UNITS[0]) == limits(UNITS[1])


@pytest.mark.parametrize("script", ["install.sh", "spokesperson"])
def test_scripts_are_executable(script: str) -> None:
    assert (DEPLOY / script).stat().st_mode & 0o111
    subprocess.run(["sh", "-n", DEPLOY / script], check=True)  # noqa: S603, S607
