"""Pages of authors: "My articles", the preview and the form, and the actions on one's own articles."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView, View

from accounts.models import User
from accounts.selectors import has_confirmed_email
from articles.forms import ArticleForm
from articles.models import Article, RecoveredDraft, Revision
from articles.models.article import BY_STATE_CHANGE
from articles.presenters import article_page_context
from articles.selectors import own_article
from articles.services import publishing
from articles.services.revisions import missing_for_submission
from articles.views import draft_recovery
from articles.views.images import seconds_until_upload
from core.exceptions import ActionNotAllowed
from core.pagination import paginate
from core.ratelimit import RateLimited, check_rate_limit

MAX_ARTICLES_PER_HOUR = 30
DISCARDED_SESSION_KEY = "discarded_article"


def _signed_in_user(request: HttpRequest) -> User:
    """Return `request.user`, typed; only for views that require a login."""
    return cast("User", request.user)


def submission_status(user: User) -> dict[str, Any]:
    """Return the template context that says whether the user can submit, and whether it publishes at once."""
    return {
        "confirmed": has_confirmed_email(user),
        "trusted": publishing.is_trusted(user),
        "suspended_until": user.suspended_until if user.is_suspended else None,
    }


class MyArticlesView(LoginRequiredMixin, TemplateView):
    """The author's articles, the last change of state first."""

    template_name = "articles/my/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = _signed_in_user(self.request)
        articles = Article.objects.by(user).select_related("latest__image", "latest__section", "live")
        page = paginate(articles.defer("latest__body", "live__body"), self.request, order=BY_STATE_CHANGE)
        return super().get_context_data(
            articles=page.object_list,
            next_cursor=page.next_cursor,
            is_first=page.is_first,
            here="my_articles",
            **submission_status(user),
            **kwargs,
        )


class PreviewView(LoginRequiredMixin, TemplateView):
    """The author's latest revision on the page that readers will see."""

    template_name = "articles/my/preview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = _signed_in_user(self.request)
        article = own_article(user, self.kwargs["pk"])
        revision = article.latest
        assert revision is not None  # `start_draft` creates both
        return super().get_context_data(
            missing=missing_for_submission(revision),
            preview=True,
            **article_page_context(article, revision),
            **submission_status(user),
            **kwargs,
        )


class EditView(View):
    """The form for a new article, and for one of the author's own."""

    def dispatch(self, request: HttpRequest, *args: Any, pk: int | None = None) -> HttpResponseBase:
        if not request.user.is_authenticated:
            # The session expired while the user was writing: stash the text until after the login.
            return draft_recovery.stash_and_redirect(request) or redirect_to_login(request.get_full_path())
        self.article = own_article(request.user, pk) if pk is not None else None
        return super().dispatch(request, *args)

    def get(self, request: HttpRequest) -> HttpResponse:
        user, article = _signed_in_user(request), self.article
        stashed = draft_recovery.stashed(user, article) if "stored" not in request.GET else None
        if article and article.latest and article.latest.state == Revision.State.IN_REVIEW and not stashed:
            messages.info(request, _("This version is in review. Withdraw it to edit it."))
            return redirect("my_article_preview", pk=article.pk)
        form = ArticleForm(user=user, article=article, initial=stashed.fields if stashed else None)
        return self._render(form, stashed=stashed)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = _signed_in_user(request)
        retry_after = seconds_until_upload(request) if request.FILES else 0
        files = None if retry_after else request.FILES
        form = ArticleForm(request.POST, files, user=user, article=self.article)
        form.full_clean()
        form.store_image()
        if retry_after:
            form.add_error("image", _("You have uploaded too many images in a short time. Try again later."))
        if not form.is_valid():
            return self._render(form, retry_after=retry_after)
        try:
            if self.article is None:
                if retry_after := _seconds_to_wait(request, "article", MAX_ARTICLES_PER_HOUR):
                    raise ActionNotAllowed(_("You have started too many articles in a short time. Try again later."))
                article = publishing.start_draft(
                    author=user, text=form.to_content(), form_key=form.cleaned_data["form_key"]
                )
            else:
                article = publishing.save_draft(article=self.article, text=form.to_content())
        except ActionNotAllowed as error:
            form.add_error(None, str(error))
            return self._render(form, retry_after=retry_after)
        draft_recovery.discard_stash(user, self.article)
        action = request.POST.get("action")
        if action == "submit":
            return self._submit(form, article.pk)
        if action == "preview":
            return redirect("my_article_preview", pk=article.pk)
        messages.success(request, _("Saved."))
        return redirect("my_article_edit", pk=article.pk)

    def _submit(self, form: ArticleForm, pk: int) -> HttpResponse:
        self.article = article = own_article(_signed_in_user(self.request), pk)
        if article.latest and article.latest.is_editable:
            for field, sentence in missing_for_submission(article.latest).items():
                form.add_error(field, sentence)
            if not form.is_valid():
                return self._render(form, saved=True)
            try:
                article = publishing.submit(article=article)
            except ActionNotAllowed as error:
                messages.success(self.request, _("Saved as a draft."))
                messages.warning(self.request, str(error))
                return redirect("my_article_edit", pk=pk)
        # Otherwise the form was submitted twice.
        _add_submission_message(self.request, article)
        return redirect("my_articles")

    def _render(
        self,
        form: ArticleForm,
        *,
        stashed: RecoveredDraft | None = None,
        saved: bool = False,
        retry_after: int = 0,
    ) -> HttpResponse:
        user = _signed_in_user(self.request)
        context = {
            "form": form,
            "article": self.article,
            "articles": [self.article] if self.article else [],
            "stashed": stashed,
            "saved": saved,
            "author_token": draft_recovery.author_token(user),
            "here": "write",
            **submission_status(user),
        }
        response = render(self.request, "articles/my/edit.html", context, status=429 if retry_after else 200)
        if retry_after:
            response["Retry-After"] = str(retry_after)
        return response


def _seconds_to_wait(request: HttpRequest, action: str, limit: int) -> int:
    """Count an action and return the seconds to wait, or 0. Unlike the 429 page, the form keeps what was typed."""
    try:
        check_rate_limit(request, action, limit=limit, seconds=3600)
    except RateLimited as error:
        return error.retry_after
    return 0


def _add_submission_message(request: HttpRequest, article: Article) -> None:
    latest = article.latest
    if latest is not None and latest.state == Revision.State.PUBLISHED:
        messages.success(request, _("“%(title)s” is published.") % {"title": latest.title})
    elif article.live_id is not None and article.is_public:
        messages.success(
            request, _("Your changes are in review. Until they are published, readers see the previous version.")
        )
    else:
        messages.success(request, _("Submitted for review. We will email you when a moderator has made a decision."))


def _login_required(view: Callable[[HttpRequest, int], HttpResponse]) -> Callable[[HttpRequest, int], HttpResponse]:
    """Redirect to the login and then to "My articles": the URL of the view itself accepts only POST."""

    @wraps(view)
    def wrapped(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("my_articles"))
        return view(request, pk)

    return wrapped


@require_POST
@_login_required
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit the saved draft."""
    article = own_article(request.user, pk)
    try:
        article = publishing.submit(article=article)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_article_edit", pk=pk)
    _add_submission_message(request, article)
    return redirect("my_articles")


@require_POST
@_login_required
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
@_login_required
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft that only its author has seen."""
    if request.session.get(DISCARDED_SESSION_KEY) != pk or Article.objects.filter(pk=pk).exists():
        try:
            publishing.discard(article=own_article(request.user, pk))
        except ActionNotAllowed as error:
            messages.warning(request, str(error))
            return redirect("my_articles")
        request.session[DISCARDED_SESSION_KEY] = pk  # If the button is pressed twice, the answer is the same.
    messages.success(request, _("Draft deleted."))
    return redirect("my_articles")
