"""The roll-up of promotions in the background."""

from __future__ import annotations

from datetime import timedelta

from django.core.cache import cache
from django.tasks import default_task_backend, task
from django.utils import timezone

from articles.promotion import counting

EVERY_SECONDS = 3
TIDY_EVERY_SECONDS = 3600


@task
def roll_up_promotions() -> None:
    """Move what waits into the days' numbers; may run twice or at the same time as another."""
    counting.roll_up()
    if cache.add("promotion:tidied", 1, TIDY_EVERY_SECONDS):
        counting.tidy_up()


def ask_for_roll_up() -> None:
    """Have it done soon: one task every few seconds, however much there is."""
    if not cache.add("promotion:asked", 1, EVERY_SECONDS):
        return
    if default_task_backend.supports_defer:
        # When this window is over, so that the task finds what came after it was asked for.
        roll_up_promotions.using(run_after=timezone.now() + timedelta(seconds=EVERY_SECONDS + 1)).enqueue()
    else:
        roll_up_promotions.enqueue()
