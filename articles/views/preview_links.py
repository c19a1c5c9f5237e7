"""Secret links: the page that they show, and the author's buttons."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from articles.presenters import article_page_context
from articles.selectors import corrections_of, own_article, shared_article
from articles.services import previews
from articles.views.author import login_required
from core.exceptions import ActionNotAllowed
from core.ratelimit import check_rate_limit

MAX_READS_PER_HOUR = 300
MAX_CREATED_PER_HOUR = 30
HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the latest text of an article to anybody who has its secret link; nothing is counted."""
    check_rate_limit(request, "preview-link", limit=MAX_READS_PER_HOUR, seconds=3600)
    article = shared_article(token)
    revision = article.latest
    assert revision is not None  # `start_draft` creates both
    if revision.pk == article.live_id and article.is_public:
        answer: HttpResponse = redirect(article)
    else:
        context = {
            "preview": "link",
            # Without a referrer the CSRF check refuses the forms of the page's header: show it as without an account.
            "user": AnonymousUser(),
            **article_page_context(article, revision, corrections=corrections_of(article, revision)),
        }
        answer = render(request, "articles/article.html", context)
    for name, value in HEADERS.items():
        answer[name] = value
    return answer


@require_POST
@login_required
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """Create the secret link of the author's own article."""
    check_rate_limit(request, "create-preview-link", limit=MAX_CREATED_PER_HOUR, seconds=3600)
    article = own_article(request.user, pk)
    try:
        previews.create_link(article=article)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_article_preview", pk=pk)
    return redirect(reverse("my_article_preview", args=[pk]) + "#secret-link")


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End the secret link of the author's own article."""
    previews.end_link(article=own_article(request.user, pk))
    messages.success(request, _("The secret link has ended."))
    return redirect("my_article_preview", pk=pk)
