"""The interface's translations: what is compiled is what is written, and nothing in them is broken."""

from __future__ import annotations

import gettext
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

CATALOGUES = sorted(Path(settings.BASE_DIR, "locale").glob("*/LC_MESSAGES/django.po"))


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {path.parts[-3] for path in CATALOGUES} == {code for code, _ in settings.LANGUAGES} - {"en"}


@pytest.mark.parametrize("source", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_the_written_one(source: Path, tmp_path: Path) -> None:
    if not shutil.which("msgfmt"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("gettext is not installed")
    fresh = tmp_path / "django.mo"
    command = ["msgfmt", "--check", "--output-file", str(fresh), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    catalogues = []
    for compiled in (fresh, source.with_suffix(".mo")):
        with compiled.open("rb") as file:
            catalogues.append(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    assert catalogues[0] == catalogues[1], f"Run `msgfmt -o django.mo django.po` in {source.parent.name}"
