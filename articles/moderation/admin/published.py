"""Articles: hide one, show it again, correct its text. States are not edited; decisions change them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from articles.models import Article, Revision
from articles.moderation.admin.review import ReviewAdmin, with_everything
from articles.moderation.forms import CorrectionForm
from articles.moderation.services import DECIDE, correct
from core.exceptions import ActionNotAllowed


@admin.register(Article)
class ArticleAdmin(ReviewAdmin[Article]):
    """Articles that were ever submitted. Drafts are their authors' alone."""

    list_display = ["__str__", "state", "author_name", "section", "language", "published_at", "figures"]
    list_filter = ["state", "section", "language"]
    list_select_related = ["live", "latest", "author", "section"]
    search_fields = ["live__title", "latest__title", "author__username", "author__display_name"]
    search_users = ("author",)
    search_help_text = gettext_lazy("Title or author")
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        articles = Article.objects.exclude(state=Article.State.DRAFT)
        return articles.defer("live__body", "latest__body", "author__biography")

    def revision_of(self, request: HttpRequest, object_id: str) -> Revision | None:
        if not object_id.isdecimal() or len(object_id) > 18:
            return None
        article = self.get_queryset(request).filter(pk=object_id).first()
        if article is None:
            return None
        revisions = with_everything(Revision.objects.exclude(state=Revision.State.DRAFT))
        found: Revision | None = revisions.filter(pk=article.live_id or article.latest_id).first()
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Articles"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("author"))
    def author_name(self, obj: Article) -> str:
        return obj.author.name

    @admin.display(description=gettext_lazy("views | likes | dislikes"))
    def figures(self, obj: Article) -> SafeString:
        return format_html('<span class="figures">{} | {} | {}</span>', obj.views, obj.likes, obj.dislikes)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.correct_view)
        return [path("<path:object_id>/correct/", view, name="articles_article_correct"), *super().get_urls()]

    def correct_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A form with the live text; sent, it is a new revision that is live at once."""
        assert isinstance(request.user, User)
        if not request.user.has_perm(DECIDE) or not self.has_change_permission(request):
            raise PermissionDenied
        revision = self.revision_of(request, object_id)
        if revision is None or revision.article.live_id != revision.pk:
            raise Http404
        form = CorrectionForm(request.POST or None, moderator=request.user, revision=revision)
        if request.method == "POST" and form.is_valid():
            # The text that the moderator had on the screen; where another is live by now, nothing is overwritten.
            as_read = Revision(pk=_key(request.POST.get("revision")), article_id=revision.article_id)
            try:
                correct(
                    revision=as_read,
                    moderator=request.user,
                    text=form.to_content(),
                    reason=form.cleaned_data["reason"],
                )
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                self.log_change(
                    request, revision.article, _("Corrected: %(why)s") % {"why": form.cleaned_data["reason"]}
                )
                messages.success(request, _("The corrected text is live, and its author is told."))
                return redirect("admin:articles_article_change", object_id)
        context: dict[str, Any] = {
            "form": form,
            "revision": revision,
            "article": revision.article,
            "read_pk": request.POST.get("revision") or revision.pk,
        }
        return render(request, "moderation/correct.html", context)


def _key(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) <= 18 else 0
