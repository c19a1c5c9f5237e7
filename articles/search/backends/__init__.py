"""The engines that search: one for each supported database, behind the interface in `base`."""

from django.db import connection

from articles.search.backends.base import Backend, SearchTimeout
from articles.search.backends.postgresql import PostgreSQLBackend
from articles.search.backends.sqlite import SQLiteBackend

__all__ = ["Backend", "SearchTimeout", "get_backend"]


def get_backend() -> Backend:
    """Return the search engine of the database in use."""
    return PostgreSQLBackend() if connection.vendor == "postgresql" else SQLiteBackend()
