"""The rows of all tables, to compare a site before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections


def rows(alias: str = "default") -> dict[str, list[Any]]:
    """Return the rows of every table that all engines have, by model."""
    tables = connections[alias].introspection.table_names()
    return {
        model._meta.label: list(model._base_manager.using(alias).order_by("pk").values_list())
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in tables and not model._meta.proxy and not model._meta.required_db_vendor
    }


def files() -> dict[str, bytes]:
    """Return the content of the images, by path."""
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
