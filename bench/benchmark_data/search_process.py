"""A process that fills a part of the search index. It imports no models before Django is set up."""

from __future__ import annotations

import django


def set_up(database: str) -> None:
    """Set up Django in a new process.

    Args:
        database: the name of the database, which is not that of the settings in a test.
    """
    django.setup()
    from django.db import connection  # noqa: PLC0415 - needs the settings

    connection.settings_dict["NAME"] = database


def index_articles(span: tuple[int, int]) -> None:
    """Index the published articles from the first to the last primary key."""
    from articles.search import services  # noqa: PLC0415 - needs the models

    services.update_index(range(span[0], span[1] + 1))
