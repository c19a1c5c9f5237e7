"""The command `spokesperson`, also `python -m spokesperson`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from demo import preflight
from spokesperson import __version__
from spokesperson.operations import SETTINGS, OperationError, env_file

# The modules of spokesperson.operations.
OPERATIONS = {
    "init": "set up a site: settings, database, administrator, first section",
    "serve": "run the web server and the task worker",
    "doctor": "examine a site and say how to repair it",
    "maintenance": "make the site read-only, or end that",
    "backup": "store a backup, or verify one",
    "restore": "restore a backup onto an empty site",
    "upgrade": "install a new version, and return to this one if it fails",
    "move-media": "copy the images to a folder or bucket",
    "change-database": "copy the site into another database",
}
# The demonstration is the same on every machine, so it ignores the settings of a real site in the environment.
IGNORED_BY_DEMO = (
    "BACKUP_URL",
    "CACHE_URL",
    "DATABASE_URL",
    "DEBUG",
    "EMAIL_URL",
    "EXTRA_HOSTS",
    "MEDIA_ROOT",
    "MEDIA_STORAGE_URL",
    "MEDIA_URL",
    "METRICS_ADDRESS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SECRET_KEY",
    "SENTRY_DSN",
    "STATIC_ROOT",
    "TRUSTED_PROXY_COUNT",
)


class _Parser(argparse.ArgumentParser):
    """Report an error in one line instead of the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. Run `{self.prog} --help` for help.\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (default: `sys.argv[1:]`) names, and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Everything after `manage` belongs to Django, options included.
    if arguments[:1] == ["manage"]:
        return _in_sentences(env_file.load) or manage(arguments[1:])
    if arguments and arguments[0] in OPERATIONS:
        return operate(*arguments)
    parser = _Parser(prog="spokesperson", description="A self-hosted platform for community publishing.")
    parser.add_argument("--version", action="version", version=f"spokesperson {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="<command>", required=True)
    for name, text in OPERATIONS.items():
        commands.add_parser(name, help=text)
    commands.add_parser("manage", help="run a management command, such as `spokesperson manage migrate`")
    command = commands.add_parser("demo", help="run the site on this machine with demonstration content")
    command.add_argument("--port", default="8000", help="TCP port on 127.0.0.1 (default: %(default)s)")
    command.add_argument("--data", type=Path, default=Path("var"), help="folder for the data (default: %(default)s)")
    command.add_argument("--prepare-only", action="store_true", help="prepare the content and exit")
    if not arguments:
        parser.print_help()
        return 0
    return demo(parser.parse_args(arguments))


def operate(name: str, *arguments: str) -> int:
    """Run a subcommand of `OPERATIONS`; an error is one line on standard error."""
    operation = import_module(f"spokesperson.operations.{name.replace('-', '_')}")
    parser = _Parser(prog=f"spokesperson {name}", description=f"{OPERATIONS[name].capitalize()}.")
    operation.add_arguments(parser)
    options = parser.parse_args(arguments)
    is_for_root = name in {"init", "upgrade"}
    return (not is_for_root and _in_sentences(env_file.load)) or _in_sentences(lambda: operation.run(options))


def manage(arguments: Sequence[str]) -> int:
    """Run Django's `manage.py` with these arguments; an invalid setting is one line on standard error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    # Longer than for a page; a new index takes as long as it takes.
    os.environ.setdefault("STATEMENT_TIMEOUT", "0" if arguments[:1] == ["migrate"] else "600")
    return _in_sentences(lambda: execute_from_command_line(["spokesperson manage", *arguments]))


def _in_sentences(command: Callable[[], int | None]) -> int:
    """Run a command; report what an operator can repair in one line on standard error."""
    try:
        return command() or 0
    except OperationError as error:
        print(error, file=sys.stderr)
        return error.code
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return os.EX_CONFIG  # The units in deploy/ do not restart after it.
    except OperationalError:
        from spokesperson import checks  # noqa: PLC0415 - needs the settings

        if not (sentence := checks.database()):
            raise
        print(sentence, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def demo(options: argparse.Namespace) -> int:
    """Set the environment of the demonstration, with its own secret key, and run `manage demo`."""
    try:
        port = preflight.parse_port(options.port)
        preflight.check_folder(options.data)
        preflight.ensure_secret_key(options.data / "secret-key")
    except preflight.PreflightError as error:
        print(error, file=sys.stderr)
        return 1
    for name in IGNORED_BY_DEMO:
        os.environ.pop(name, None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "ORIGIN": f"http://{preflight.HOST}:{port}",
        "DATA_DIR": str(options.data.absolute()),
        "SECRET_KEY_FILE": str((options.data / "secret-key").absolute()),
        "PAYMENTS": "dummy",
    }
    return manage(["demo", *(["--prepare-only"] if options.prepare_only else [])])
