"""Queries that check who may see an article. What a user may not see is a 404, like what does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from articles.models import Article


def published_article(pk: int) -> Article:
    """Return a published article with everything that its page shows, in one query.

    Raises:
        Http404: there is no published article with this key.
    """
    if pk > BigAutoField.MAX_BIGINT:
        raise Http404
    return get_object_or_404(Article.objects.published().for_detail(), pk=pk)


def own_article(user: User | AnonymousUser, pk: int) -> Article:
    """Return the user's own article in any state, with its latest revision.

    Raises:
        Http404: the user has no article with this key.
    """
    return get_object_or_404(
        Article.objects.filter(author_id=user.pk).select_related(
            "latest", "latest__image", "live", "section", "author"
        ),
        pk=pk,
    )


def article_pk_ranges(size: int = 1000) -> Iterator[tuple[int, int]]:
    """Yield (first, last) primary keys of consecutive batches of `size` articles."""
    last = 0
    while pks := list(Article.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        yield pks[0], pks[-1]
        last = pks[-1]
