"""Pages of authors: "My articles", the trash and the preview, and the actions on one's own articles."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from accounts.models import User
from accounts.selectors import has_confirmed_email
from articles.authors import coauthorships_of
from articles.models import Article, PreviewLink
from articles.models.article import BY_STATE_CHANGE
from articles.presenters import article_page_context
from articles.selectors import corrections_of, own_article
from articles.services import checkpoints, drafts, publishing
from articles.services.revisions import missing_for_submission
from articles.services.trust import trust_of
from core.exceptions import ActionNotAllowed
from core.pagination import paginate_merged
from core.zones import in_zones

# The article that was moved to the trash last, for the undo button.
DISCARDED_SESSION_KEY = "discarded_article"
# Of the page of the trash.
MAX_IN_TRASH = 200


def signed_in_user(request: HttpRequest) -> User:
    """Return `request.user`, typed; only for views that require a login."""
    return cast("User", request.user)


def submission_status(user: User) -> dict[str, Any]:
    """Return the template context that says whether the user can submit, whether it publishes at once, and why."""
    trust = trust_of(user)
    return {
        "confirmed": has_confirmed_email(user),
        "trust": trust,
        "trusted": trust.is_trusted,
        "suspended_until": user.suspended_until if user.is_suspended else None,
    }


class MyArticlesView(LoginRequiredMixin, TemplateView):
    """The articles that the user wrote, alone or with others, the last change of state first; invitations."""

    template_name = "articles/my/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in_user(self.request)
        articles = Article.objects.not_in_trash().select_related("latest__image", "latest__section", "live", "author")
        articles = articles.defer("latest__body", "live__body")
        invitations, is_coauthor = coauthorships_of(user)
        lists = [articles.by(user), *([articles.written_with(user)] if is_coauthor else [])]
        page = paginate_merged(lists, self.request, order=BY_STATE_CHANGE)
        return super().get_context_data(
            articles=page.object_list,
            next_cursor=page.next_cursor,
            is_first=page.is_first,
            here="my_articles",
            invitations=invitations if page.is_first else [],
            discarded=self._discarded(user),
            has_trash=page.is_first and Article.objects.by(user).in_trash().exists(),
            **submission_status(user),
            **kwargs,
        )

    def _discarded(self, user: User) -> Article | None:
        """Return the draft that was deleted just now, once."""
        pk = self.request.session.pop(DISCARDED_SESSION_KEY, None)
        return pk and Article.objects.by(user).in_trash().select_related("latest").filter(pk=pk).first()


class PreviewView(LoginRequiredMixin, TemplateView):
    """The author's latest revision on the page that readers will see."""

    template_name = "articles/my/preview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in_user(self.request)
        article = own_article(user, self.kwargs["pk"], or_as_coauthor=True)
        revision = article.latest
        assert revision is not None  # `start_draft` creates both
        status = submission_status(user)
        is_author = article.author_id == user.pk
        is_shown = is_author and (not article.is_public or revision.pk != article.live_id)
        is_shown = is_shown and article.state != Article.State.HIDDEN
        return super().get_context_data(
            can_share=is_shown and status["confirmed"] and not status["suspended_until"],
            is_author=is_author,
            missing=missing_for_submission(revision),
            preview=True,
            preview_link=PreviewLink.objects.live().filter(article=article).select_related("article").first(),
            **article_page_context(article, revision, corrections=corrections_of(article, revision)),
            **status,
            **kwargs,
        )


def scheduled_message(article: Article) -> str:
    """Return for when an article is scheduled, as a sentence."""
    assert article.published_at is not None  # guaranteed by a constraint
    return _("“%(title)s” is scheduled for %(time)s.") % {"title": article, "time": in_zones(article.published_at)}


def login_required(view: Callable[[HttpRequest, int], HttpResponse]) -> Callable[[HttpRequest, int], HttpResponse]:
    """Redirect to the login and then to "My articles": the URL of the view itself accepts only POST."""

    @wraps(view)
    def wrapped(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("my_articles"))
        return view(request, pk)

    return wrapped


@require_POST
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw the revision in review."""
    article = own_article(request.user, pk)
    try:
        publishing.withdraw(article=article)
    except ActionNotAllowed as error:
        article = own_article(request.user, pk)
        if article.latest is None or not article.latest.is_editable:  # Otherwise the button was pressed twice.
            messages.warning(request, str(error))
            return redirect("my_articles")
    messages.success(request, _("Withdrawn. The article is a draft again."))
    return redirect("my_article_edit", pk=pk)


@require_POST
@login_required
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a draft that only its author has seen to the trash."""
    try:
        publishing.discard(article=own_article(request.user, pk, or_in_trash=True))
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_articles")
    request.session[DISCARDED_SESSION_KEY] = pk
    return redirect("my_articles")


@require_POST
@login_required
def discard_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Go back to the text that readers see."""
    try:
        drafts.discard_edit(article=own_article(request.user, pk))
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_articles")
    days = checkpoints.RETENTION.days
    messages.success(
        request, _("Your changes were discarded. For %(days)d days you can restore them here.") % {"days": days}
    )
    return redirect("my_article_versions", pk=pk)


@require_POST
@login_required
def restore_from_trash(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a draft out of the trash."""
    article = drafts.restore_from_trash(article=own_article(request.user, pk, or_in_trash=True))
    messages.success(request, _("“%(title)s” is a draft again.") % {"title": article})
    return redirect("my_articles")


class TrashView(LoginRequiredMixin, TemplateView):
    """The drafts that the author deleted in the last days, the last one first."""

    template_name = "articles/my/trash.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = signed_in_user(self.request)
        trashed = Article.objects.by(user).in_trash().select_related("latest").defer("latest__body")
        return super().get_context_data(
            articles=trashed.order_by("-deleted_at", "-pk")[:MAX_IN_TRASH],
            days=drafts.TRASH_TIMEOUT.days,
            here="my_articles",
            **kwargs,
        )
