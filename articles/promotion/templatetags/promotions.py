"""Promoted cards on the reader's pages: `{% promoted "front_top" %}`, `{% promoted "section_top" section %}`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from articles.models import Article, Section
from articles.presenters import card_context
from articles.promotion import delivery
from articles.promotion.delivery import Beside
from articles.promotion.models import Placement, Promotion
from articles.promotion.money import exact
from core.models import SiteSettings

register = template.Library()


@register.inclusion_tag("promotion/_promoted.html")
def promoted(place: str, section: Section | None = None) -> dict[str, Any]:
    """The promoted cards of a place, with their labels; nothing at all where none runs."""
    if place == Placement.Code.FRONT_TOP:
        cards = delivery.on_front()
    elif place == Placement.Code.SECTION_TOP and section is not None:
        cards = delivery.in_section(section)
    else:
        raise template.TemplateSyntaxError(f"no such place: {place}")
    return {"cards": cards, "place": place}


@register.simple_tag(takes_context=True)
def promotions_beside(context: template.Context, article: Article) -> Beside:
    """What an article's page needs of promotions, in one query: `{% promotions_beside article as promotions %}`.

    A preview has none.
    """
    return Beside(cards=[], own=[]) if context.get("preview") else delivery.beside(article)


@register.inclusion_tag("promotion/_promoted.html")
def promoted_beside(promotions: Beside) -> dict[str, Any]:
    """The cards that `promotions_beside` found."""
    return {"cards": promotions.cards, "own": promotions.own, "place": Placement.Code.BESIDE}


@register.filter
def promoted_by(promotion: Promotion) -> str:
    """Who stands behind a promotion: the sponsor, or the site itself where its editors chose."""
    if promotion.kind == Promotion.Kind.EDITORIAL:
        return SiteSettings.current().name
    return promotion.sponsor.name


@register.filter
def promotion_label(promotion: Promotion) -> str:
    """The label of a promoted card: "Promoted · by Lilit · paid"."""
    return _label(promoted_by(promotion), promotion.kind, get_language())


@lru_cache(maxsize=1024)
def _label(name: str, kind: str, language: str | None) -> str:
    return _("Promoted · by %(name)s · %(kind)s") % {"name": name, "kind": Promotion.Kind(kind).label}


@register.inclusion_tag("promotion/_story.html")
def promoted_card(promotion: Promotion, place: str) -> dict[str, Any]:
    """A promoted article with its label.

    The fragment of its address, which no server sees, tells the page's script how the reader came.
    """
    return {
        **card_context(promotion.article),
        "promotion": promotion.pk,
        "fragment": f"#promoted-{promotion.pk}",
        "label": promotion_label(promotion),
        "is_paid": promotion.is_paid_kind,
        "is_lazy": place == Placement.Code.BESIDE,
    }


@register.filter
def promotion_price(promotion: Promotion) -> str:
    """The kind of a promotion, with its price where it has one."""
    if promotion.kind == Promotion.Kind.PAID:
        return exact(promotion.price, promotion.currency)
    return promotion.get_kind_display()
