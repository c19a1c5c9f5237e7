"""Promoted cards on public pages, and what the admin shows about promotions."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Min
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article, Section
from articles.presenters import card_context
from articles.promotion.models import Placement, Promotion
from articles.promotion.models.payment import format_amount
from articles.promotion.selectors import list_cards, sidebar_promotions
from articles.promotion.services.state_machine import DECIDE_PERMISSION
from core.models import SiteSettings

register = template.Library()
# {{ amount|in_currency:currency }} formats minor units.
register.filter("in_currency", format_amount)


@register.inclusion_tag("promotion/_promoted.html")
def promoted(placement: str, section: Section | None = None) -> dict[str, Any]:
    """Show the promoted cards of a placement: `{% promoted "front_top" %}`, `{% promoted "section_top" section %}`."""
    return {"cards": list_cards(placement, section), "placement": placement}


@register.simple_tag(takes_context=True)
def promotions_beside(context: template.Context, article: Article) -> dict[str, Any]:
    """Return what an article's page needs, nothing in a preview: `{% promotions_beside article as promotions %}`."""
    return {"is_paid_for": False} if context.get("preview") else sidebar_promotions(article)


@register.inclusion_tag("promotion/_card.html")
def promoted_card(promotion: dict[str, Any], placement: str) -> dict[str, Any]:
    """Show a promoted article with its label.

    The fragment of its URL, which no server sees, tells the page's script that the reader followed the card.
    """
    return {
        **card_context(promotion["card"]),
        "promotion": promotion,
        "fragment": f"#promoted-{promotion['pk']}",
        "is_lazy": placement == Placement.Code.BESIDE,
    }


@register.simple_tag
def promotion_paused_by_edit(article: Article) -> Promotion | None:
    """Return the running or scheduled promotion of an article that ends last; new text pauses it."""
    return Promotion.objects.open().filter(article=article, state="approved").order_by("ends_at").last()


@register.filter
def promotion_label(promotion: dict[str, Any]) -> str:
    """Return the label of a promoted card: "Promoted · by Lilit · paid". An editorial pick is by the site."""
    kind = Promotion.Kind(promotion["kind"])
    name = SiteSettings.current().name if kind == Promotion.Kind.EDITORIAL else promotion["sponsor"]
    return _("Promoted · by %(name)s · %(kind)s") % {"name": name, "kind": kind.label}


@register.simple_tag
def promotions_for(user: User | AnonymousUser) -> dict[str, Any] | None:
    """Return what waits for the user's decision, and since when; None if the user cannot decide."""
    if not user.has_perm(DECIDE_PERMISSION):
        return None
    return {
        **Promotion.objects.waiting().order_by().aggregate(waiting=Count("pk"), oldest=Min("requested_at")),
        "unpaid": Promotion.objects.unpaid().count(),
        "paused": Promotion.objects.paused().count(),
        "refunds": Promotion.objects.refunds().count(),
    }
