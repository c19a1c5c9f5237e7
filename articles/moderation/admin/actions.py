"""Decide on several submissions at once, after a page that asks for confirmation."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from articles.moderation.forms import ReasonForm
from articles.moderation.models import Decision, Submission
from articles.moderation.services import DECIDE, decide
from core.exceptions import ActionNotAllowed

MAX_SELECTED = 50
Verdict = Decision.Verdict
_ACTIONS_OF_VIEW: dict[str, list[str]] = {"unreviewed": ["keep_several"], "returned": []}


class DecisionActionsMixin(admin.ModelAdmin[Submission]):
    """Publish, return or keep several submissions; each is a decision of its own, and one refused stops no other."""

    actions = ["publish_several", "return_several", "keep_several"]

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        """Return the actions that fit the list shown; none without the permission to decide."""
        if not request.user.has_perm(DECIDE):
            return {}
        names = _ACTIONS_OF_VIEW.get(request.GET.get("view", ""), ["publish_several", "return_several"])
        actions = super().get_actions(request, action_location)
        return {name: actions[name] for name in names if name in actions}

    @admin.action(description=gettext_lazy("Publish the selected submissions"))
    def publish_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._confirm_and_decide(request, queryset, Verdict.PUBLISH)

    @admin.action(description=gettext_lazy("Return the selected submissions to their authors"))
    def return_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._confirm_and_decide(request, queryset, Verdict.RETURN)

    @admin.action(description=gettext_lazy("Keep the selected articles published"))
    def keep_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._confirm_and_decide(request, queryset, Verdict.KEEP)

    def _confirm_and_decide(
        self, request: HttpRequest, queryset: QuerySet[Submission], verdict: Decision.Verdict
    ) -> HttpResponse | None:
        confirmed = "confirmed" in request.POST
        form = ReasonForm(request.POST if confirmed else None)
        form.fields["reason"].required = verdict in Decision.VERDICTS_WITH_REASON
        if confirmed and form.is_valid():
            self._decide_on_confirmed(request, verdict, form)
            return None
        selected = list(queryset.select_related("article__author", "section")[: MAX_SELECTED + 1])
        if len(selected) > MAX_SELECTED:
            messages.error(
                request, _("You can decide on up to %(count)d submissions at a time.") % {"count": MAX_SELECTED}
            )
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": verdict.label,
            "verdict": verdict,
            "selected": selected,
            "form": form,
            "asks_reason": verdict in Decision.VERDICTS_WITH_REASON,
            "action_name": request.POST.get("action", ""),
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/moderation/several.html", context)

    def _decide_on_confirmed(self, request: HttpRequest, verdict: Decision.Verdict, form: ReasonForm) -> None:
        """Decide on each submission of the confirmation page, in the version that it showed."""
        assert isinstance(request.user, User)
        count = 0
        # Not the action's queryset: it lacks what others decided on meanwhile, which needs a message.
        versions = dict(value.partition("@")[::2] for value in request.POST.getlist("shown")[:MAX_SELECTED])
        pks = [pk for pk in versions if pk.isdecimal() and len(pk) <= 18]
        for submission in Submission.objects.filter(pk__in=pks).order_by("submitted_at", "pk"):
            try:
                decide(
                    revision=submission,
                    moderator=request.user,
                    verdict=verdict,
                    reason=form.cleaned_data["reason"],
                    rule=form.cleaned_data["rule"],
                    expected_version=versions[str(submission.pk)],
                )
            except ActionNotAllowed as error:
                refusal = {"title": submission.title, "why": error}
                messages.warning(request, _("“%(title)s” was not changed. %(why)s") % refusal)
            else:
                count += 1
                self.log_change(request, submission, verdict.label)
        if count:
            text = ngettext("%(count)d decision made: %(verdict)s.", "%(count)d decisions made: %(verdict)s.", count)
            messages.success(request, text % {"count": count, "verdict": verdict.label})
