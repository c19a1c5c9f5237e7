"""What a moderator fills in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles.fields import OneLineField
from articles.forms import ArticleForm
from articles.models import Revision
from articles.moderation.models import Decision, Rule

MAX_REASON = 2000


class ReasonForm(forms.Form):
    """A rule and a reason."""

    rule = forms.ChoiceField(label=gettext_lazy("Rule"), choices=Rule.choices, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy(
            "The author reads it. For hiding and showing again it also stands in the public log: write no names there."
        ),
    )


class DecisionForm(ReasonForm):
    """What to do with one text. It carries which state of the text was on the moderator's screen."""

    verdict = forms.ChoiceField(label=gettext_lazy("Decision"), widget=forms.RadioSelect)
    submitted = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    field_order = ["verdict", "rule", "reason", "submitted"]

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        revision: Revision,
        verdicts: Sequence[Decision.Verdict],
        typed: dict[str, Any] | None = None,
    ) -> None:
        """A form for what may be decided on `revision`; `typed` fills in what a refused form held."""
        shown = revision.submitted_at.isoformat() if revision.submitted_at else ""
        super().__init__(data, initial={**(typed or {}), "submitted": shown})
        verdict = self.fields["verdict"]
        assert isinstance(verdict, forms.ChoiceField)
        verdict.choices = [(one.value, one.label) for one in verdicts]

    def clean_submitted(self) -> datetime | None:
        return moment(self.cleaned_data["submitted"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (
            cleaned.get("verdict") in Decision.NEEDS_REASON
            and not cleaned.get("reason")
            and "reason" not in self.errors
        ):
            self.add_error("reason", _("Give a reason: the author reads it."))
        return cleaned


def moment(text: str) -> datetime | None:
    """The time that a form of ours carried, or None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if timezone.is_aware(found) else None


class CorrectionForm(ArticleForm):
    """The author's own form, filled with the live text, and a reason. The image may go; another needs its author."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The author reads it, with a link to the corrected text."),
    )

    def __init__(self, data: QueryDict | None = None, *, moderator: User, revision: Revision) -> None:
        self.user = moderator
        super().__init__(data, user=moderator, initial=self._initial_of(revision))
        del self.fields["image"], self.fields["form_key"]
        if revision.image is None:
            del self.fields["remove_image"]

    @property
    def helper(self) -> FormHelper:
        """The author's layout, without what is not asked here, and with the reason under the text."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True  # The template has it, beside the button.
        helper.include_media = False  # The template gives it a nonce.
        helper.layout = Layout(
            "image_token",
            Div("title", "body", "reason", css_class="writing"),
            Div(
                Div("section", "language", css_class="pair"),
                "tags",
                "summary",
                HTML('{% include "moderation/_image.html" %}'),
                *(["remove_image"] if "remove_image" in self.fields else []),
                "alternative_text",
                "caption",
                "credit",
                css_class="particulars",
            ),
        )
        return helper


class SuspensionForm(forms.Form):
    """Whom to suspend, until when and why. A username is typed: moderators hold no list of people."""

    username = OneLineField(label=gettext_lazy("Username"), max_length=30)
    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The person gets it by e-mail. It is not public."),
    )

    def clean_username(self) -> str:
        user = User.objects.filter(username__iexact=self.cleaned_data["username"], is_active=True).first()
        if user is None:
            raise ValidationError(_("Nobody here has this username."))
        self.user = user
        return user.username
