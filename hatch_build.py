"""Hatchling's build hook: compile the catalogues into the wheel, without gettext."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):
    """Pack `locale/*/LC_MESSAGES/*.po`, compiled, under `spokesperson/locale/`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile beside the sources and name the results in `build_data`."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        for source in sorted(root.glob("locale/*/LC_MESSAGES/*.po")):
            compiled = source.with_suffix(".mo")
            polib.pofile(str(source)).save_as_mofile(str(compiled))
            build_data["force_include"][str(compiled)] = f"spokesperson/{compiled.relative_to(root).as_posix()}"
