"""`spokesperson maintenance`: make the site read-only, for a backup or an upgrade that must not meet writes."""

from __future__ import annotations

import argparse
import time

from spokesperson.operations import set_up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("switch", nargs="?", choices=["on", "off"], help="without it, say which it is")


def run(options: argparse.Namespace) -> int:
    set_up()
    from core import maintenance  # noqa: PLC0415 - needs the settings

    if options.switch is None:
        print(f"Maintenance is {'on' if maintenance.is_on() else 'off'}.")
        return 0
    if not maintenance.switch(on=options.switch == "on"):
        print(f"Maintenance is {options.switch} already.")
        return 0
    # Until then, processes that do not know of it begin to write.
    time.sleep(maintenance.SWITCH_SECONDS)
    if options.switch == "on":
        print("Maintenance is on: the site can be read, and nothing is written any more.")
    else:
        print("Maintenance is off.")
    return 0
