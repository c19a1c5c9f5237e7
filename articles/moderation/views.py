"""Public pages: the rules, the log of decisions and appeals. And those on which a user appeals or answers notes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import BigAutoField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View

from accounts.models import User
from articles.models import Revision
from articles.moderation.forms import AnswersForm, AppealForm
from articles.moderation.models import (
    BY_APPEAL_TIME,
    BY_DECISION_TIME,
    Appeal,
    Decision,
    RuleVersion,
    Suspension,
)
from articles.moderation.selectors import notes_on_passages, passages_of, spans_of
from articles.moderation.services.appeals import appeal_decision, appeal_suspension
from articles.moderation.services.passage_notes import answer_notes
from articles.selectors import own_article
from core.exceptions import ActionNotAllowed
from core.pagination import paginate

LOG_PAGE_SIZE = 20


class LogView(TemplateView):
    """List the public decisions, newest first, without names of users; the title only while the article is public."""

    template_name = "moderation/log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        decisions = Decision.objects.filter(verdict__in=["hide", "restore"]).order_by(*BY_DECISION_TIME.names)
        decisions = decisions.select_related("rule_version__rule", "revision__section", "revision__article__live")
        decisions = decisions.defer("revision__body", "revision__article__live__body")
        page = paginate(decisions, self.request, order=BY_DECISION_TIME, size=LOG_PAGE_SIZE)
        return super().get_context_data(page=page.object_list, older=page.next_cursor, **kwargs)


class RulesView(TemplateView):
    """List the rules in force in their present version, and the former rules."""

    template_name = "moderation/rules.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = list(RuleVersion.objects.current())
        return super().get_context_data(
            rules=[version for version in versions if version.rule.retired_at is None],
            former_rules=[version for version in versions if version.rule.retired_at is not None],
            **kwargs,
        )


class RuleView(TemplateView):
    """Show all versions of one rule, newest first."""

    template_name = "moderation/rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = list(RuleVersion.objects.filter(rule__slug=kwargs["slug"]).select_related("rule"))
        if not versions:
            raise Http404
        return super().get_context_data(rule=versions[0].rule, versions=versions, **kwargs)


class AppealView(LoginRequiredMixin, View):
    """The page on which a user appeals against a decision or a suspension, and sees what became of it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.decision: Decision | None = None
        self.suspension: Suspension | None = None
        if request.user.is_authenticated:
            self._find(request.user.pk, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    def _find(self, user_pk: int, decision: int = 0, suspension: int = 0) -> None:
        if max(decision, suspension) > BigAutoField.MAX_BIGINT:
            raise Http404
        if suspension:
            own = Suspension.objects.filter(user=user_pk).select_related("appeal")
            self.suspension = get_object_or_404(own, pk=suspension)
        else:
            against = Decision.objects.filter(revision__article__author=user_pk, verdict__in=["return", "hide"])
            related = ["appeal", "rule_version__rule", "revision__article__latest", "revision__article__live"]
            self.decision = get_object_or_404(against.select_related(*related), pk=decision)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self._render(AppealForm())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        assert isinstance(request.user, User)
        form = AppealForm(request.POST)
        if form.is_valid():
            text = form.cleaned_data["text"]
            try:
                if self.decision:
                    appeal_decision(decision=self.decision, user=request.user, text=text)
                elif self.suspension:
                    appeal_suspension(suspension=self.suspension, user=request.user, text=text)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                messages.success(
                    request, _("Your appeal is sent. Another moderator decides, and we email you the answer.")
                )
                return redirect(request.path)
        return self._render(form)

    def _render(self, form: AppealForm) -> HttpResponse:
        row = self.decision or self.suspension
        context = {
            "form": form,
            "decision": self.decision,
            "suspension": self.suspension,
            "appeal": getattr(row, "appeal", None),
        }
        return render(self.request, "moderation/appeal.html", context)


class NotesView(LoginRequiredMixin, View):
    """The page on which an author reads the notes on a text at their passages, and answers them."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._render(self._revision(pk))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        revision = self._revision(pk)
        open_notes, _resolved = notes_on_passages(revision, only_sent=True)
        form = AnswersForm(request.POST, notes=[one.note for one in open_notes])
        if not form.is_valid():
            return self._render(revision, form)
        try:
            answer_notes(article=revision.article, author=revision.article.author, answers=form.answers())
        except ActionNotAllowed as error:
            form.add_error(None, str(error))
            return self._render(revision, form)
        messages.success(request, _("Your answers are saved. Moderators read them when they review the article."))
        return redirect(request.path)

    def _revision(self, pk: int) -> Revision:
        article = own_article(self.request.user, pk)
        revision = article.latest
        assert revision is not None  # `start_draft` creates both
        revision.article = article
        return revision

    def _render(self, revision: Revision, form: AnswersForm | None = None) -> HttpResponse:
        open_notes, resolved_notes = notes_on_passages(revision, only_sent=True)
        form = form or AnswersForm(notes=[one.note for one in open_notes])
        # A note that was resolved meanwhile has no fields.
        rows = [(one, form.fields_of(one.note)) for one in open_notes if one.note in form.notes]
        context = {
            "article": revision.article,
            "revision": revision,
            "form": form,
            "rows": rows,
            "resolved_notes": resolved_notes,
            "marked": passages_of(revision).marked(spans_of(open_notes), is_linked=True),
            "here": "my_articles",
        }
        return render(self.request, "moderation/notes.html", context)


class AppealLogView(TemplateView):
    """List the appeals that were decided, newest first, without texts and names."""

    template_name = "moderation/appeals.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        appeals = Appeal.objects.decided().select_related("decision__revision__section", "decision__rule_version__rule")
        appeals = appeals.defer("text", "answer", "decision__revision__body")
        page = paginate(appeals, self.request, order=BY_APPEAL_TIME, size=LOG_PAGE_SIZE)
        return super().get_context_data(page=page.object_list, older=page.next_cursor, **kwargs)
