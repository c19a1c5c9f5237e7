"""No index is written for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models


def first_columns(model: type[models.Model]) -> Iterator[str]:
    """Yield the first field of every index and unique constraint that covers all rows."""
    for one in [*model._meta.indexes, *model._meta.constraints]:
        if isinstance(one, models.Index | models.UniqueConstraint) and one.condition is None:
            if one.fields:
                yield one.fields[0].removeprefix("-")
            else:
                yield getattr(one.expressions[0], "name", "")


def test_foreign_keys_have_no_second_index() -> None:
    doubled = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith(("accounts.", "articles.", "core."))
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey)
        and getattr(field, "db_index", False)
        and not field.unique
        and field.name in set(first_columns(model))
    ]
    assert not doubled
