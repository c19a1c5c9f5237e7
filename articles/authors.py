"""What users write alone and with others: lists of articles, and invitations."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.models import User
from articles.models import Article, CoAuthor
from articles.models.article import ArticleQuerySet

MAX_INVITATIONS = 50


def users_with_name(username: str) -> QuerySet[Any]:
    """Return the active user with this username; `is_coauthor` tells whether they write articles of others."""
    written = CoAuthor.objects.accepted().filter(user=OuterRef("pk"))
    return User.objects.by_username(username).filter(is_active=True).annotate(is_coauthor=Exists(written))


def published_lists(author: Any) -> list[ArticleQuerySet]:
    """Return the published articles of a user from `users_with_name`: their own, and those written with others.

    Two lists, because each has its index (`core.pagination.merge`).
    """
    published = Article.objects.published()
    return [published.by(author), *([published.written_with(author)] if author.is_coauthor else [])]


def coauthorships_of(user: User) -> tuple[list[CoAuthor], bool]:
    """Return the invitations that wait for the user's answer, and whether they are a co-author of an article."""
    rows = CoAuthor.objects.filter(user=user, declined_at=None, article__deleted_at=None)
    rows = rows.select_related("article__latest", "article__author").defer("article__latest__body")
    found = rows.order_by(F("accepted_at").asc(nulls_first=True), "-pk")[: MAX_INVITATIONS + 1]
    pending = [row for row in found if row.is_pending]
    return pending[:MAX_INVITATIONS], len(pending) < len(found) or len(pending) > MAX_INVITATIONS
