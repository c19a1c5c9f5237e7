"""Counters are derived from rows; `manage.py recount` compares them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CounterMismatch:
    """A counter that does not say what its rows say."""

    what: str
    stored: float
    counted: float

    def __str__(self) -> str:
        return f"{self.what}: {self.stored} stored, {self.counted} counted"
