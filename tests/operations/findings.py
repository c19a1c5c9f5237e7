"""What the tests of `spokesperson doctor` share."""

from __future__ import annotations

import argparse
from io import StringIO
from urllib.error import URLError

from spokesperson.operations import diagnosis, site_requests
from spokesperson.operations.progress import Progress

OPTIONS = argparse.Namespace(email=None, all=False, only=None, json=False)
REFUSED = URLError(ConnectionRefusedError("refused"))


def results(name: str, options: argparse.Namespace = OPTIONS) -> list[tuple[str, str]]:
    site_requests._site_response.cache_clear()
    found = diagnosis.findings(name, options, Progress(StringIO()))
    return [(finding.level, finding.message) for finding in found]
