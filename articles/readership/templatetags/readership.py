"""Reads in the lists of other apps."""

from collections.abc import Iterable

from django import template

from articles.models import Article
from articles.readership.selectors import reads_by_article

register = template.Library()


@register.simple_tag(takes_context=True)
def own_reads(context: template.Context, articles: Iterable[Article]) -> dict[int, int]:
    """Return the reads of the published articles that the user wrote by primary key, in one query for the whole list.

    `{% own_reads articles as reads %}`. Articles of others are left out: reads are for authors alone.
    """
    user = context.get("user")
    return reads_by_article(article for article in articles if user and article.is_by(user))


@register.filter
def read_number(found: dict[int, int], article: Article) -> int | None:
    """Return one article's number from `own_reads`, None if it has none: `{{ reads|read_number:article }}`."""
    return found.get(article.pk)
