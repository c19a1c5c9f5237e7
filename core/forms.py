"""Form fields for text that users type."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from core.text import clean_text, is_visible


class TextField(forms.CharField):
    """Text that is normalised by `clean_text` and shows at least one character, unless it is empty."""

    one_line = False

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        # The validator of the field reports null characters.
        return text if "\x00" in text else clean_text(text, one_line=self.one_line)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and "\x00" not in value and not is_visible(value):
            raise ValidationError(_("Enter at least one letter, number or symbol that readers can see."))


class OneLineField(TextField):
    """Text in one line."""

    one_line = True


# For `ModelAdmin.formfield_overrides`. Slugs and email addresses have rules of their own.
TEXT_FIELDS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.SlugField: {"form_class": forms.SlugField},
    models.EmailField: {"form_class": forms.EmailField},
    models.CharField: {"form_class": OneLineField},
    models.TextField: {"form_class": TextField, "widget": AdminTextareaWidget},
}
