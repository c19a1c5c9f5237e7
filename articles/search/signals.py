"""Receivers that keep the search index up to date (core/events.py)."""

from typing import Any

from django.dispatch import receiver

from articles.models import Article, Tag
from articles.search import services
from core import events


@receiver([events.article_published, events.article_hidden, events.article_restored])
def update_article(article: Article, **kwargs: Any) -> None:
    services.update_index([article.pk])


@receiver(events.byline_changed)
def update_bylines(article_pks: list[int], **kwargs: Any) -> None:
    services.update_many(article_pks)


@receiver(events.tag_renamed)
def update_tag(tag: Tag, **kwargs: Any) -> None:
    services.update_many(list(tag.article_tags.order_by("-published_at").values_list("article", flat=True)))
