"""Who may see which article: the one place where views fetch them. Not yours is a 404, like what is not there."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import get_object_or_404

from accounts.models import User
from articles.models import Article


def published_article(pk: int) -> Article:
    """The published article with everything its page shows, or a 404."""
    return get_object_or_404(Article.objects.published().with_text().select_related("live__section"), pk=pk)


def own_article(user: User | AnonymousUser, pk: int) -> Article:
    """The person's own article in whatever state, with its latest text, or a 404."""
    return get_object_or_404(
        Article.objects.filter(author_id=user.pk).select_related(
            "latest", "latest__picture", "live", "section", "author"
        ),
        pk=pk,
    )
