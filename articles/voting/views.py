"""Voting: a POST with the wanted state, answered with the vote control or a redirect to it."""

from __future__ import annotations

from functools import cache

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from articles.models import Article
from articles.models.article import ArticleQuerySet
from articles.voting.presenters import login_url, vote_context, vote_url
from articles.voting.services import CHOICES, cast_vote
from core.exceptions import ActionNotAllowed
from core.ratelimit import RateLimited, check_rate_limit

MAX_PER_MINUTE = 60


@require_POST
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the signed-in user's vote (`vote` = 1, 0 or -1). htmx gets the control, a plain form a redirect."""
    try:
        return _vote(request, _article(pk))
    except Article.DoesNotExist as error:
        if not _is_htmx(request):
            raise Http404 from error
        # The open page shows an article that is gone: reloaded, it says so.
        return HttpResponse(status=404, headers={"HX-Refresh": "true"})


def _article(pk: int) -> Article:
    if pk > BigAutoField.MAX_BIGINT:
        raise Article.DoesNotExist
    return _published().get(pk=pk)


@cache
def _published() -> ArticleQuerySet:
    # What the control and the article's URL need. Never evaluated itself; each filter copies it (`articles.selectors`).
    names = ("author", "coauthors", "state", "published_at", "likes", "dislikes", "views", "live__title")
    return Article.objects.published().select_related("live").only(*names)


def _vote(request: HttpRequest, article: Article) -> HttpResponse:
    user = request.user
    if isinstance(user, AnonymousUser):
        url = login_url(article, CHOICES.get(request.POST.get("vote", "")))
        return HttpResponseClientRedirect(url) if _is_htmx(request) else HttpResponseRedirect(url)
    value = CHOICES.get(request.POST.get("vote", ""))
    if value is None:
        return _refuse(request, article, user, 400, _("A vote must be a like, a dislike or no vote."))
    try:
        check_rate_limit(request, "vote", limit=MAX_PER_MINUTE, seconds=60)
        result = cast_vote(article=article, user=user, value=value)
    except RateLimited as error:
        if not _is_htmx(request):
            raise
        response = _refuse(request, article, user, 429, _("You are voting too often. Try again in a minute."))
        response["Retry-After"] = str(error.retry_after)
        return response
    except ActionNotAllowed as error:
        if _is_htmx(request):
            return _refuse(request, article, user, 200, str(error))
        messages.warning(request, str(error))
    else:
        if _is_htmx(request):
            return render(request, "voting/_vote.html", vote_context(article, user, result=result))
    response = HttpResponseRedirect(vote_url(article))
    response.status_code = 303
    return response


def _refuse(request: HttpRequest, article: Article, user: User, status: int, message: str) -> HttpResponse:
    if _is_htmx(request):
        return render(request, "voting/_vote.html", vote_context(article, user, message=message), status=status)
    return render(request, "refused.html", {"status": status, "sentence": message}, status=status)


def _is_htmx(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]
