"""The author's desk: what they wrote, where each piece stands, and the form to write in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from articles.models import Article, Revision
from articles.models.article import MOVED
from articles.selectors import own_article
from articles.services import publishing
from articles.views import draft_recovery as keeping
from core.exceptions import ActionNotAllowed
from core.pagination import paginate
from core.ratelimit import RateLimited, check_rate_limit

UPLOADS_AN_HOUR = 60
ARTICLES_AN_HOUR = 30
DISCARDED = "discarded_article"


def _person(request: HttpRequest) -> User:
    """The signed-in person; only for views that nobody else reaches."""
    return cast("User", request.user)


def _standing(user: User) -> dict[str, Any]:
    """What the desk's pages say about the person: whether they may submit, and what happens then."""
    return {
        "confirmed": has_confirmed_email(user),
        "trusted": publishing.is_trusted(user),
        "suspended_until": user.suspended_until if user.is_suspended else None,
    }


@dataclass(frozen=True)
class Row:
    """One article on the desk, with what its author can do now."""

    article: Article

    @property
    def as_list(self) -> list[Article]:
        return [self.article]

    @property
    def text(self) -> Revision | None:
        return self.article.latest

    @property
    def waits(self) -> bool:
        """A text is in review."""
        return self.text is not None and self.text.state == Revision.State.IN_REVIEW

    @property
    def change_waits(self) -> bool:
        return self.waits and self.article.live_id is not None

    @property
    def can_submit(self) -> bool:
        return self.text is not None and self.text.is_editable

    @property
    def has_open_change(self) -> bool:
        """Readers see an earlier text than the one that the author works on."""
        return self.can_submit and self.article.live_id is not None

    @property
    def can_discard(self) -> bool:
        """Nobody but the author has had anything to do with it: what a moderator decided on stays in the record."""
        return self.article.state == Article.State.DRAFT and self.text is not None and self.text.number == 1


class MyArticlesView(LoginRequiredMixin, TemplateView):
    """ "My articles", what moved last first."""

    template_name = "articles/my/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = _person(self.request)
        articles = Article.objects.by(user).select_related("latest__image", "latest__section", "live")
        page = paginate(articles.defer("latest__body", "live__body"), self.request, order=MOVED)
        return super().get_context_data(
            articles=page.object_list,
            rows=[Row(article) for article in page.object_list],
            next_cursor=page.next_cursor,
            is_first=page.is_first,
            here="my_articles",
            **_standing(user),
            **kwargs,
        )


class PreviewView(LoginRequiredMixin, TemplateView):
    """The author's latest text on the page that readers will see."""

    template_name = "articles/my/preview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = _person(self.request)
        article = own_article(user, self.kwargs["pk"])
        text = article.latest
        return super().get_context_data(
            article=article,
            text=text,
            section=text.section if text else article.section,
            row=Row(article),
            missing=publishing.missing_for_submission(text) if text else {},
            preview=True,
            **_standing(user),
            **kwargs,
        )


class EditView(View):
    """The form, for a new article and for one of the author's own."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            # The session ended while they were writing: the text waits for them behind the log-in.
            kept = keeping.stash_typed_text(request) if request.method == "POST" else None
            return kept or redirect_to_login(request.get_full_path())
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        user = _person(request)
        article = own_article(user, pk) if pk is not None else None
        kept = keeping.kept(request) if "stored" not in request.GET else None
        if article and Row(article).waits and not kept:
            messages.info(request, _("This text is in review. Withdraw it to change it."))
            return redirect("my_article_preview", pk=article.pk)
        form = ArticleForm(user=user, article=article, kept=kept and kept["fields"])
        return self._page(request, form, article, kept=kept)

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        user = _person(request)
        article = own_article(user, pk) if pk is not None else None
        retry_after = self._over_limit(request, "upload", UPLOADS_AN_HOUR) if request.FILES else 0
        form = ArticleForm(request.POST, request.FILES, user=user, article=article, takes_images=not retry_after)
        if not form.is_valid():
            return self._page(request, form, article, retry_after=retry_after)
        try:
            if article is None:
                if retry_after := self._over_limit(request, "article", ARTICLES_AN_HOUR):
                    raise ActionNotAllowed(_("You have begun many articles in a short time. Wait a little."))
                article = publishing.start_draft(
                    author=user, text=form.to_text(), form_key=form.cleaned_data["form_key"]
                )
            else:
                article = publishing.save_draft(article=article, text=form.to_text())
        except ActionNotAllowed as refusal:
            form.add_error(None, str(refusal))
            return self._page(request, form, article, retry_after=retry_after)
        keeping.forget(request)
        action = request.POST.get("action")
        if action == "submit":
            return self._submit(request, form, article)
        if action == "preview":
            return redirect("my_article_preview", pk=article.pk)
        messages.success(request, _("Saved."))
        return redirect("my_article_edit", pk=article.pk)

    def _submit(self, request: HttpRequest, form: ArticleForm, article: Article) -> HttpResponse:
        article = own_article(_person(request), article.pk)
        if article.latest and not article.latest.is_editable:  # The same form sent twice.
            _tell_of_submission(request, article)
            return redirect("my_articles")
        if article.latest:
            for field, sentence in publishing.missing_for_submission(article.latest).items():
                form.add_error(field, sentence)
        if not form.is_valid():
            return self._page(request, form, article, saved=True)
        try:
            article = publishing.submit(article=article)
        except ActionNotAllowed as refusal:
            messages.success(request, _("Saved as a draft."))
            messages.warning(request, str(refusal))
            return redirect("my_article_edit", pk=article.pk)
        _tell_of_submission(request, article)
        return redirect("my_articles")

    def _over_limit(self, request: HttpRequest, action: str, most: int) -> int:
        """Seconds to wait where the person did this too often; unlike the 429 page, the form keeps what was typed."""
        try:
            check_rate_limit(request, action, limit=most, seconds=3600)
        except RateLimited as refusal:
            return refusal.retry_after
        return 0

    def _page(
        self,
        request: HttpRequest,
        form: ArticleForm,
        article: Article | None,
        *,
        kept: dict[str, Any] | None = None,
        saved: bool = False,
        retry_after: int = 0,
    ) -> HttpResponse:
        user = _person(request)
        context = {
            "form": form,
            "article": article,
            "row": Row(article) if article else None,
            "kept": kept,
            "saved": saved,
            "writer": keeping.author_token(user),
            "here": "write",
            **_standing(user),
        }
        response = render(request, "articles/my/edit.html", context, status=429 if retry_after else 200)
        if retry_after:
            response["Retry-After"] = str(retry_after)
        return response


def _tell_of_submission(request: HttpRequest, article: Article) -> None:
    latest = article.latest
    if latest is not None and latest.state == Revision.State.PUBLISHED:
        messages.success(request, _("“%(title)s” is published.") % {"title": latest.title})
    elif article.live_id is not None and article.is_public:
        messages.success(request, _("Your change waits for a moderator; readers see the earlier text meanwhile."))
    else:
        messages.success(request, _("Submitted. A moderator will read it, and you will get an e-mail."))


def signed_in(view: Callable[[HttpRequest, int], HttpResponse]) -> Callable[[HttpRequest, int], HttpResponse]:
    """Lead who is not signed in to the log-in and then to the desk, since the address itself takes POST alone."""

    @wraps(view)
    def wrapped(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("my_articles"))
        return view(request, pk)

    return wrapped


@require_POST
@signed_in
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the stored text to the moderators, or publish it where its author is trusted."""
    article = own_article(request.user, pk)
    try:
        article = publishing.submit(article=article)
    except ActionNotAllowed as refusal:
        messages.warning(request, str(refusal))
        return redirect("my_article_edit", pk=pk)
    _tell_of_submission(request, article)
    return redirect("my_articles")


@require_POST
@signed_in
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the text back from review, to go on writing."""
    article = own_article(request.user, pk)
    try:
        publishing.withdraw(article=article)
    except ActionNotAllowed as refusal:
        article = own_article(request.user, pk)
        if article.latest is None or not article.latest.is_editable:  # Otherwise the button was pressed twice.
            messages.warning(request, str(refusal))
            return redirect("my_articles")
    messages.success(request, _("Withdrawn: it is a draft again."))
    return redirect("my_article_edit", pk=pk)


@require_POST
@signed_in
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft that only its author has seen."""
    if request.session.get(DISCARDED) != pk or Article.objects.filter(pk=pk).exists():
        try:
            publishing.discard(article=own_article(request.user, pk))
        except ActionNotAllowed as refusal:
            messages.warning(request, str(refusal))
            return redirect("my_articles")
        request.session[DISCARDED] = pk  # Pressed twice, it says the same twice.
    messages.success(request, _("The draft is deleted."))
    return redirect("my_articles")
