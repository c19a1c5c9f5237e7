"""The page on which a moderator reads a submission and decides on it, shared by submissions and articles."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from articles.diff import difference
from articles.models import Revision
from articles.moderation.admin.remarks import press_button, write_typed_note
from articles.moderation.forms import DecisionForm, ReasonForm, RemarksForm
from articles.moderation.hints import in_words
from articles.moderation.models import MAX_HISTORY_COUNT, Decision, Screening, Submission, Suspension, latest_articles
from articles.moderation.selectors import (
    active_claim,
    author_record,
    common_reasons,
    last_trust_changes,
    notes_on_passages,
    revision_to_compare,
    staff_notes,
)
from articles.moderation.services import alerts, allowed_verdicts, claims, decide
from articles.selectors import corrections_of
from articles.services.trust import trust_after
from core.admin import KeysetModelAdmin, NoAddDeleteAdminMixin
from core.exceptions import ActionNotAllowed
from core.zones import in_zones

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
        wish = submission.publish_at
        is_ahead = wish is not None and wish > timezone.now()
        initial = {"submitted": submission.version, "publish_at": wish if is_ahead else None}
        form, refusal = DecisionForm(initial=initial), ""
        remarks = RemarksForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            repeated, refusal = self._post(request, submission, remarks)
            if repeated is None:
                return self._next_page(request)
            form = repeated
            submission = self.get_submission(request, object_id) or submission
        # Only now, because the service refuses other verdicts with the reason.
        verdicts = allowed_verdicts(submission)
        form.fields["verdict"].choices = [(verdict.value, verdict.label) for verdict in verdicts]  # type: ignore[attr-defined]
        context = {"form": form, "remarks": remarks, "verdicts": verdicts, "refusal": refusal}
        context |= self._review_context(request, submission)
        return self.render_page(request, "admin/moderation/review.html", context, status=409 if refusal else 200)

    def _post(
        self, request: HttpRequest, submission: Submission, remarks: RemarksForm
    ) -> tuple[DecisionForm | None, str]:
        """Decide, or do what another button of the form says.

        Returns None after a decision; otherwise the form to show with all that was typed, and why nothing was decided.
        """
        assert isinstance(request.user, User)
        form = DecisionForm(request.POST)
        if "common_reason" in request.POST:
            refusing = [verdict for verdict in allowed_verdicts(submission) if verdict in Decision.VERDICTS_WITH_REASON]
            language = submission.article.author.preferred_language
            return form.filled_in(request.POST["common_reason"], language, *refusing[:1]), ""
        refusal = ""
        try:
            if "take_over" in request.POST:
                claims.claim(revision=submission, moderator=request.user, take_over=True)
            elif press_button(request, submission, remarks):
                return form.repeated(), ""
            elif form.is_valid():
                # What was typed is never lost: a note without its button is saved with the decision.
                if request.POST.get("note", "").strip() and not write_typed_note(request, submission, remarks):
                    return form.repeated(), ""
                verdict = Decision.Verdict(form.cleaned_data["verdict"])
                decision = self.decide(request, submission, verdict, form, form.cleaned_data["submitted"])
                messages.success(request, _message(verdict, decision.revision))
                return None, ""
            else:
                return form, ""
        except ActionNotAllowed as error:
            if error.field:
                form.add_error(error.field, str(error))
                return form, ""
            refusal = str(error)  # Decided on, changed or claimed meanwhile.
        present = Submission.objects.filter(pk=submission.pk).first() or submission
        return form.repeated(submitted=present.version if refusal else form["submitted"].value()), refusal

    def _next_page(self, request: HttpRequest) -> HttpResponse:
        """Return to the list, or open the next submission."""
        if "next" in request.POST:
            return open_next(request)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def decide(
        self, request: HttpRequest, submission: Submission, verdict: Decision.Verdict, form: ReasonForm, version: str
    ) -> Decision:
        """Decide with the rule, the reason and the time of a valid form, and log it."""
        assert isinstance(request.user, User)
        at = form.cleaned_data.get("publish_at")
        if "publish_at" in form.data and at is None:
            at = timezone.now()  # The moderator has emptied the field.
        decision = decide(
            revision=submission,
            moderator=request.user,
            verdict=verdict,
            reason=form.cleaned_data["reason"],
            rule=form.cleaned_data["rule"],
            expected_version=version,
            publish_at=at,
        )
        self.log_change(request, submission, verdict.label)  # type: ignore[arg-type]
        return decision

    def _review_context(self, request: HttpRequest, submission: Submission) -> dict[str, Any]:
        article, author = submission.article, submission.article.author
        before = revision_to_compare(submission)
        changed_fields, changed_paragraphs = difference(before, submission) if before else ([], [])
        decisions = Decision.objects.select_related("moderator", "revision", "rule_version__rule").defer(
            "revision__body"
        )
        by_author = decisions.filter(revision__article__in=latest_articles(author.pk))
        claim = active_claim(submission)
        is_own = article.is_by(request.user)
        open_notes, resolved_notes = notes_on_passages(submission, only_sent=is_own)
        changes = last_trust_changes(author)
        is_waiting = submission.state == Revision.State.IN_REVIEW
        is_sampled = not is_waiting and claims.is_sampled(submission)
        return {
            "title": submission.title,
            "revision": submission,
            "article": article,
            "author": author,
            "is_own": is_own,
            "claim": claim,
            "is_claimed": claim is not None and claim.moderator_id == request.user.pk,
            "is_waiting": is_waiting,
            "is_sampled": is_sampled,
            "is_claimable": is_waiting or is_sampled,
            "reasons": common_reasons(author.preferred_language),
            "decisions": decisions.filter(revision__article=article)[:50],
            "hints": [in_words(hint) for hint in submission.hints.order_by("pk")],
            "is_screened": Screening.objects.filter(revision=submission.pk, finished_at__isnull=False).exists(),
            "notes": staff_notes(submission),
            "open_notes": open_notes,
            "resolved_notes": resolved_notes,
            "corrections": corrections_of(article) if article.live_id == submission.pk else [],
            "compared": before,
            "changed_fields": changed_fields,
            "changed_paragraphs": changed_paragraphs,
            "published_before": format_count(submission.published_before),
            "returned_before": format_count(submission.returned_before),
            "record": author_record(author),
            "other_decisions": by_author.exclude(revision__article=article)[:10],
            "trust": trust_after(changes[0] if changes else None, author),
            "trust_changes": changes,
            "suspensions": Suspension.objects.filter(user=author)[:5],
            "is_live": article.live_id == submission.pk,
            "is_first": article.live_id is None,
        }


def _message(verdict: Decision.Verdict, revision: Revision) -> str:
    article = revision.article
    if verdict == Decision.Verdict.PUBLISH and article.is_scheduled and article.published_at:
        values = {"title": revision.title, "time": in_zones(article.published_at)}
        return _("“%(title)s” is scheduled for %(time)s.") % values
    return _(_MESSAGES[verdict]) % {"title": revision.title}


def open_next(request: HttpRequest) -> HttpResponse:
    """Claim the next submission and redirect to its review page; if nothing waits, to the queue with a message."""
    assert isinstance(request.user, User)
    alerts.note_opened(request.user)
    try:
        submission = claims.take_next(moderator=request.user)
    except ActionNotAllowed as error:
        messages.error(request, str(error))
        return redirect("admin:moderation_submission_changelist")
    if submission is None:
        messages.info(request, _("Nothing else waits for you."))
        return redirect("admin:moderation_submission_changelist")
    return redirect("admin:moderation_submission_change", submission.pk)


def format_count(count: int) -> str:
    """Return a count of the author's history, or that it is at the bound."""
    return f"{count}+" if count >= MAX_HISTORY_COUNT else str(count)
