"""The commands of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings


def commands(heading: str, page: str = "operating.md", block: int = 0) -> list[str]:
    """Return the lines of a block of shell commands under a heading, without comments."""
    text = Path(settings.BASE_DIR, "docs", page).read_text(encoding="utf-8")
    [section] = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[block].splitlines()
    return [line for line in (re.sub(r"(^|\s+)#.*", "", line) for line in lines) if line]
