"""Times in the time zone of the site and in UTC, for what many readers in other zones wait for."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.translation import gettext as _


def zone_name() -> str:
    """Return the name of the site's time zone: "Yerevan" for "Asia/Yerevan"."""
    return settings.TIME_ZONE.rpartition("/")[2].replace("_", " ")


def in_zones(moment: datetime) -> str:
    """Return a moment in the site's time zone and in UTC: "3 May 2027, 09:00 (Yerevan) — 05:00 UTC"."""
    local, utc = timezone.localtime(moment), moment.astimezone(UTC)
    pattern = _("j F Y, H:i")
    if not local.utcoffset():
        return f"{format_date(utc, pattern)} UTC"
    in_utc = format_date(utc, "H:i" if utc.date() == local.date() else pattern)
    return f"{format_date(local, pattern)} ({zone_name()}) — {in_utc} UTC"
