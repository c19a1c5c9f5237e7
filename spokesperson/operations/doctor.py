"""`spokesperson doctor`: examine a site; each finding says how to repair it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import asdict

from django.core.exceptions import ImproperlyConfigured

from spokesperson.operations import OperationError, set_up
from spokesperson.operations.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--email", metavar="ADDRESS", help="send a test message there")
    parser.add_argument("--all", action="store_true", help="look for the files of all images, not of a sample")
    parser.add_argument("--only", metavar="CHECK,…", help="only these of its checks")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    try:
        set_up()
    except ImproperlyConfigured as error:
        if not options.json:
            raise
        print(json.dumps({"failed": 1, "findings": [{"check": "settings", "level": "failed", "message": str(error)}]}))
        return os.EX_CONFIG
    from spokesperson.operations import diagnosis  # noqa: PLC0415 - needs the settings

    progress = Progress(sys.stderr if options.json else sys.stdout)
    findings, levels = [], Counter[str]()
    names = options.only.split(",") if options.only else list(diagnosis.CHECKS)
    if unknown := set(names) - set(diagnosis.CHECKS):
        raise OperationError(f"There is no check {', '.join(unknown)}; there are {', '.join(diagnosis.CHECKS)}.", 2)
    for name in names:
        if progress.is_terminal:
            progress.status(f"{name} …")
        for finding in diagnosis.findings(name, options, progress):
            findings.append(asdict(finding))
            levels[finding.level] += 1
            if not options.json:
                progress.line(f"{finding.level:8} {finding.check}: {finding.message}")
    progress.clear()
    if options.json:
        print(json.dumps({"failed": levels["failed"], "warnings": levels["warning"], "findings": findings}))
    else:
        print(f"{levels['ok']} ok, {levels['warning']} warning, {levels['failed']} failed.")
    return 1 if levels["failed"] else 0
