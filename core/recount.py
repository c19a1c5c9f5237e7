"""Counters that are derived from rows; `manage.py recount` compares both."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CounterMismatch:
    """A counter that differs from the number of its rows."""

    what: str
    stored: float
    counted: float

    def __str__(self) -> str:
        return f"{self.what}: {self.stored} stored, {self.counted} counted"
