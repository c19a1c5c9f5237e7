"""Articles that were submitted: a moderator hides one, shows it again or corrects its text."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles.models import Article
from articles.moderation.admin.review import ReviewAdmin
from articles.moderation.forms import CorrectionForm, ScheduleForm
from articles.moderation.services import DECIDE, correct, schedule
from core.admin import is_pk
from core.exceptions import ActionNotAllowed
from core.zones import in_zones

# Of the page that lists them.
MAX_SCHEDULED = 200


def _day(article: Article) -> date:
    return timezone.localdate(article.published_at)


@admin.register(Article)
class ArticleAdmin(ReviewAdmin[Article]):
    """Articles that were ever submitted. Their state changes by decisions alone."""

    list_display = ["__str__", "shown_state", "author", "section", "language", "published_at", "counts"]
    list_filter = ["state", "section", "language"]
    list_select_related = ["live", "latest", "author", "section"]
    search_fields = ["live__title", "latest__title", "author__username", "author__display_name"]
    search_users = ("author",)
    search_help_text = gettext_lazy("Title or author")
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        articles = Article.objects.exclude(state=Article.State.DRAFT)
        return articles.defer("live__body", "latest__body", "author__biography")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Articles"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, obj: Article) -> str:
        return obj.state_label

    @admin.display(description=gettext_lazy("views | likes | dislikes"))
    def counts(self, obj: Article) -> str:
        return f"{obj.views} | {obj.likes} | {obj.dislikes}"

    def get_urls(self) -> list[URLPattern]:
        correct_view = self.admin_site.admin_view(self.correct_view)
        scheduled = self.admin_site.admin_view(self.scheduled_view)
        schedule_view = self.admin_site.admin_view(self.schedule_view)
        return [
            path("scheduled/", scheduled, name="articles_article_scheduled"),
            path("<path:object_id>/correct/", correct_view, name="articles_article_correct"),
            path("<path:object_id>/schedule/", schedule_view, name="articles_article_schedule"),
            *super().get_urls(),
        ]

    def scheduled_view(self, request: HttpRequest) -> HttpResponse:
        """List the scheduled articles by day."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        articles = Article.objects.scheduled().select_related("live__section", "author").defer("live__body")
        found = list(articles[: MAX_SCHEDULED + 1])
        context = {
            "title": _("Scheduled articles"),
            "days": [(day, list(rows)) for day, rows in groupby(found[:MAX_SCHEDULED], key=_day)],
            "is_cut": len(found) > MAX_SCHEDULED,
        }
        return self.render_page(request, "admin/moderation/scheduled.html", context)

    def schedule_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Change the time of a scheduled article, publish it now, or stop its publication."""
        assert isinstance(request.user, User)
        if not request.user.has_perm(DECIDE):
            raise PermissionDenied
        article = (
            Article.objects.select_related("live", "author").filter(pk=object_id if is_pk(object_id) else 0).first()
        )
        if article is None:
            raise Http404
        if not article.is_scheduled:
            messages.info(request, _("This article is not scheduled any more."))
            return redirect("admin:articles_article_scheduled")
        form = ScheduleForm(request.POST or None, initial={"publish_at": article.published_at})
        if form.is_valid():
            try:
                change = self._schedule(request, article, form)
            except ActionNotAllowed as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                self.log_change(request, article, change)
                messages.success(request, change)
                return redirect("admin:articles_article_scheduled")
        context = {"title": article, "form": form, "article": article, "is_own": article.is_by(request.user)}
        return self.render_page(request, "admin/moderation/schedule.html", context)

    def _schedule(self, request: HttpRequest, article: Article, form: ScheduleForm) -> str:
        """Do what the button of a valid form says, and return the sentence that says so."""
        assert isinstance(request.user, User)
        at, reason, action = form.cleaned_data["publish_at"], form.cleaned_data["reason"], request.POST.get("action")
        if action == "stop":
            schedule.stop(article=article, moderator=request.user, reason=reason)
            return _("The publication of “%(title)s” is stopped. It is in review again.") % {"title": article}
        if action != "now" and at is None:
            raise ActionNotAllowed(_("Choose a time."), "publish_at")
        at = None if action == "now" else at
        changed = schedule.reschedule(article=article, moderator=request.user, at=at, reason=reason)
        if at is None or changed.published_at is None:
            return _("“%(title)s” is published.") % {"title": article}
        values = {"title": article, "time": in_zones(changed.published_at)}
        return _("“%(title)s” is scheduled for %(time)s.") % values

    def correct_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Edit the live text in a form; a valid one becomes a new revision that is live at once."""
        assert isinstance(request.user, User)
        if not request.user.has_perm(DECIDE) or not self.has_change_permission(request):
            raise PermissionDenied
        revision = self.get_submission(request, object_id)
        if revision is None or revision.article.live_id != revision.pk:
            raise Http404
        form = CorrectionForm(request.POST or None, moderator=request.user, revision=revision)
        # The revision that the moderator began with; where another is live by now, it is not overwritten.
        number = request.POST.get("revision", str(revision.number))
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                correct(
                    article=revision.article,
                    revision_number=int(number) if is_pk(number) else 0,
                    moderator=request.user,
                    text=form.to_content(),
                    reason=reason,
                )
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                self.log_change(request, revision.article, _("Corrected: %(why)s") % {"why": reason})
                messages.success(request, _("The corrected version is live. The author is notified by email."))
                return redirect("admin:articles_article_change", object_id)
        context = {"form": form, "article": revision.article, "revision_number": number}
        return render(request, "moderation/correct.html", context)
