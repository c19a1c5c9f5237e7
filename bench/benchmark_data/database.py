"""Insert rows fast: drop indexes and constraints, COPY, and restore them.

Their definitions are read from the database's catalogue. The owner of the database has the privileges for all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bench.benchmark_data.article_rows import NULL
from bench.benchmark_data.rows import COLUMNS, Rows

# Sorting in memory makes creating indexes several times faster.
MEMORY = "SET LOCAL maintenance_work_mem = '768MB'; SET LOCAL work_mem = '256MB'"

_CONSTRAINTS = """
SELECT contype, conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
  FROM pg_constraint
 WHERE contype IN ('p', 'u', 'f') AND (conrelid = ANY(%(tables)s::regclass[]) OR
       contype = 'f' AND confrelid = ANY(%(tables)s::regclass[]))
 ORDER BY conrelid::regclass::text, conname
"""
_INDEXES = """
SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
  FROM pg_index
 WHERE indrelid = ANY(%(tables)s::regclass[]) AND NOT EXISTS (
       SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
 ORDER BY indrelid::regclass::text, indexrelid::regclass::text
"""


class Cursor(Protocol):
    """The used part of a psycopg cursor, wrapped by Django or not."""

    def execute(self, query: str, params: Mapping[str, Any] | None = None) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def copy(self, statement: str) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Indexes and constraints of some tables, as statements that drop and restore them."""

    drop: tuple[str, ...]
    # By table: indexes of different tables can be created in parallel.
    indexes: dict[str, tuple[str, ...]]
    references: tuple[str, ...]

    @property
    def restore(self) -> Iterator[str]:
        """All statements that restore the structure, in order."""
        for statements in self.indexes.values():
            yield from statements
        yield from self.references


def structure(cursor: Cursor, tables: list[str]) -> Structure:
    """Read the indexes, keys and references of `tables`, and the references of other tables to them."""
    drop: list[str] = []
    indexes: dict[str, list[str]] = {}
    references: list[str] = []
    cursor.execute(_CONSTRAINTS, {"tables": tables})
    constraints = cursor.fetchall()
    for kind, table, name, definition in sorted(constraints, key=lambda row: _text(row[0]) != "f"):
        drop.append(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        again = f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
        if _text(kind) == "f":
            references.append(again)
        else:
            indexes.setdefault(table, []).append(again)
    cursor.execute(_INDEXES, {"tables": tables})
    for table, name, definition in cursor.fetchall():
        drop.append(f"DROP INDEX {name}")
        indexes.setdefault(table, []).append(definition)
    return Structure(
        drop=tuple(drop),
        indexes={table: tuple(statements) for table, statements in indexes.items()},
        references=tuple(references),
    )


def copy_rows(cursor: Cursor, rows: Rows) -> int:
    """Write the rows of a block with COPY; return their number."""
    for table, lines in rows.items():
        if not lines:
            continue
        with cursor.copy(f"COPY {table} ({_columns(table)}) FROM STDIN") as copy:
            copy.write("\n".join(lines) + "\n")
    return sum(map(len, rows.values()))


def insert_rows(cursor: Any, rows: Rows) -> int:
    """Write the rows of a block with INSERT, for SQLite; return their number."""
    for table, lines in rows.items():
        marks = ", ".join(["%s"] * len(COLUMNS[table]))
        statement = f"INSERT INTO {table} ({_columns(table)}) VALUES ({marks})"  # noqa: S608 - our own names
        cursor.executemany(statement, [[None if one == NULL else one for one in line.split("\t")] for line in lines])
    return sum(map(len, rows.values()))


def _columns(table: str) -> str:
    return ", ".join(f'"{column}"' for column in COLUMNS[table])


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
