"""Forms for moderators."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles.fields import TokenField
from articles.forms import ArticleForm
from articles.models import Article, Revision, Trust
from articles.models.content import MAX_CORRECTION
from articles.moderation.models import AlertPreference, Appeal, Decision, PassageNote, Reason, Rule, RuleVersion
from articles.moderation.models.rule import MAX_RULE_TEXT, MAX_TITLE
from articles.moderation.passages import MAX_QUOTE
from articles.moderation.services.passage_notes import Answer
from articles.moderation.services.rules import RuleText
from articles.schedule_forms import PublicationTimeField, check_publication_time
from core.admin import is_pk
from core.forms import OneLineField, TextField
from core.text import MAX_REASON


def _beside_the_decision(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "form": "decision"})


class ReasonForm(forms.Form):
    """The rule and the reason of a decision."""

    rule = forms.ChoiceField(label=gettext_lazy("Rule"), required=False)
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rules = [(version.rule.slug, version.label) for version in RuleVersion.objects.in_force()]
        self.fields["rule"].choices = [("", _("no specific rule")), *rules]  # type: ignore[attr-defined]


class DecisionForm(ReasonForm):
    """A decision on one submission. `submitted` holds the version of the text that the moderator read."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"), choices=Decision.Verdict.choices, widget=forms.RadioSelect
    )
    publish_at = PublicationTimeField(
        label=gettext_lazy("Publish on"),
        help_text=gettext_lazy("Leave this empty to publish at once. Time zone: %(zone)s."),
    )
    submitted = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    field_order = ["verdict", "publish_at", "rule", "reason", "submitted"]

    def clean(self) -> dict[str, Any]:
        at = self.cleaned_data.get("publish_at")
        if at and self.cleaned_data.get("verdict") == Decision.Verdict.PUBLISH:
            try:
                check_publication_time(at)
            except ValidationError as error:
                self.add_error("publish_at", error)
        return self.cleaned_data

    def repeated(self, **changes: Any) -> DecisionForm:
        """Return the form with what was typed, without checking it."""
        return DecisionForm(initial={name: self[name].value() for name in self.fields} | changes)

    def filled_in(self, reason_pk: str, language: str, verdict: str = "") -> DecisionForm:
        """Return the form with one of the common reasons and its rule, as static/js/review.js fills them in.

        Args:
            verdict: if none is chosen yet.
        """
        reason = Reason.objects.select_related("rule").filter(pk=reason_pk).first() if is_pk(reason_pk) else None
        if reason is None:
            return self.repeated()
        return self.repeated(
            verdict=self["verdict"].value() or verdict,
            rule=reason.rule.slug if reason.rule else self["rule"].value(),
            reason="\n\n".join(filter(None, [self["reason"].value(), reason.text_in(language)])),
        )


class RemarksForm(forms.Form):
    """What a moderator writes beside the decision: a note on a passage, a correction for readers.

    The fields and buttons belong to the form of the decision, so that all that was typed is sent with each of them.
    """

    quote = TextField(
        label=gettext_lazy("Quoted words"), max_length=MAX_QUOTE, required=False, widget=_beside_the_decision(2)
    )
    # Of the words selected in the preview (static/js/passages.js).
    quote_prefix = TokenField()
    quote_suffix = TokenField()
    note = TextField(label=gettext_lazy("Note"), max_length=MAX_REASON, required=False, widget=_beside_the_decision(3))
    correction = OneLineField(
        label=gettext_lazy("New correction"),
        max_length=MAX_CORRECTION,
        required=False,
        widget=_beside_the_decision(2),
        help_text=gettext_lazy("Say what was wrong: “The sum was 40, not 400.” It is public at once."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("quote_prefix", "quote_suffix"):
            self.fields[name].widget.attrs["form"] = "decision"

    def clear(self, *names: str) -> None:
        """Show these fields empty, because what was typed is saved."""
        self.data = {**self.data.dict(), **dict.fromkeys(names, "")}  # type: ignore[attr-defined]


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
        for name in ("image", "form_key", "version", "save_key", "unanswered", "publish_at"):
            del self.fields[name]
        self.fields["correction"] = deepcopy(self.base_fields["correction"])
        self.fields["title"].required = self.fields["section"].required = True

    def _offer_series(self, article: Article | None) -> None:
        self._remove_series()


class ScheduleForm(forms.Form):
    """The time of a scheduled article, or why its publication is stopped."""

    publish_at = PublicationTimeField(label=gettext_lazy("Publish on"), help_text=gettext_lazy("Time zone: %(zone)s."))
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The author receives this by email. It is needed to stop the publication."),
    )


class UsernameForm(forms.Form):
    """A form about a user. The username is typed: moderators cannot list the accounts."""

    username = OneLineField(label=gettext_lazy("Username"), max_length=30)

    def clean_username(self) -> User:
        user = User.objects.by_username(self.cleaned_data["username"]).filter(is_active=True).first()
        if user is None:
            raise ValidationError(_("No user has this username."))
        return user


def _moment_field(**options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=gettext_lazy("Until"), widget=widget, **options)


class SuspensionForm(UsernameForm):
    """Whom to suspend, until when and why."""

    until = _moment_field()
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The user receives this by email. It is not public."),
    )


class TrustForm(UsernameForm):
    """Whose trust to change, how, until when and why."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Articles of this author"),
        choices=[
            (Trust.Kind.GRANTED, gettext_lazy("are published without review")),
            (Trust.Kind.FROZEN, gettext_lazy("are reviewed first")),
            (Trust.Kind.COMPUTED, gettext_lazy("are reviewed first until enough are published, and none is hidden")),
        ],
        widget=forms.RadioSelect,
    )
    until = _moment_field(
        required=False,
        help_text=gettext_lazy("Optional. Afterwards, published and hidden articles decide again."),
    )
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The author can read this under “My articles”. It is not public."),
    )


def _rule_text(label: Any) -> TextField:
    return TextField(label=label, max_length=MAX_RULE_TEXT, required=False, widget=AdminTextareaWidget())


class RuleForm(forms.ModelForm[Rule]):
    """A rule with the text of its last version."""

    title = OneLineField(label=gettext_lazy("Title"), max_length=MAX_TITLE)
    title_ru = OneLineField(label=gettext_lazy("Title in Russian"), max_length=MAX_TITLE, required=False)
    title_hy = OneLineField(label=gettext_lazy("Title in Armenian"), max_length=MAX_TITLE, required=False)
    text = _rule_text(gettext_lazy("Text"))
    text_ru = _rule_text(gettext_lazy("Text in Russian"))
    text_hy = _rule_text(gettext_lazy("Text in Armenian"))
    is_retired = forms.BooleanField(
        label=gettext_lazy("No longer valid"),
        required=False,
        help_text=gettext_lazy("New decisions cannot cite it. The public page lists it among the former rules."),
    )

    class Meta:
        model = Rule
        fields = ["number", "slug"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = self.instance.versions.order_by("-number").first() if self.instance.pk else None
        for name in RuleText.__dataclass_fields__ if last else ():
            self.initial.setdefault(name, getattr(last, name))
        self.initial.setdefault("is_retired", self.instance.retired_at is not None)


class AppealForm(forms.Form):
    """Why a user thinks that a decision is wrong."""

    text = TextField(
        label=gettext_lazy("Why is the decision wrong?"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Only moderators read this."),
    )


class AppealDecisionForm(forms.Form):
    """The answer to an appeal."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Decision"), choices=Appeal.Outcome.choices, widget=forms.RadioSelect
    )
    answer = TextField(
        label=gettext_lazy("Answer"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("The user receives this by email. It is not public."),
    )


class AnswersForm(forms.Form):
    """The author's answers to open notes on passages: a text and a box for each."""

    def __init__(self, data: QueryDict | None = None, *, notes: Iterable[PassageNote]) -> None:
        self.notes = list(notes)
        super().__init__(data)
        for note in self.notes:
            self.fields[f"answer_{note.pk}"] = TextField(
                label=_("Answer"),
                max_length=MAX_REASON,
                required=False,
                initial=note.answer,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"done_{note.pk}"] = forms.BooleanField(
                label=_("Done"), required=False, initial=note.done_at is not None
            )

    def answers(self) -> dict[int, Answer]:
        """Return the answers of the valid form, by the primary key of the note."""
        values = self.cleaned_data
        return {
            note.pk: Answer(text=values[f"answer_{note.pk}"], is_done=values[f"done_{note.pk}"]) for note in self.notes
        }

    def fields_of(self, note: PassageNote) -> tuple[forms.BoundField, forms.BoundField]:
        """Return the text and the box of one note."""
        return self[f"answer_{note.pk}"], self[f"done_{note.pk}"]


class AlertForm(forms.ModelForm[AlertPreference]):
    """When a moderator wants to be told what waits."""

    class Meta:
        model = AlertPreference
        fields = ["frequency", "threshold", "daily_at"]
        widgets = {
            "frequency": forms.RadioSelect,
            "daily_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }
        help_texts = {
            "threshold": gettext_lazy("For “When several are waiting”: submissions and appeals together."),
            "daily_at": gettext_lazy("For “Once a day”, in the site’s time zone."),
        }
