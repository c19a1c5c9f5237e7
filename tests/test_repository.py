"""The repository: no third-party or generated files, no local paths, locks with hashes, valid links."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))


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


def test_no_third_party_files() -> None:
    third_party = re.compile(
        r"\.min\.(js|css)$|\.(woff2?|ttf|otf|eot)$|(^|/)(node_modules|vendor|site-packages)/|\.whl$|\.jar$"
    )
    assert [name for name in TRACKED if third_party.search(name)] == []


def test_no_generated_files() -> None:
    generated = re.compile(
        r"(^|/)(uv\.lock|pylock.*\.toml|poetry\.lock|package-lock\.json)$|^(var|dist|\.venv)/|\.sqlite3|\.py[co]$|\.mo$"
    )
    assert [name for name in TRACKED if generated.search(name)] == []


def test_no_file_names_local_paths_or_registries() -> None:
    local_path = re.compile(r"(?<![\w.\-/])/(?:root|work|home|Users)/[\w.]")
    registry = re.compile(r"pypi\.(?:org|python)|files\.pythonhosted|registry\.npmjs")
    found = [
        f"{name}: {match.group()}"
        for name, text in _texts().items()
        for pattern in (local_path, registry)
        for match in pattern.finditer(text)
        if name != "tests/test_repository.py"  # which contains the patterns
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_version_and_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    for line in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line), line
        assert "--hash=sha256:" in line, line
    assert "://" not in text


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))


def test_development_lock_includes_runtime_lock() -> None:
    assert _pins("requirements.txt").items() <= _pins("requirements-dev.txt").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_have_the_same_versions(lock: str) -> None:
    runtime = _pins("requirements.txt")
    assert {name: pin for name, pin in _pins(lock).items() if runtime.get(name, pin) != pin} == {}


def test_no_document_installs_our_name_from_an_index() -> None:
    """The public index has no package of this name, so an attacker who takes the name would be installed."""
    install = re.compile(r"pip install[^\n]*\sspokesperson|pip install[^\n]*['\"]spokesperson\[")
    found = [name for name, text in _texts().items() if install.search(text)]
    assert [name for name in found if name != "tests/test_repository.py"] == []


def test_make_commands_in_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for line in re.findall(r"^([a-z -]+):", makefile, re.MULTILINE) for name in line.split()}
    for document in ("README.md", "CONTRIBUTING.md"):
        commands = re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)
        assert commands, document
        assert not set(commands) - targets, document


@pytest.mark.parametrize("document", [name for name in TRACKED if name.endswith(".md")])
def test_links_in_documents_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [one for one in targets if not ((ROOT / document).parent / one).exists()]
    # The screenshots of the README are taken at release.
    assert [one for one in missing if not one.endswith(".webp")] == []


def _test_names() -> set[str]:
    """Return the names of all test functions and methods in tests/."""
    names = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.ClassDef):
                names |= {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    return names


def test_tests_named_in_security_promises_exist() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", text))
    assert len(named) > 60
    assert named - _test_names() == set()


def test_every_security_promise_names_a_test_or_says_not_yet_tested() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| Promise |")]
    assert rows
    assert [row for row in rows if "`test_" not in row and "not yet tested" not in row.lower()] == []
