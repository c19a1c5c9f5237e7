"""Hatchling's build hook: compile the catalogues into the wheel, without gettext, and list what the wheel needs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# In a lock: a package with its version, then its hashes, then what needs it, in one comment of one or more lines.
_PACKAGE = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+).*\n"
    r"(?P<hashes>(?:    --hash=sha256:.*\n)+)"
    r"    # via(?P<needed_by>.*(?:\n    #   .*)*)",
    re.MULTILINE,
)


def bill_of_materials(version: str, lock: str) -> dict[str, Any]:
    """Return the packages of a lock as a CycloneDX document (https://cyclonedx.org/docs/1.6/json/).

    It contains no time and no random number, so that the same sources build the same wheel.

    Args:
        version: the version of this project.
        lock: the content of a file that `uv pip compile --generate-hashes` wrote.
    """
    project = {"type": "application", "name": "spokesperson", "version": version, "bom-ref": "spokesperson"}
    components, needs = [], {"spokesperson": list[str]()}
    for package in _PACKAGE.finditer(lock):
        name, url = package["name"], f"pkg:pypi/{package['name']}@{package['version']}"
        files = [
            {"type": "distribution", "url": url, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for digest in re.findall(r"sha256:(\w+)", package["hashes"])
        ]
        components.append(
            {"type": "library", "name": name, "version": package["version"], "purl": url, "bom-ref": name}
            | {"externalReferences": files}
        )
        needs.setdefault(name, [])
        for parent in re.findall(r"(?<= )[\w.-]+", package["needed_by"]):
            needs.setdefault(parent, []).append(name)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": project},
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": sorted(children)} for name, children in sorted(needs.items())],
    }


class BuildHook(BuildHookInterface):  # type: ignore[type-arg] # the plugin's own configuration, which we have none of
    """Pack every `locale/**/*.po`, compiled, under `spokesperson/locale/`, and a bill of materials (SBOM)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write into a temporary folder and name the results in `build_data`."""
        if self.target_name != "wheel":
            return
        self.folder = TemporaryDirectory()
        for number, source in enumerate(sorted(Path(self.root, "locale").rglob("*.po"))):
            compiled = Path(self.folder.name, f"{number}.mo")
            polib.pofile(str(source)).save_as_mofile(str(compiled))
            target = source.relative_to(self.root).with_suffix(".mo")
            build_data["force_include"][str(compiled)] = f"spokesperson/{target.as_posix()}"
        sbom = Path(self.folder.name, "spokesperson.cdx.json")
        lock = Path(self.root, "requirements.txt").read_text(encoding="utf-8")
        sbom.write_text(json.dumps(bill_of_materials(self.metadata.version, lock), indent=1), encoding="utf-8")
        build_data["sbom_files"].append(str(sbom))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Delete the temporary folder."""
        if self.target_name == "wheel":
            self.folder.cleanup()
