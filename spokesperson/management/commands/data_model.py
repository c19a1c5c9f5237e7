"""`manage.py data_model`: the models as Mermaid diagrams. `make diagram` writes docs/data-model.md with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.core.management.base import BaseCommand
from django.db.models import Field

PACKAGES = {"accounts", "articles", "core", "spokesperson"}
HEADER = """\
# Data model

Written by `make diagram` from the models; do not edit. One diagram for each app, with the fields of its own models.
A model of another app appears by its name alone. `PK` is a primary key, `FK` a foreign key, `UK` a unique field."""


class Command(BaseCommand):
    help = "Prints the data model as a Markdown document with Mermaid diagrams."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(document())


def document() -> str:
    """Return the Markdown text: a heading and a diagram for each app of the project that has models."""
    configs = (config for config in apps.get_app_configs() if config.name.partition(".")[0] in PACKAGES)
    diagrams = (
        "\n".join(_diagram(config)) for config in sorted(configs, key=lambda config: config.name) if config.models
    )
    return "\n\n".join([HEADER, *diagrams])


def _diagram(config: AppConfig) -> Iterator[str]:
    models = sorted(config.get_models(), key=lambda model: model.__name__)
    yield f"## {config.name}\n\n```mermaid\nerDiagram"
    for model in models:
        yield f"    {model.__name__} {{"
        for field in model._meta.concrete_fields:
            keys = {"PK": field.primary_key, "FK": field.is_relation, "UK": field.unique and not field.primary_key}
            key = ",".join(name for name, holds in keys.items() if holds)
            yield f"        {field.get_internal_type()} {field.attname} {key}".rstrip()
        yield "    }"
    for model in models:
        for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
            if isinstance(field.related_model, type):
                yield f"    {model.__name__} {_cardinality(field)} {field.related_model.__name__} : {field.name}"
    yield "```"


def _cardinality(field: Field[Any, Any]) -> str:
    """Return the line between the two models, in Mermaid's notation."""
    if field.many_to_many:
        return "}o--o{"
    return ("|o" if field.one_to_one else "}o") + "--" + ("o|" if field.null else "||")
