"""Counters that are derived from rows; `manage.py recount` compares both."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CounterMismatch:
    """A counter, or a copy, that differs from its rows."""

    what: str
    stored: object
    counted: object

    def __str__(self) -> str:
        return f"{self.what}: {self.stored} stored, {self.counted} counted"
