"""Expressions for queries."""

from __future__ import annotations

from typing import Any

from django.db.models import DateTimeField, Value
from django.utils import timezone


class CurrentTime(Value):
    """The time at which a query is sent. Unlike `timezone.now()`, it can be part of a queryset that is used again.

    It is the clock of the process, unlike Django's `Now`: pages, caches and queries then agree on what is due.
    """

    def __init__(self) -> None:
        super().__init__(None, output_field=DateTimeField())

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return Value(timezone.now(), output_field=DateTimeField()).as_sql(compiler, connection)
