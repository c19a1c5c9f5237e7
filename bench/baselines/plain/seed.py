"""Create the plain project's tables and rows."""

from __future__ import annotations

from django.core.management import call_command
from django.utils import timezone

from bench.baselines.plain.models import Page

ROWS = 1000
PARAGRAPH = "Nobody had asked for the map, and yet on a Saturday in October eleven of us walked the streets. "


def fill() -> None:
    """Create a thousand pages, each as long as an average article."""
    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    Page.objects.bulk_create(
        Page(
            title=f"We counted every street lamp, part {number}",
            author="Anna Petrosyan",
            summary="A weekend, eleven volunteers and 2,340 lamps.",
            body="".join(f"<p>{PARAGRAPH * 3}</p>" for _ in range(9)),
            published_at=timezone.now(),
        )
        for number in range(ROWS)
    )
