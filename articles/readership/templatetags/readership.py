"""What other rooms' pages say about readership."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from articles.models import Article
from articles.readership.selectors import reads_of

register = template.Library()


@register.simple_tag(takes_context=True)
def own_reads(context: template.Context, articles: Iterable[Article]) -> dict[int, int]:
    """How often the person's own published articles were read, by their number: one query for the whole list.

    `{% own_reads articles as reads %}`. What somebody else wrote is left out: reads are for the author alone.
    """
    user = context.get("user")
    return reads_of(article for article in articles if user and article.author_id == user.pk)


@register.filter
def read_number(found: dict[int, int], article: Article) -> int | None:
    """One article's number among `own_reads`, None where there is none to show: `{{ reads|read_number:article }}`."""
    return found.get(article.pk)
