"""Forms for moderators."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles.forms import ArticleForm
from articles.models import Revision
from articles.moderation.models import Decision, Rule
from core.forms import OneLineField, TextField
from core.text import MAX_REASON


class ReasonForm(forms.Form):
    """The rule and the reason of a decision."""

    rule = forms.ChoiceField(label=gettext_lazy("Rule"), choices=Rule.choices, required=False)
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy(
            "The author can read this. If you hide the article or show it again, the reason also "
            "appears in the public moderation log: do not include names."
        ),
    )


class DecisionForm(ReasonForm):
    """A decision on one submission. `submitted` holds the version of the text that the moderator read."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"), choices=Decision.Verdict.choices, widget=forms.RadioSelect
    )
    submitted = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    field_order = ["verdict", "rule", "reason", "submitted"]


class CorrectionForm(ArticleForm):
    """The author's form with the live text, and a reason. A moderator can remove the image, but not replace it."""

    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The author receives this with a link to the corrected version."),
    )

    def __init__(self, data: QueryDict | None = None, *, moderator: User, revision: Revision) -> None:
        self.user = moderator
        super().__init__(data, user=moderator, initial=self._initial_of(revision))
        for name in ("image", "form_key", "version", "save_key", "unanswered"):
            del self.fields[name]
        self.fields["title"].required = self.fields["section"].required = True


class SuspensionForm(forms.Form):
    """Whom to suspend, until when and why. The username is typed: moderators cannot list the accounts."""

    username = OneLineField(label=gettext_lazy("Username"), max_length=30)
    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The user receives this by email. It is not public."),
    )

    def clean_username(self) -> User:
        user = User.objects.filter(username__iexact=self.cleaned_data["username"], is_active=True).first()
        if user is None:
            raise ValidationError(_("No user has this username."))
        return user
