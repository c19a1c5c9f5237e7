"""The public ledger: the page and its CSV and JSON files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.promotion.models import LedgerEntry, LedgerHead, Placement, Promotion, PromotionDay
from core.csv_files import csv_response
from core.pagination import KeysetOrdering, Page, paginate
from core.ratelimit import check_rate_limit

# The index `promotion_newest`.
NEWEST = KeysetOrdering({"requested_at": datetime, "pk": int})
PAGE_SIZE = 20
# Promotions in a file, which links to the next file.
FILE_SIZE = 1000
# Files per minute of one client.
MAX_EXPORTS = 30
# Promotions are public from the payment or the decision on.
PHASES = [phase for phase in Promotion.State if phase not in {"requested", "awaiting_payment", "approved"}]
# The filters: query parameter → its values, and its column.
CHOICES = {
    "kind": Promotion.Kind.choices,
    "place": Placement.Code.choices,
    "state": [(phase.value, phase.label) for phase in PHASES],
}
COLUMNS = {"kind": "kind", "place": "placement__code", "state": "state"}


def public_promotions(filters: Mapping[str, str]) -> QuerySet[Promotion]:
    """Return the promotions of the public ledger with all that a row shows, in two queries."""
    withdrawn = Q(state="cancelled", paid_at=None, approved_at=None)
    promotions = Promotion.objects.exclude(Q(state__in=["requested", "awaiting_payment"]) | withdrawn)
    for name, value in filters.items():
        if value in {"running", "scheduled", "ended"}:
            promotions = getattr(promotions, value)()
        else:
            promotions = promotions.filter(**{COLUMNS[name]: value})
    return (
        with_results(promotions)
        .select_related("article__live", "article__author", "sponsor", "placement", "section")
        .defer("article__live__body", "article__author__biography", "sponsor__biography", "terms", "message")
        .prefetch_related("ledger")
    )


def with_results(promotions: QuerySet[Promotion]) -> QuerySet[Promotion]:
    """Annotate the sums `impressions` and `clicks`."""
    days = PromotionDay.objects.filter(promotion=OuterRef("pk")).order_by().values("promotion")
    return promotions.annotate(
        **{
            name: Coalesce(Subquery(days.annotate(sum=Sum(name)).values("sum")), 0, output_field=IntegerField())
            for name in ("impressions", "clicks")
        }
    )


def as_row(promotion: Any) -> dict[str, Any]:
    """Return the columns of the files."""
    title, section = promotion.public_title, promotion.section
    return {
        "promotion": promotion.pk,
        "article": title,
        "address": f"{settings.ORIGIN}{promotion.article.get_absolute_url()}" if title else "",
        "sponsor": promotion.public_sponsor,
        "kind": promotion.kind,
        "price": promotion.price_shown.replace("\u00a0", " ") if promotion.price else "",
        "placement": promotion.placement.code,
        "section": section.slug if section else "",
        "from": promotion.starts_at.isoformat() if promotion.starts_at else "",
        "to": promotion.ran_until.isoformat() if promotion.ran_until else "",
        "approved_by": LedgerEntry.Role.MODERATOR.value if promotion.approved_at else "",
        "impressions": promotion.impressions,
        "clicks": promotion.clicks,
        "state": promotion.phase.value,
    }


def as_history(promotion: Promotion) -> list[dict[str, Any]]:
    """Return the rows of the ledger. They name the role of the actor, never the user."""
    return [
        {
            "number": entry.number,
            "at": entry.at,
            "event": entry.event,
            "from": entry.from_state,
            "to": entry.to_state,
            "by": entry.actor_role,
            "amount": entry.amount_shown if entry.amount else "",
            "reason": entry.public_reason,
            "hash": entry.hash,
            "previous_hash": entry.previous_hash,
        }
        for entry in promotion.ledger.all()
    ]


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the public ledger, newest first, with filters."""
    filters, page = _page(request, PAGE_SIZE)
    labels = {"kind": _("Kind"), "place": _("Place"), "state": _("State")}
    context = {
        "promotions": page.object_list,
        "choices": [(name, label, CHOICES[name], filters.get(name)) for name, label in labels.items()],
        "query": urlencode(filters),
        "next": urlencode({**filters, "after": page.next_cursor}) if page.next_cursor else "",
        "is_first": page.is_first,
    }
    return render(request, "promotion/ledger.html", context)


@require_safe
def ledger_csv(request: HttpRequest) -> HttpResponse:
    """Return the public ledger as CSV; `Link: rel="next"` names the next file."""
    promotions, next_url = _file(request)
    rows = [as_row(promotion) for promotion in promotions]
    names = list(rows[0]) if rows else ["promotion"]
    response = csv_response("promotions.csv", [names, *(row.values() for row in rows)])
    if next_url:
        response["Link"] = f'<{next_url}>; rel="next"'
    return response


@require_safe
def ledger_json(request: HttpRequest) -> HttpResponse:
    """Return the public ledger with its rows, their hashes and the head: a copy of it proves later changes."""
    promotions, next_url = _file(request)
    head = LedgerHead.objects.filter(pk=1).first() or LedgerHead()
    return JsonResponse(
        {
            "promotions": [{**as_row(promotion), "ledger": as_history(promotion)} for promotion in promotions],
            "next": next_url,
            "head": {"number": head.number, "hash": head.hash},
        },
        json_dumps_params={"ensure_ascii": False},
    )


def _page(request: HttpRequest, size: int) -> tuple[dict[str, str], Page[Promotion]]:
    """Return the filters and the page of promotions that a request asks for, or raise a 404."""
    filters = {name: request.GET[name] for name in CHOICES if request.GET.get(name)}
    if any(value not in dict(CHOICES[name]) for name, value in filters.items()):
        raise Http404
    return filters, paginate(public_promotions(filters), request, order=NEWEST, size=size)


def _file(request: HttpRequest) -> tuple[Sequence[Promotion], str | None]:
    """Return the promotions of a file, and the URL of the next one."""
    check_rate_limit(request, "export", limit=MAX_EXPORTS, seconds=60)
    filters, page = _page(request, FILE_SIZE)
    query = urlencode({**filters, "after": page.next_cursor})
    return page.object_list, f"{settings.ORIGIN}{request.path}?{query}" if page.next_cursor else None
