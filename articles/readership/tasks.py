"""The roll-up in the background."""

from __future__ import annotations

from datetime import timedelta

from django.core.cache import cache
from django.tasks import default_task_backend, task
from django.utils import timezone

from articles.readership import services

EVERY_SECONDS = 3
TIDY_EVERY_SECONDS = 3600
TIDY_AT_ONCE = 50_000


@task
def roll_up_views() -> None:
    """Move the waiting views into the public numbers; may run twice or at the same time as another."""
    services.roll_up()
    if cache.add("readership:tidied", 1, TIDY_EVERY_SECONDS) and services.tidy_up(most=TIDY_AT_ONCE) >= TIDY_AT_ONCE:
        # The numbers of readers do not wait for millions of old rows: the next task goes on.
        cache.delete("readership:tidied")


def ask_for_roll_up() -> None:
    """Have the views rolled up soon: one task every few seconds, however many views there are."""
    if not cache.add("readership:asked", 1, EVERY_SECONDS):
        return
    if default_task_backend.supports_defer:
        # When this window is over, so that the task finds the views of those who found it asked for already.
        soon = timezone.now() + timedelta(seconds=EVERY_SECONDS + 1)
        roll_up_views.using(run_after=soon).enqueue()
    else:
        roll_up_views.enqueue()
