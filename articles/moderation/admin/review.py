"""The page on which a moderator reads a submission and decides on it, shared by submissions and articles."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from articles.diff import diff_bodies, diff_fields
from articles.models import Revision
from articles.moderation.forms import DecisionForm, ReasonForm
from articles.moderation.models import MAX_HISTORY_COUNT, Decision, Submission, Suspension, latest_articles
from articles.moderation.selectors import duplicates_of
from articles.moderation.services import allowed_verdicts, decide
from core.admin import KeysetModelAdmin, NoAddDeleteAdminMixin
from core.exceptions import ActionNotAllowed

_MESSAGES = {
    Decision.Verdict.PUBLISH: gettext_noop("“%(title)s” is published."),
    Decision.Verdict.RETURN: gettext_noop("“%(title)s” was returned to its author."),
    Decision.Verdict.HIDE: gettext_noop("“%(title)s” was hidden."),
    Decision.Verdict.RESTORE: gettext_noop("“%(title)s” is visible again."),
    Decision.Verdict.KEEP: gettext_noop("“%(title)s” remains published."),
}


class ReviewAdmin[M: Model](NoAddDeleteAdminMixin, KeysetModelAdmin[M]):
    """An admin whose objects are decided on instead of edited."""

    def get_submission(self, request: HttpRequest, object_id: str) -> Submission | None:
        """Return the submission to review: the object with this key, or the text of that article; otherwise None."""
        obj: Any = self.get_object(request, unquote(object_id))
        pk = obj and (obj.pk if isinstance(obj, Submission) else obj.live_id or obj.latest_id)
        return Submission.objects.for_review().filter(pk=pk).first()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the submission; a POST decides."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        submission = self.get_submission(request, object_id)
        if submission is None:
            return super().change_view(request, object_id)  # It says that there is no such object.
        form = DecisionForm(request.POST or None, initial={"submitted": submission.version})
        refusal = ""
        if form.is_valid():
            verdict = Decision.Verdict(form.cleaned_data["verdict"])
            try:
                self.decide(request, submission, verdict, form, form.cleaned_data["submitted"])
            except ActionNotAllowed as error:
                if error.field:
                    form.add_error(error.field, str(error))
                else:  # Decided on or changed meanwhile: show the present state and what was typed.
                    refusal = str(error)
                    submission = self.get_submission(request, object_id) or submission
                    form = DecisionForm(initial={**form.cleaned_data, "submitted": submission.version})
            else:
                messages.success(request, _(_MESSAGES[verdict]) % {"title": submission.title})
                return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        # Only now, because the service refuses other verdicts with the reason.
        verdicts = allowed_verdicts(submission)
        form.fields["verdict"].choices = [(verdict.value, verdict.label) for verdict in verdicts]  # type: ignore[attr-defined]
        context = {"form": form, "verdicts": verdicts, "refusal": refusal, **self._review_context(request, submission)}
        return self.render_page(request, "admin/moderation/review.html", context, status=409 if refusal else 200)

    def decide(
        self, request: HttpRequest, submission: Submission, verdict: Decision.Verdict, form: ReasonForm, version: str
    ) -> None:
        """Decide with the rule and reason of a valid form, and log it."""
        assert isinstance(request.user, User)
        decide(
            revision=submission,
            moderator=request.user,
            verdict=verdict,
            reason=form.cleaned_data["reason"],
            rule=form.cleaned_data["rule"],
            expected_version=version,
        )
        self.log_change(request, submission, verdict.label)  # type: ignore[arg-type]

    def _review_context(self, request: HttpRequest, submission: Submission) -> dict[str, Any]:
        article, author = submission.article, submission.article.author
        before = _revision_to_compare(submission)
        decisions = Decision.objects.select_related("moderator", "revision").defer("revision__body")
        by_author = decisions.filter(revision__article__in=latest_articles(author.pk))
        return {
            "title": submission.title,
            "revision": submission,
            "article": article,
            "author": author,
            "is_own": author.pk == request.user.pk,
            "decisions": decisions.filter(revision__article=article)[:50],
            "duplicates": duplicates_of(submission),
            "compared": before,
            "changed_fields": diff_fields(before, submission) if before else [],
            "changed_paragraphs": diff_bodies(before.body, submission.body) if before else [],
            "published_before": format_count(submission.published_before),
            "returned_before": format_count(submission.returned_before),
            "other_decisions": by_author.exclude(revision__article=article)[:10],
            "suspensions": Suspension.objects.filter(user=author)[:5],
            "is_live": article.live_id == submission.pk,
        }


def format_count(count: int) -> str:
    """Return a count of the author's history, or that it is at the bound."""
    return f"{count}+" if count >= MAX_HISTORY_COUNT else str(count)


def _revision_to_compare(submission: Submission) -> Revision | None:
    """Return what a moderator knows already: the live text, or else the revision before this one."""
    earlier = submission.article.revisions.filter(number__lt=submission.number).select_related("section", "image")
    return earlier.filter(live_for=submission.article_id).first() or earlier.order_by("-number").first()
