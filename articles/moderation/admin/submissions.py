"""The review queue, with the lists of what was published without review, drawn for a review, and returned."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from articles.moderation.admin.review import ReviewAdmin, format_count, open_next
from articles.moderation.forms import AlertForm, ReasonForm
from articles.moderation.models import Decision, Submission
from articles.moderation.selectors import notes_on_passages, passages_of, spans_of
from articles.moderation.services import DECIDE, alerts, claims, clear_profile
from articles.moderation.services.notes import add_note
from articles.presenters import article_page_context
from articles.selectors import corrections_of
from core.admin import ViewFilter, is_pk
from core.exceptions import ActionNotAllowed
from core.http_cache import framed

MAX_SELECTED = 50
Verdict = Decision.Verdict


# List → title of the page, and actions.
VIEWS = {
    "waiting": (gettext_lazy("Waiting for review, oldest first"), ["publish_several", "return_several"]),
    "hinted": (gettext_lazy("Waiting with hints, the most conspicuous first"), ["publish_several", "return_several"]),
    "unreviewed": (gettext_lazy("Published without review"), ["keep_several"]),
    "sampled": (gettext_lazy("Drawn for a review after publication, oldest first"), ["keep_several"]),
    "returned": (gettext_lazy("Returned to their authors"), []),
}


# What the confirmation page asks.
_QUESTIONS = {
    Verdict.PUBLISH: ngettext_lazy("Publish %(count)d article?", "Publish %(count)d articles?", "count"),
    Verdict.RETURN: ngettext_lazy(
        "Return %(count)d article to its author?", "Return %(count)d articles to their authors?", "count"
    ),
    Verdict.KEEP: ngettext_lazy("Keep %(count)d article published?", "Keep %(count)d articles published?", "count"),
}


class SubmissionFilter(ViewFilter):
    views = {
        "waiting": gettext_lazy("Waiting"),
        "hinted": gettext_lazy("Waiting, with hints"),
        "unreviewed": gettext_lazy("Published without review"),
        "sampled": gettext_lazy("Drawn for review"),
        "returned": gettext_lazy("Returned"),
    }


@admin.register(Submission)
class SubmissionAdmin(ReviewAdmin[Submission]):
    """What authors submitted. The title links to the review page; actions decide on several after a confirmation."""

    actions = ["publish_several", "return_several", "keep_several"]
    list_display = [
        *("title", "age", "publish_at", "hints", "article__author", "history", "section", "claimed_by"),
    ]
    list_display_links = ["title"]
    list_filter = [SubmissionFilter, "section", "language"]
    list_select_related = ["article__author", "section", "claim__moderator"]
    change_list_template = "admin/moderation/queue.html"
    search_fields = ["title", "article__author__username", "article__author__display_name"]
    search_users = ("article__author",)
    search_help_text = gettext_lazy("Title or author")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        return Submission.objects.submitted().defer("body")

    def with_columns(self, rows: QuerySet[Submission]) -> QuerySet[Submission]:
        # In a query of its own: in one, a planner can compute the history of all rows before the LIMIT.
        pks = list(rows.values_list("pk", flat=True))
        page = Submission.objects.filter(pk__in=pks).defer("body").select_related(*self.list_select_related)
        page = page.with_author_history().with_rank().with_drawn_at()
        return page.prefetch_related("hints").order_by(*rows.query.order_by)

    def get_ordering(self, request: HttpRequest) -> tuple[()]:
        return ()  # The methods of `SubmissionFilter` order.

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        alerts.note_opened(request.user)  # type: ignore[arg-type]
        return super().changelist_view(
            request, {"title": VIEWS[SubmissionFilter.selected(request)][0], **(extra_context or {})}
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(DECIDE))

    @admin.display(description=pgettext_lazy("of a submission", "waiting"))
    def age(self, obj: Submission) -> str:
        return timesince(obj.submitted_at) if obj.submitted_at else "–"

    @admin.display(description=gettext_lazy("published, returned before"))
    def history(self, obj: Submission) -> str:
        return f"{format_count(obj.published_before)}, {format_count(obj.returned_before)}"

    @admin.display(description=gettext_lazy("hints"), empty_value="")
    def hints(self, obj: Submission) -> str | None:
        return ", ".join(hint.get_kind_display() for hint in obj.hints.all()) or None

    @admin.display(description=gettext_lazy("in review by"), empty_value="")
    def claimed_by(self, obj: Submission) -> str | None:
        claim = getattr(obj, "claim", None)
        if claim is None or not claim.is_active:
            return None
        return _("%(name)s until %(time)s") % {"name": claim.moderator.name, "time": claims.format_end(claim.ends_at)}

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        """Return the actions that fit the list shown."""
        actions = super().get_actions(request, action_location)
        _title, names = VIEWS[SubmissionFilter.selected(request)]
        return {name: actions[name] for name in names if name in actions}

    @admin.action(description=gettext_lazy("Publish the selected submissions"), permissions=["change"])
    def publish_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._decide_several(request, queryset, Verdict.PUBLISH)

    @admin.action(description=gettext_lazy("Return the selected submissions to their authors"), permissions=["change"])
    def return_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._decide_several(request, queryset, Verdict.RETURN)

    @admin.action(description=gettext_lazy("Keep the selected articles published"), permissions=["change"])
    def keep_several(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._decide_several(request, queryset, Verdict.KEEP)

    def _decide_several(
        self, request: HttpRequest, queryset: QuerySet[Submission], verdict: Decision.Verdict
    ) -> HttpResponse | None:
        """Show the confirmation page; when it is sent, decide on each submission in the version that it showed."""
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        form.fields["reason"].required = verdict in Decision.VERDICTS_WITH_REASON
        if form.is_valid():
            self._decide_confirmed(request, verdict, form)
            return None
        selected = list(queryset.select_related("article__author", "section")[: MAX_SELECTED + 1])
        if len(selected) > MAX_SELECTED:
            text = _("You can decide on up to %(count)d submissions at a time.") % {"count": MAX_SELECTED}
            messages.error(request, text)
            return None
        question = _QUESTIONS[verdict] % {"count": len(selected)}
        context = {
            "title": question,
            "verdict": verdict.label,
            "selected": selected,
            "form": form,
            "action": request.POST.get("action", ""),
        }
        return self.render_page(request, "admin/moderation/several.html", context)

    def _decide_confirmed(self, request: HttpRequest, verdict: Decision.Verdict, form: ReasonForm) -> None:
        count = 0
        # Not the action's queryset: it lacks what others decided on meanwhile, which needs a message.
        versions = dict(value.partition("@")[::2] for value in request.POST.getlist("shown")[:MAX_SELECTED])
        pks = [pk for pk in versions if is_pk(pk)]
        for submission in Submission.objects.filter(pk__in=pks).order_by("submitted_at", "pk"):
            try:
                self.decide(request, submission, verdict, form, versions[str(submission.pk)])
                count += 1
            except ActionNotAllowed as error:
                refusal = {"title": submission.title, "why": error}
                messages.warning(request, _("“%(title)s” was not changed. %(why)s") % refusal)
        if count:
            text = ngettext("%(count)d decision made: %(verdict)s.", "%(count)d decisions made: %(verdict)s.", count)
            messages.success(request, text % {"count": count, "verdict": verdict.label})

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview_view)
        note = self.admin_site.admin_view(require_POST(self.add_note_view))
        clear = self.admin_site.admin_view(require_POST(self.clear_profile_view))
        take_next = self.admin_site.admin_view(require_POST(self.take_next_view))
        claim = self.admin_site.admin_view(require_POST(self.claim_view))
        release = self.admin_site.admin_view(require_POST(self.release_view))
        return [
            path("alerts/", self.admin_site.admin_view(self.alerts_view), name="moderation_submission_alerts"),
            path("next/", take_next, name="moderation_submission_next"),
            path("<path:object_id>/note/", note, name="moderation_submission_note"),
            path("<path:object_id>/claim/", claim, name="moderation_submission_claim"),
            path("<path:object_id>/release/", release, name="moderation_submission_release"),
            path("<path:object_id>/clear-profile/", clear, name="moderation_submission_clear_profile"),
            path("<path:object_id>/preview/", framed(preview), name="moderation_submission_preview"),
            *super().get_urls(),
        ]

    def alerts_view(self, request: HttpRequest) -> HttpResponse:
        """Choose when one receives emails about what waits."""
        assert isinstance(request.user, User)
        if not request.user.has_perm(DECIDE):
            raise PermissionDenied
        form = AlertForm(request.POST or None, instance=alerts.preference_of(request.user))
        if form.is_valid():
            try:
                alerts.set_alerts(user=request.user, **form.cleaned_data)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("admin:index")
        return self.render_page(request, "admin/moderation/alerts.html", {"title": _("Email alerts"), "form": form})

    def take_next_view(self, request: HttpRequest) -> HttpResponse:
        """Claim the oldest submission that no other moderator reviews, and open it."""
        return open_next(request)

    def claim_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Claim a submission, and return to the review page."""
        assert isinstance(request.user, User)
        submission = self.get_submission(request, object_id)
        if submission is None:
            raise Http404
        try:
            claims.claim(revision=submission, moderator=request.user)
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        return redirect("admin:moderation_submission_change", object_id)

    def release_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End a claim: now, or soon when static/js/review.js reports that the page was left."""
        assert isinstance(request.user, User)
        submission = self.get_submission(request, object_id)
        if submission is None:
            raise Http404
        claims.release(revision=submission, moderator=request.user, left="left" in request.POST)
        return (
            HttpResponse(status=204) if "left" in request.POST else redirect("admin:moderation_submission_changelist")
        )

    def add_note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Add a note on the author or the article for other moderators, and return to the review page."""
        assert isinstance(request.user, User)
        submission = self.get_submission(request, object_id)
        if submission is None:
            raise Http404
        article, is_on_author = submission.article, request.POST.get("about") == "author"
        subject: Any = {"user": article.author} if is_on_author else {"article": article}
        try:
            add_note(moderator=request.user, text=request.POST.get("text", ""), **subject)
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The note is saved."))
        return redirect("admin:moderation_submission_change", object_id)

    def clear_profile_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Clear the profile of the author, and return to the review page."""
        assert isinstance(request.user, User)
        submission = self.get_submission(request, object_id)
        if submission is None:
            raise Http404
        try:
            clear_profile(user=submission.article.author, moderator=request.user)
        except ActionNotAllowed as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, submission, "Profile cleared")
            messages.success(request, _("The profile is cleared."))
        return redirect("admin:moderation_submission_change", object_id)

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the submission as readers will see it, in the frame of the review page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        submission = self.get_submission(request, object_id)
        if submission is None:
            raise Http404
        article = submission.article
        context = article_page_context(article, submission, corrections=corrections_of(article, submission))
        context["preview"] = True
        if spans := spans_of(notes_on_passages(submission, only_sent=article.is_by(request.user))[0]):
            # The cached fragments depend on the marks too.
            context |= {"marked": passages_of(submission).marked(spans), "shown": (*context["shown"], *spans.items())}
        return render(request, "admin/article_preview.html", context)
