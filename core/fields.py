"""Model fields for text that users type."""

from __future__ import annotations

from typing import Any

from django.db import models

from core.forms import OneLineField
from core.text import CODE_POINTS


class LineField(models.CharField[str, str]):
    """One line of text. The column has room for `CODE_POINTS` code points of each grapheme that a user can type."""

    def deconstruct(self) -> Any:
        """Migrations know an ordinary column."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        assert self.max_length is not None
        return super().formfield(**{"form_class": OneLineField, "max_length": self.max_length // CODE_POINTS, **kwargs})
