"""Dump a whole database to a stream, and load it again, with the tools of its engine."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import environ
import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from spokesperson.operations import OperationError
from spokesperson.operations.archive import CHUNK
from spokesperson.operations.destinations import remove_abandoned

GZIP = zlib.MAX_WBITS | 16
# What Django calls the parts of a connection, and the variables in which PostgreSQL's tools expect them.
VARIABLES = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}


def dump_database() -> Iterator[bytes]:
    """Yield the dump of the database of the site, as it was at one moment.

    Raises:
        OperationError: the tool of the engine failed.
    """
    database = connections["default"].settings_dict
    return _dump_sqlite(database["NAME"]) if _is_sqlite(database) else _dump_postgres(database)


def load_database(chunks: Iterable[bytes], alias: str = "default") -> None:
    """Replace a database by a dump of the same engine.

    Args:
        alias: of the database.

    Raises:
        OperationError: the dump does not fit the engine.
    """
    database = connections[alias].settings_dict
    if _is_sqlite(database):
        with unpacked_sqlite(chunks) as file:
            connections[alias].close()
            _copy_sqlite(file, database["NAME"])
    else:
        _load_postgres(chunks, alias)


def _is_sqlite(database: dict[str, Any]) -> bool:
    return str(database["ENGINE"]).endswith("sqlite3")


# --- SQLite ------------------------------------------------------------------------------------


def _dump_sqlite(name: str | Path) -> Iterator[bytes]:
    with _temporary_file() as file:
        _copy_sqlite(name, file.name)
        packer = zlib.compressobj(wbits=GZIP)
        while data := file.read(CHUNK):
            yield packer.compress(data)
        yield packer.flush()


def _copy_sqlite(source: str | Path, target: str | Path) -> None:
    """Copy a database while others use it; in one step, so that no write starts it again."""
    try:
        with closing(sqlite3.connect(source, timeout=60)) as one, closing(sqlite3.connect(target, timeout=60)) as other:
            one.backup(other)
    except sqlite3.Error as error:
        raise OperationError(f"The SQLite database cannot be copied: {error}.") from error


@contextmanager
def unpacked_sqlite(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the path of a temporary file with the database of a dump."""
    unpacker = zlib.decompressobj(wbits=GZIP)
    with _temporary_file() as file:
        for chunk in chunks:
            file.write(unpacker.decompress(chunk))
        file.flush()
        yield file.name


def _temporary_file() -> IO[bytes]:
    # In the folder for data: /tmp is in memory on many machines.
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    remove_abandoned(settings.DATA_DIR, "backup-*.sqlite3")
    return tempfile.NamedTemporaryFile(dir=settings.DATA_DIR, prefix="backup-", suffix=".sqlite3")


# --- PostgreSQL --------------------------------------------------------------------------------


def _dump_postgres(database: dict[str, Any]) -> Iterator[bytes]:
    command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges"]
    with _program(command, database) as process:
        assert process.stdout
        while data := process.stdout.read(CHUNK):
            yield data


def _load_postgres(chunks: Iterable[bytes], alias: str) -> None:
    connection = connections[alias]
    database = connection.settings_dict
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)} CASCADE")
    connection.close()
    command = ["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", f"--dbname={database['NAME']}"]
    with _program(command, database) as process:
        assert process.stdin
        try:
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.close()
        except BrokenPipeError:
            pass  # Its exit code says it.


@contextmanager
def _program(command: list[str], database: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of PostgreSQL's tools; the password is in its environment, where other users do not see it."""
    environment = os.environ | {
        variable: str(database[part]) for part, variable in VARIABLES.items() if database.get(part)
    }
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - fixed commands
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        except FileNotFoundError as error:
            raise OperationError(f"The program {command[0]} is not installed: install PostgreSQL's client.") from error
        try:
            yield process
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            for stream in filter(None, (process.stdin, process.stdout)):
                # A program that failed has not read everything.
                with suppress(BrokenPipeError):
                    stream.close()
        if code:
            errors.seek(0)
            sentence = errors.read().decode(errors="replace").strip().partition("\n")[0]
            raise OperationError(sentence or f"{command[0]} failed with exit code {code}.")


@contextmanager
def scratch_database(url: str, name: str = "") -> Iterator[str]:
    """Create an empty database on the server of another one; yield its URL, and drop it afterwards.

    Args:
        name: of the new database; by default it is derived from the other.

    Raises:
        OperationError: the role is not allowed to.
    """
    name = name or f"{urlsplit(url).path[1:]}_verify"
    quoted = sql.Identifier(name)
    _run_sql(url, sql.SQL("DROP DATABASE IF EXISTS {}").format(quoted))  # Of a run that was killed.
    _run_sql(url, sql.SQL("CREATE DATABASE {}").format(quoted))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        # The pool of this process has connections to it.
        _run_sql(url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def _run_sql(url: str, statement: sql.Composed) -> None:
    database = environ.Env.db_url_config(url)
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    parameters = {name: database[part] for part, name in names.items() if database.get(part)}
    try:
        with closing(psycopg.connect(**parameters, autocommit=True)) as connection:
            connection.execute(statement)
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        raise OperationError(
            f"The scratch database cannot be made or dropped: {reason}. The role needs CREATEDB; or name an empty "
            "database by --scratch."
        ) from error
