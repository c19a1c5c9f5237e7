"""Background tasks of the search."""

from django.db import transaction
from django.tasks import task

from articles.search.backends import get_backend


@task
def update_index(pks: list[int]) -> None:
    """Make the index match the database for these articles; can run twice or late."""
    with transaction.atomic():
        get_backend().index(pks)
