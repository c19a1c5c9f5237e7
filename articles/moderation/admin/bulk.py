"""One decision on several submissions, with a page between that says on which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from articles.models import Revision
from articles.moderation.forms import ReasonForm, moment
from articles.moderation.models import Decision, Submission
from articles.moderation.services import DECIDE, decide
from core.exceptions import ActionNotAllowed

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Submission]
else:
    _Base = object

MOST_AT_ONCE = 50
Verdict = Decision.Verdict


class BulkDecisions(_Base):
    """Publish, return or keep several at once; each is a decision of its own, and one that fails stops no other."""

    actions = ["publish_several", "return_several", "keep_several"]

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        """Only what fits the list that is shown, and only for those who may decide."""
        fitting = {"unreviewed": ["keep_several"], "returned": []}.get(
            request.GET.get("view", ""), ["publish_several", "return_several"]
        )
        found = super().get_actions(request, action_location)
        return {name: found[name] for name in fitting if name in found and request.user.has_perm(DECIDE)}

    @admin.action(description=gettext_lazy("Publish the selected submissions"))
    def publish_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._decide_on_several(request, queryset, Verdict.PUBLISH)

    @admin.action(description=gettext_lazy("Return the selected submissions to their authors"))
    def return_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._decide_on_several(request, queryset, Verdict.RETURN)

    @admin.action(description=gettext_lazy("Keep the selected articles published"))
    def keep_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._decide_on_several(request, queryset, Verdict.KEEP)

    def _decide_on_several(
        self, request: HttpRequest, queryset: QuerySet[Submission], verdict: Decision.Verdict
    ) -> HttpResponse | None:
        confirmed = "confirmed" in request.POST
        form = ReasonForm(request.POST if confirmed else None)
        form.fields["reason"].required = verdict in Decision.NEEDS_REASON
        if confirmed and form.is_valid():
            self._carry_out(request, verdict, form)
            return None
        chosen = list(queryset.select_related("article__author", "section")[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            messages.error(request, _("Decide on at most %(count)d at once.") % {"count": MOST_AT_ONCE})
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": verdict.label,
            "verdict": verdict,
            "chosen": chosen,
            "form": form,
            "asks_reason": verdict in Decision.NEEDS_REASON,
            "action_name": request.POST.get("action", ""),
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/moderation/several.html", context)

    def _carry_out(self, request: HttpRequest, verdict: Decision.Verdict, form: ReasonForm) -> None:
        """Decide on each text that the page between showed, as it was then, and say what became of each."""
        assert isinstance(request.user, User)
        done = 0
        # Not the action's queryset: what another moderator decided on meanwhile is not in it, and must be told of.
        shown = dict(one.partition("@")[::2] for one in request.POST.getlist("shown")[:MOST_AT_ONCE])
        keys = [key for key in shown if key.isdecimal() and len(key) <= 18]
        for revision in Revision.objects.filter(pk__in=keys).order_by("submitted_at", "pk"):
            title = revision.title
            revision.submitted_at = moment(shown[str(revision.pk)])
            try:
                decide(
                    revision=revision,
                    moderator=request.user,
                    verdict=verdict,
                    reason=form.cleaned_data["reason"],
                    rule=form.cleaned_data["rule"],
                )
            except ActionNotAllowed as error:
                messages.warning(request, _("Not done: “%(title)s”. %(why)s") % {"title": title, "why": error})
            else:
                done += 1
                self.log_change(request, Submission(pk=revision.pk, title=title), verdict.label)
        if done:
            messages.success(
                request,
                ngettext("%(count)d decision made: %(verdict)s.", "%(count)d decisions made: %(verdict)s.", done)
                % {"count": done, "verdict": verdict.label},
            )
