"""Who may see which article: the one place where views fetch them. Not yours is a 404, like what is not there."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import AnonymousUser
from django.db.models import BigAutoField
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from articles.models import Article
from articles.models.prepared import Parameter, Prepared

_PUBLISHED = Prepared(lambda: Article.objects.published().for_detail().filter(pk=Parameter("pk", Article._meta.pk)))


def published_article(pk: int) -> Article:
    """The published article with everything its page shows, or a 404."""
    found = _PUBLISHED.all(pk=pk) if pk <= BigAutoField.MAX_BIGINT else []
    if not found:
        raise Http404
    article = found[0]
    # The live text stands in the article's section (Article.section is its copy): no second join for it.
    if article.live and article.live.section_id == article.section_id:
        article.live.section = article.section
    return article


def own_article(user: User | AnonymousUser, pk: int) -> Article:
    """The person's own article in whatever state, with its latest text, or a 404."""
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
