"""Maintenance: everything can be read, nothing is written by requests, tasks or periodic jobs.

The switch is a field of the site settings, so that all nodes follow. Requests are refused by
`spokesperson.middleware`, page views in `articles.readership.beacon`, and the task worker waits.
"""

from __future__ import annotations

from django.core.cache import caches
from django.utils import timezone

from core.models import SITE_SETTINGS_TIMEOUT, SiteSettings

# Seconds after which no process begins to write any more.
SWITCH_SECONDS = SITE_SETTINGS_TIMEOUT + 1
# Seconds that clients are asked to wait.
RETRY_AFTER = 120


def is_on() -> bool:
    """Return whether the site is read-only."""
    return SiteSettings.current().maintenance_since is not None


def switch(*, on: bool) -> bool:
    """Begin or end maintenance; all processes follow within `SWITCH_SECONDS`.

    Returns:
        whether that is a change.
    """
    SiteSettings.objects.get_or_create(pk=1)
    row = SiteSettings.objects.filter(pk=1, maintenance_since__isnull=on)
    has_changed = bool(row.update(maintenance_since=timezone.now() if on else None))
    caches["local"].delete("site-settings")
    return has_changed
