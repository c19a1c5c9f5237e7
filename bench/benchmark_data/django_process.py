"""What new processes run first: it sets up Django. Imports no models, which is possible only after that."""

from __future__ import annotations

from typing import Any

import django
from django.db import connection
from django.utils.module_loading import import_string


def call(function: str, *arguments: Any) -> Any:
    """Set up Django, then call a function given by its dotted path; return its result."""
    django.setup()
    return import_string(function)(*arguments)


def use_database(name: str) -> None:
    """Connect this process to a database whose name is not that of the settings: a test has its own."""
    django.setup()
    connection.settings_dict["NAME"] = name
