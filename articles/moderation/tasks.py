"""Tasks of moderation."""

from __future__ import annotations

from django.tasks import task

from articles.moderation.services.screening import screen


@task()
def screen_submission(revision_pk: int) -> None:
    """Screen a submission, right after it."""
    screen(revision_pk)
