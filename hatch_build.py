"""Hatchling's build hook: compile the catalogues into the wheel, without gettext."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg] # the plugin's own configuration, which we have none of
    """Pack every `locale/**/*.po`, compiled, under `spokesperson/locale/`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile into a temporary folder and name the results in `build_data`."""
        if self.target_name != "wheel":
            return
        self.folder = TemporaryDirectory()
        for number, source in enumerate(sorted(Path(self.root, "locale").rglob("*.po"))):
            compiled = Path(self.folder.name, f"{number}.mo")
            polib.pofile(str(source)).save_as_mofile(str(compiled))
            target = source.relative_to(self.root).with_suffix(".mo")
            build_data["force_include"][str(compiled)] = f"spokesperson/{target.as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Delete the temporary folder."""
        if self.target_name == "wheel":
            self.folder.cleanup()
