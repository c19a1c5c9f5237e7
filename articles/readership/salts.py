"""The day's salt: created once, shared by all processes, destroyed after its day."""

import secrets
from datetime import date, timedelta

from django.core.cache import caches
from django.utils import timezone

from articles.readership.models import DailySalt

# Seconds that a process caches the day's salt: an hour after it was destroyed, no process knows it.
_CACHE_TIMEOUT = 3600


def daily_salt(day: date) -> bytes:
    """Return the salt of `day`, creating it if necessary; about once an hour, destroy those of past days.

    Call it outside a transaction: a salt that is rolled back must not stay cached.
    """
    key = f"readership:salt:{day.isoformat()}"
    salt: bytes | None = caches["local"].get(key)
    if salt is None:
        row, _ = DailySalt.objects.get_or_create(day=day, defaults={"salt": secrets.token_bytes(32)})
        salt = bytes(row.salt)
        caches["local"].set(key, salt, _CACHE_TIMEOUT)
        destroy_old_salts()  # Also where no task worker runs.
    return salt


def destroy_old_salts() -> None:
    """Destroy the salts of past days, one hour after midnight, when no request of that day is still in progress."""
    an_hour_ago = timezone.localdate(timezone.now() - timedelta(hours=1), timezone.get_default_timezone())
    DailySalt.objects.filter(day__lt=an_hour_ago).delete()
