"""The day's salt: made once, shared by all processes, destroyed after its day."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from django.core.cache import caches
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from articles.readership.models import DailySalt

# A process keeps the day's salt this long; a destroyed one is in nobody's memory an hour later.
_KEEP_SECONDS = 3600


def salt_of(day: date, *, using: BaseDatabaseWrapper = connection) -> bytes:
    """The salt of `day`. Call it outside a transaction: what is rolled back must not be remembered.

    Args:
        using: the connection to ask where this process does not know it yet.
    """
    key = f"readership:salt:{day.isoformat()}"
    salt: bytes | None = caches["local"].get(key)
    if salt is None:
        salt = _stored(day, using)
        if salt is None:
            _make(day, using)
            salt = _stored(day, using)
        if salt is None:
            raise RuntimeError("The day's salt was destroyed on its day.")
        caches["local"].set(key, salt, _KEEP_SECONDS)
    return salt


def destroy_old_salts() -> int:
    """Destroy the salts of past days, an hour after midnight: by then nobody's request of that day is on its way.

    Returns:
        how many there were.
    """
    an_hour_ago = timezone.localdate(timezone.now() - timedelta(hours=1), timezone.get_default_timezone())
    return DailySalt.objects.filter(day__lt=an_hour_ago).delete()[0]


def _stored(day: date, using: BaseDatabaseWrapper) -> bytes | None:
    with using.cursor() as cursor:
        cursor.execute("SELECT salt FROM readership_dailysalt WHERE day = %s", [using.ops.adapt_datefield_value(day)])
        found = cursor.fetchone()
    return None if found is None else bytes(found[0])


def _make(day: date, using: BaseDatabaseWrapper) -> None:
    # Whoever comes first makes it; everyone reads what is there then.
    with using.cursor() as cursor:
        cursor.execute(
            "INSERT INTO readership_dailysalt (day, salt) VALUES (%s, %s) ON CONFLICT (day) DO NOTHING",
            [using.ops.adapt_datefield_value(day), secrets.token_bytes(32)],
        )
