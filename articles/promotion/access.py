"""Who may see which promotion. What is not yours is a 404, like what is not there."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import F
from django.shortcuts import get_object_or_404

from accounts.models import User
from articles.promotion.models import Promotion


def own_promotion(user: User | AnonymousUser, pk: int) -> Promotion:
    """A promotion of which the person is the sponsor."""
    return get_object_or_404(Promotion.objects.for_list().filter(sponsor_id=user.pk), pk=pk)


def promotion_with_results(user: User | AnonymousUser, pk: int) -> Promotion:
    """A promotion whose results the person may see: its sponsor, and moderators of promotions."""
    found = Promotion.objects.for_list()
    if not (user.is_staff and user.has_perm("promotion.decide_promotion")):
        found = found.filter(sponsor_id=user.pk)
    return get_object_or_404(found, pk=pk)


def promotion_of_own_article(user: User | AnonymousUser, pk: int) -> Promotion:
    """Somebody else's promotion of an article that the person wrote."""
    found = Promotion.objects.for_list().filter(article__author_id=user.pk).exclude(sponsor=F("article__author"))
    return get_object_or_404(found, pk=pk)
