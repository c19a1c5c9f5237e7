"""What the repository itself promises: our own files alone, nothing of one machine, and locks with hashes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LOCKS = ("requirements.txt", "requirements-dev.txt")


def _tracked() -> list[str]:
    run = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [name for name in run.stdout.split("\0") if name and (ROOT / name).is_file()]


TRACKED = _tracked()
pytestmark = pytest.mark.skipif(not TRACKED, reason="not a git checkout")


def _texts() -> dict[str, str]:
    found = {}
    for name in TRACKED:
        try:
            found[name] = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_is_somebody_elses() -> None:
    foreign = re.compile(
        r"\.min\.(js|css)$|\.(woff2?|ttf|otf|eot)$|(^|/)(node_modules|vendor|site-packages)/|\.whl$|\.jar$"
    )
    assert [name for name in TRACKED if foreign.search(name)] == []


def test_what_is_made_is_not_kept() -> None:
    made = re.compile(
        r"(^|/)(uv\.lock|pylock.*\.toml|poetry\.lock|package-lock\.json)$|^(var|\.venv)/|\.sqlite3|\.py[co]$"
    )
    assert [name for name in TRACKED if made.search(name)] == []


def test_no_file_knows_a_machine_or_a_registry() -> None:
    machine = re.compile(r"(?<![\w.\-/])/(?:root|work|home|Users)/[\w.]")
    registry = re.compile(r"pypi\.(?:org|python)|files\.pythonhosted|registry\.npmjs")
    found = [
        f"{name}: {match.group()}"
        for name, text in _texts().items()
        for pattern in (machine, registry)
        for match in pattern.finditer(text)
        if name != "tests/test_repository.py"  # which says what it looks for
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_a_version_and_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    for line in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line), line
        assert "--hash=sha256:" in line, line
    assert "://" not in text


def test_the_development_lock_holds_the_other_one() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+==[^\s;]+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_the_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        commands = re.findall(r"`?make ([a-z]+)\b", (ROOT / document).read_text(encoding="utf-8"))
        assert set(commands) & targets, document
        assert not {one for one in commands if one in {"demo", "test", "lint", "fix", "lock", "clean"}} - targets


@pytest.mark.parametrize("document", [name for name in TRACKED if name.endswith(".md")])
def test_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [one for one in targets if not ((ROOT / document).parent / one).exists()]
    # The pictures of the README are taken from the running site, last of all.
    assert [one for one in missing if not one.endswith(".webp")] == []
