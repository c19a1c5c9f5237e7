"""The rollup in the background."""

from django.tasks import task

from articles.readership import services


@task
def rollup_views() -> None:
    """Add pending views and reads to the public numbers. It can run twice, or at the same time as another."""
    services.rollup()
