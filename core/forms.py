"""Form fields for text that users type, and forms that scripts send."""

import json
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import BadRequest, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from core.text import clean_text, is_visible, text_length


class MaxGraphemesValidator(MaxLengthValidator):
    """Count what users see as characters."""

    def clean(self, x: Any) -> int:
        return text_length(x, self.limit_value)


class TextField(forms.CharField):
    """Text that is normalised by `clean_text` and shows at least one character, unless it is empty.

    Args:
        max_length: in graphemes. Browsers count otherwise, so static/js/text-length.js shows the length instead.
    """

    one_line = False

    def __init__(self, *, max_length: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_length is not None:
            self.validators.append(MaxGraphemesValidator(max_length))
            self.widget.attrs["data-max-length"] = str(max_length)

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

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "data-one-line": ""}


# For `ModelAdmin.formfield_overrides`. Slugs and email addresses have rules of their own.
TEXT_FIELDS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.SlugField: {"form_class": forms.SlugField},
    models.EmailField: {"form_class": forms.EmailField},
    models.CharField: {"form_class": OneLineField},
    models.TextField: {"form_class": TextField, "widget": AdminTextareaWidget},
}


def sent_fields(request: HttpRequest) -> QueryDict:
    """Return the fields of a form, also if a script sends them as a JSON object of strings.

    JSON is parsed ten times as fast as a form with a text of any alphabet.

    Raises:
        BadRequest: it is not such an object.
    """
    if request.content_type != "application/json":
        return request.POST
    fields = QueryDict(mutable=True)
    try:
        for name, value in json.loads(request.body).items():
            # JSON can name halves of characters, which nothing can store.
            fields[name] = value.encode(errors="replace").decode()
    except (AttributeError, RecursionError, ValueError) as error:
        raise BadRequest("no JSON object of strings") from error
    return fields
