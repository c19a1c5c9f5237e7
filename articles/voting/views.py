"""Voting: a POST that says which state is wanted, answered with the control or with the way back to it."""

from __future__ import annotations

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
from articles.models.prepared import Parameter, Prepared
from articles.voting.control import address_of_vote, control_of, login_address
from articles.voting.services import Choice, cast_vote
from core.exceptions import ActionNotAllowed
from core.ratelimit import RateLimited, check_rate_limit

CHOICES: dict[str, Choice] = {"1": 1, "0": 0, "-1": -1}
MOST_PER_MINUTE = 60

# What the control shows and its address says: many vote on one article while it is new, without its text.
_ARTICLE = Prepared(
    lambda: (
        Article.objects.published()
        .select_related("live")
        .only("author", "state", "published_at", "likes", "dislikes", "views", "live__title")
        .filter(pk=Parameter("pk", Article._meta.pk))
    )
)


@require_POST
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the signed-in person's vote (`vote` = 1, 0 or -1). Works without JavaScript; htmx gets the control alone."""
    try:
        return _voted(request, _article(pk))
    except (Http404, Article.DoesNotExist) as error:
        if not _is_htmx(request):
            raise Http404 from error
        # The page that is open shows what is gone: opened again, it says so.
        return HttpResponse(status=404, headers={"HX-Refresh": "true"})


def _article(pk: int) -> Article:
    found = _ARTICLE.all(pk=pk) if pk <= BigAutoField.MAX_BIGINT else []
    if not found:
        raise Article.DoesNotExist
    return found[0]


def _voted(request: HttpRequest, article: Article) -> HttpResponse:
    user = request.user
    if isinstance(user, AnonymousUser):
        address = login_address(article)
        return HttpResponseClientRedirect(address) if _is_htmx(request) else HttpResponseRedirect(address)
    choice = CHOICES.get(request.POST.get("vote", ""))
    if choice is None:
        return _refused(request, article, user, 400, _("A vote is a like, a dislike, or neither of them."))
    try:
        check_rate_limit(request, "vote", limit=MOST_PER_MINUTE, seconds=60)
        standing = cast_vote(article=article, voter=user, value=choice)
    except RateLimited as error:
        if not _is_htmx(request):
            raise
        response = _refused(request, article, user, 429, _("That was a lot of votes. Please try again in a minute."))
        response["Retry-After"] = str(error.retry_after)
        return response
    except ActionNotAllowed as error:
        if _is_htmx(request):
            return _refused(request, article, user, 200, str(error))
        messages.warning(request, str(error))
    else:
        if _is_htmx(request):
            return render(request, "voting/_vote.html", control_of(article, user, standing=standing))
    response = HttpResponseRedirect(address_of_vote(article))
    response.status_code = 303
    return response


def _refused(request: HttpRequest, article: Article, user: User, status: int, sentence: str) -> HttpResponse:
    if _is_htmx(request):
        return render(request, "voting/_vote.html", control_of(article, user, sentence=sentence), status=status)
    return render(request, "refused.html", {"status": status, "sentence": sentence}, status=status)


def _is_htmx(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]
