"""The file with the site's environment variables, which systemd reads too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import environ

from spokesperson.operations import OperationError, become
from spokesperson.operations.console import WRONG_ANSWER, Console


def default_path() -> Path:
    """Return `SPOKESPERSON_ENV_FILE`, or its default."""
    return Path(os.environ.get("SPOKESPERSON_ENV_FILE") or "/etc/spokesperson.env")


def load() -> None:
    """Read the file into the environment, unless the settings are there already, as under systemd.

    root continues as the owner of `DATA_DIR`, so that no file in it belongs to root.

    Raises:
        OperationError: this user cannot read it.
    """
    file = default_path()
    if "ORIGIN" not in os.environ and file.exists():
        if not os.access(file, os.R_OK):
            raise OperationError(f"{file} cannot be read: run the command as root.")
        environ.Env.read_env(file)
    data = Path(os.environ.get("DATA_DIR") or "/")
    if os.geteuid() == 0 and data.is_dir() and (owner := data.stat()).st_uid:
        become(owner.st_uid, owner.st_gid)


def read(file: Path | None) -> dict[str, str]:
    """Return the variables of the environment file; with no file, there are none."""
    found: dict[str, str] = {}
    if file is None:
        return found
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise OperationError(
            f"{file} cannot be written: run it as root, or name another file with --env-file or SPOKESPERSON_ENV_FILE.",
            WRONG_ANSWER,
        )

    class Reader(environ.Env):  # type: ignore[misc]
        ENVIRON = found

    if file.exists():
        Reader.read_env(file)
    return found


def write(
    file: Path, stored: Mapping[str, str], values: Mapping[str, str], console: Console, *, overwrite: bool
) -> None:
    """Write what is new into the environment file, readable by its owner only; ask before a value is replaced."""
    new = {name: value for name, value in values.items() if stored.get(name) != value}
    replaced = sorted(set(new) & set(stored))
    if replaced and not overwrite:
        sentence = f"{file} has other values of {', '.join(replaced)}"
        if not console.can_ask:
            raise OperationError(f"{sentence}: add --overwrite to replace them. Nothing was changed.", WRONG_ANSWER)
        if console.answer(f"{sentence}. Replace them? [y/N]", None, lambda _: "").lower() not in {"y", "yes"}:
            raise OperationError("Nothing was changed.")
    if not new:
        return
    lines = [f"# Settings of Spokesperson since {date.today().isoformat()}; docs/settings.md explains them."]  # noqa: DTZ011
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line.removeprefix("export ").partition("=")[0] not in new]
    lines += [f'{name}="{_escaped(value)}"' for name, value in new.items()]
    temporary = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with open(temporary, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
            stream.write("\n".join(lines) + "\n")
        temporary.replace(file)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OperationError(f"{file} cannot be written: {error.strerror}.") from error
    console.done(f"{file}: {', '.join(new)}.")


def _escaped(value: str) -> str:
    """Return a value for double quotes, as shells and systemd read it."""
    return "".join(f"\\{character}" if character in '\\"$`' else character for character in value)
