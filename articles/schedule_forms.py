"""When an article is published: the field, the part of the author's form, and the form of a scheduled article."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import Revision
from articles.services.schedule import check_time
from core.exceptions import ActionNotAllowed
from core.zones import zone_name


def _with_zone(text: str) -> str:
    return text % {"zone": zone_name()}


_lazy_with_zone = lazy(_with_zone, str)


class PublicationTimeField(forms.DateTimeField):
    """When an article is published, in the site's time zone; static/js/zones.js shows the browser's time beside it.

    Args:
        help_text: names the `%(zone)s`.
    """

    def __init__(self, *, label: Any, help_text: Any) -> None:
        attrs = {
            "type": "datetime-local",
            "data-zone": settings.TIME_ZONE,
            "data-yours": gettext_lazy("your time: {time}"),
        }
        widget = forms.DateTimeInput(attrs=attrs, format="%Y-%m-%dT%H:%M")
        super().__init__(label=label, required=False, widget=widget, help_text=_lazy_with_zone(help_text))


def check_publication_time(at: datetime) -> None:
    """Check that an article can be published at this time.

    Raises:
        ValidationError: it cannot (`articles.services.schedule.check_time`).
    """
    try:
        check_time(at)
    except ActionNotAllowed as error:
        raise ValidationError(str(error)) from error


class PublicationForm(forms.Form):
    """The part of the author's form that asks when an article is published for the first time."""

    publish_at = PublicationTimeField(
        label=gettext_lazy("Publish on"),
        help_text=gettext_lazy(
            "Leave this empty to publish as soon as possible. Before this time only moderators see the article. "
            "Time zone: %(zone)s."
        ),
    )
    # The text in the form, if it is stored.
    revision: Revision | None

    def clean_publish_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["publish_at"]
        # What is stored can pass while the author writes: that is refused at the submission only.
        if at and at != (self.revision and self.revision.publish_at):
            check_publication_time(at)
        return at


class ScheduleForm(forms.Form):
    """The time of a scheduled article."""

    publish_at = PublicationTimeField(label=gettext_lazy("Publish on"), help_text=gettext_lazy("Time zone: %(zone)s."))

    def clean_publish_at(self) -> datetime:
        at: datetime | None = self.cleaned_data["publish_at"]
        if at is None:
            raise ValidationError(_("Choose a time."))
        return at
