"""What editing an article does to its promotions."""

from __future__ import annotations

from django import template

from articles.models import Article
from articles.promotion.models import Promotion

register = template.Library()


@register.simple_tag
def promotion_paused_by_edit(article: Article) -> Promotion | None:
    """Return the running or scheduled promotion of an article that ends last; new text pauses it."""
    return Promotion.objects.open().filter(article=article, state="approved").order_by("ends_at").last()
