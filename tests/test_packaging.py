"""The wheel contains everything the site needs, and the command `spokesperson` runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

import spokesperson
from spokesperson import cli
from spokesperson.management.commands.data_model import document

ROOT = Path(settings.BASE_DIR)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _build_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    run = subprocess.run(  # noqa: S603
        [*command, "--quiet", "--wheel-dir", str(folder), str(ROOT)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    [wheel] = folder.glob(f"spokesperson-{spokesperson.__version__}-*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel."""
    return _build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def wheel_files(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_is_the_same_when_built_again(wheel: Path, tmp_path: Path) -> None:
    assert _build_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_wheel_contains_a_bill_of_materials_of_the_lock(wheel: Path) -> None:
    path = f"spokesperson-{spokesperson.__version__}.dist-info/sboms/spokesperson.cdx.json"
    sbom = json.loads(zipfile.ZipFile(wheel).read(path))
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom["metadata"]["component"]["version"] == spokesperson.__version__
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    assert {part["name"]: part["version"] for part in sbom["components"]} == locked
    hashes = [
        digest["content"]
        for part in sbom["components"]
        for file in part["externalReferences"]
        for digest in file["hashes"]
    ]
    assert sorted(hashes) == sorted(re.findall(r"--hash=sha256:(\w+)", lock))
    needs = {part["ref"]: part["dependsOn"] for part in sbom["dependencies"]}
    assert set(needs) == {*locked, "spokesperson"}
    declared = {re.split(r"[^\w-]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert set(needs["spokesperson"]) == {*declared, "polib"}
    assert "asgiref" in needs["django"]


def _files(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("package", ["accounts", "articles", "core", "demo", "spokesperson"])
def test_wheel_contains_every_file_of_the_packages(wheel_files: set[str], package: str) -> None:
    assert _files(package) - wheel_files == set()


@pytest.mark.parametrize("folder", ["static", "templates"])
def test_wheel_contains_templates_and_static_files(wheel_files: set[str], folder: str) -> None:
    assert _files(folder)
    assert {f"spokesperson/{name}" for name in _files(folder)} - wheel_files == set()


def test_wheel_contains_compiled_catalogues(wheel_files: set[str]) -> None:
    expected = {f"spokesperson/{name[:-2]}mo" for name in _files("locale") if name.endswith(".po")}
    assert expected
    assert {name for name in wheel_files if name.startswith("spokesperson/locale/")} == expected


def test_wheel_contains_nothing_else(wheel_files: set[str]) -> None:
    top = {name.partition("/")[0] for name in wheel_files}
    assert top <= {
        *("accounts", "articles", "core", "demo", "spokesperson"),
        f"spokesperson-{spokesperson.__version__}.dist-info",
    }


def test_version_is_defined_once() -> None:
    assert "version" in PROJECT["dynamic"]
    assert "version" not in PROJECT


def test_every_extra_has_a_lock_file() -> None:
    locks = {path.stem.removeprefix("requirements-") for path in ROOT.glob("requirements-*.txt")} - {"dev"}
    assert locks == set(PROJECT["optional-dependencies"])


def test_version_option_prints_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"spokesperson {spokesperson.__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_lists_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = cli.main(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 0
    output = capsys.readouterr().out
    assert "demo" in output
    assert "manage" in output


@pytest.mark.parametrize("arguments", [["frobnicate"], ["demo", "--frobnicate"], ["--frobnicate"]])
def test_unknown_argument_prints_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--help" in error


def test_manage_passes_all_arguments_to_django(monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[list[str]] = []
    monkeypatch.setattr(cli, "execute_from_command_line", passed.append)
    assert cli.main(["manage", "check", "--deploy", "--help"]) == 0
    assert passed == [["spokesperson manage", "check", "--deploy", "--help"]]


def test_manage_with_invalid_setting_prints_one_line() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "spokesperson", "manage", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ORIGIN": "news.example.org"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == os.EX_CONFIG
    assert run.stderr.startswith("ORIGIN must be")
    assert run.stderr.count("\n") == 1


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A copy of the environment that the command can change; Django's commands are not run."""
    copy = dict(os.environ)
    monkeypatch.setattr(os, "environ", copy)
    monkeypatch.setattr(cli, "execute_from_command_line", lambda _: None)
    return copy


def test_demo_ignores_settings_of_the_environment(environment: dict[str, str], tmp_path: Path) -> None:
    environment["DATABASE_URL"] = "postgres://a-real-site"
    assert cli.main(["demo", "--port", "8765", "--data", str(tmp_path / "data")]) == 0
    assert "DATABASE_URL" not in environment
    assert environment["ORIGIN"] == "http://127.0.0.1:8765"
    assert environment["DATA_DIR"] == str(tmp_path / "data")
    key = Path(environment["SECRET_KEY_FILE"])
    assert key.parent == tmp_path / "data"
    assert len(key.read_text()) >= 50


@pytest.mark.parametrize(("port", "data"), [("http", "data"), ("8765", "file/data")])
def test_demo_with_invalid_argument_prints_one_line(
    port: str, data: str, environment: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["demo", "--port", port, "--data", str(tmp_path / data)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_data_model_document_is_up_to_date() -> None:
    written = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    assert written.rstrip("\n") == document(), "Run `make diagram`."
