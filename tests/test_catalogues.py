"""The translations of the interface: complete, well-formed, and compiled by polib like by gettext."""

from __future__ import annotations

import gettext
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
OWN = sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))
CATALOGUES = [*OWN, *sorted(ROOT.glob("locale/libraries/*/LC_MESSAGES/django.po"))]


def name_of(path: Path) -> str:
    return "-".join(path.relative_to(ROOT / "locale").parts[:-2])


def require(command: str) -> None:
    """Skip the test if gettext is not installed; on CI, fail it."""
    if not shutil.which(command):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("gettext is not installed")


def messages_in(file: Path) -> dict[object, str]:
    """Return the messages of a compiled catalogue without its header, from which msgfmt removes a date."""
    with file.open("rb") as stream:
        messages = dict(gettext.GNUTranslations(stream)._catalog)  # type: ignore[attr-defined]
    messages.pop("")
    return messages


def test_every_translated_language_has_a_catalogue() -> None:
    assert {name_of(path) for path in OWN} == {code for code, _ in settings.LANGUAGES} - {"en"}


@pytest.mark.parametrize("source", CATALOGUES, ids=name_of)
def test_catalogue_is_complete(source: Path) -> None:
    catalogue = polib.pofile(str(source))
    unfinished = [*catalogue.untranslated_entries(), *catalogue.fuzzy_entries(), *catalogue.obsolete_entries()]
    assert [entry.msgid for entry in unfinished] == []


@pytest.mark.parametrize("source", CATALOGUES, ids=name_of)
def test_catalogue_compiled_by_polib_equals_msgfmt(source: Path, tmp_path: Path) -> None:
    require("msgfmt")
    expected, ours = tmp_path / "gettext.mo", tmp_path / "polib.mo"
    command = ["msgfmt", "--check", "--output-file", str(expected), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    polib.pofile(str(source)).save_as_mofile(str(ours))
    assert messages_in(ours) == messages_in(expected)


@pytest.mark.parametrize("source", CATALOGUES, ids=name_of)
def test_compiled_catalogue_is_up_to_date(source: Path, tmp_path: Path) -> None:
    polib.pofile(str(source)).save_as_mofile(str(tmp_path / "fresh.mo"))
    assert messages_in(source.with_suffix(".mo")) == messages_in(tmp_path / "fresh.mo"), "Run `make catalogues`."


def test_catalogues_contain_every_interface_string(tmp_path: Path) -> None:
    require("xgettext")
    for folder in ("accounts", "articles", "core", "demo", "spokesperson", "templates"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "content"))
    (tmp_path / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "ru", "--no-location"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)  # noqa: S603
    extracted = {
        (entry.msgctxt, entry.msgid) for entry in polib.pofile(str(tmp_path / "locale/ru/LC_MESSAGES/django.po"))
    }
    assert len(extracted) > 500
    for source in OWN:
        missing = extracted - {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(source))}
        assert missing == set(), f"Run `make messages`; {name_of(source)} does not have these."
