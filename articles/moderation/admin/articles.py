"""Articles that were submitted: a moderator hides one, shows it again or corrects its text."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles.models import Article
from articles.moderation.admin.review import ReviewAdmin
from articles.moderation.forms import CorrectionForm
from articles.moderation.services import DECIDE, correct
from core.admin import is_pk
from core.exceptions import ActionNotAllowed


@admin.register(Article)
class ArticleAdmin(ReviewAdmin[Article]):
    """Articles that were ever submitted. Their state changes by decisions alone."""

    list_display = ["__str__", "state", "author", "section", "language", "published_at", "counts"]
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

    @admin.display(description=gettext_lazy("views | likes | dislikes"))
    def counts(self, obj: Article) -> str:
        return f"{obj.views} | {obj.likes} | {obj.dislikes}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.correct_view)
        return [path("<path:object_id>/correct/", view, name="articles_article_correct"), *super().get_urls()]

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
