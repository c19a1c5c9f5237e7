"""Recover text that a form sent when it could not be saved.

The session can expire, or the CSRF token change, while a user writes. What the form then sends is stored for the user
whom its signed token names, and shown in the form again. It is saved only when that user submits the form.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from accounts.models import User
from articles.forms import SAME_NAMED_FIELDS
from articles.models import Article, RecoveredDraft

AUTHOR_SALT = "articles.views.draft_recovery.author_token"
MAX_LENGTH = 300_000  # characters
TIMEOUT = timedelta(days=1)
FIELDS = (*SAME_NAMED_FIELDS, "tags", "image_token", "series", "initial_series", "form_key", "version", "unanswered")
URL_NAMES = {"my_article_new", "my_article_edit"}


def author_token(user: User) -> str:
    """Return a signed token of the user for a hidden field. Without it nothing is stored."""
    return signing.dumps(user.pk, salt=AUTHOR_SALT)


def stash_and_redirect(request: HttpRequest) -> HttpResponse | None:
    """Store the fields of the article form and redirect back to it.

    The form's view calls it for anonymous users, and the CSRF failure view for a stale token.

    Returns:
        None if the request is not from that form of a user.
    """
    match = request.resolver_match
    if match is None or match.url_name not in URL_NAMES or request.method != "POST":
        return None
    token = request.POST.get("author_token", "")
    try:
        user_pk = signing.loads(token, salt=AUTHOR_SALT, max_age=settings.SESSION_COOKIE_AGE)
    except signing.BadSignature:
        return None
    _stash(request, user_pk, match.kwargs.get("pk"))
    return HttpResponseRedirect(request.path) if request.user.is_authenticated else redirect_to_login(request.path)


def _stash(request: HttpRequest, user_pk: int, article_pk: int | None) -> None:
    """Replace what is stored for the user, unless the fields are too long or the article is not the user's own."""
    RecoveredDraft.objects.filter(saved_at__lt=timezone.now() - TIMEOUT).delete()
    # PostgreSQL stores no null characters.
    fields = {name: request.POST[name].replace("\x00", "") for name in FIELDS if request.POST.get(name)}
    user = User.objects.filter(pk=user_pk).first()
    article = Article.objects.filter(pk=article_pk).first() if article_pk is not None else None
    is_own = user is not None and (article_pk is None or (article is not None and article.is_by(user)))
    if is_own and sum(map(len, fields.values())) <= MAX_LENGTH:
        values = {"article_id": article_pk, "fields": fields, "had_image": "image" in request.FILES}
        RecoveredDraft.objects.update_or_create(user_id=user_pk, defaults={**values, "saved_at": timezone.now()})


def stashed(user: User, article: Article | None) -> RecoveredDraft | None:
    """Return what was stored of the user's form for this article, or for a new one, within a day."""
    return RecoveredDraft.objects.filter(user=user, article=article, saved_at__gt=timezone.now() - TIMEOUT).first()


def discard_stash(user: User, article: Article | None) -> None:
    """Delete what is stored of this form, because it was saved."""
    RecoveredDraft.objects.filter(user=user, article=article).delete()
