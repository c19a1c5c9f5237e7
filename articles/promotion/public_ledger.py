"""The public ledger: the page and its CSV and JSON files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.db.models import IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.promotion.models import LedgerEntry, LedgerHead, Placement, Promotion, PromotionDay, PromotionQuerySet
from core.pagination import KeysetOrdering, cursor_from
from core.ratelimit import check_rate_limit

# The index `promotion_newest`.
NEWEST = KeysetOrdering({"requested_at": datetime, "pk": int})
PAGE_SIZE = 20
# Promotions in a file, which links to the next file.
FILE_SIZE = 1000
# Files per minute of one client.
MAX_EXPORTS = 30
APPROVALS = {LedgerEntry.Event.APPROVED, LedgerEntry.Event.PICKED}
# Promotions are public from the payment or the decision on.
PHASES = [phase for phase in Promotion.Phase if phase not in {"requested", "awaiting_payment"}]


def parse_filters(query: Mapping[str, str]) -> dict[str, str]:
    """Return the filters that a query string sets, of "kind", "place" and "state".

    Raises:
        Http404: an unknown value.
    """
    known = {"kind": Promotion.Kind.values, "place": Placement.Code.values, "state": [phase.value for phase in PHASES]}
    filters = {name: query[name] for name in known if query.get(name)}
    if any(value not in known[name] for name, value in filters.items()):
        raise Http404
    return filters


def public_promotions(filters: dict[str, str]) -> PromotionQuerySet:
    """Return the promotions of the public ledger, newest request first, with all that a row shows, in two queries."""
    withdrawn = Q(state="cancelled", paid_at=None, approved_at=None)
    promotions = Promotion.objects.exclude(Q(state__in=["requested", "awaiting_payment"]) | withdrawn)
    state = filters.get("state")
    if state in {"running", "scheduled", "ended"}:
        promotions = getattr(promotions, state)()
    elif state:
        promotions = promotions.filter(state=state)
    if kind := filters.get("kind"):
        promotions = promotions.filter(kind=kind)
    if place := filters.get("place"):
        promotions = promotions.filter(placement__code=place)
    return (
        with_results(promotions)
        .select_related("article__live", "article__author", "sponsor", "placement", "section")
        .defer("article__live__body", "article__author__biography", "sponsor__biography", "terms", "message")
        .prefetch_related(Prefetch("ledger", LedgerEntry.objects.in_order()))
        .order_by(*NEWEST.names)
    )


def with_results(promotions: PromotionQuerySet) -> PromotionQuerySet:
    """Annotate the sums `impressions` and `clicks`."""
    days = PromotionDay.objects.filter(promotion=OuterRef("pk")).order_by().values("promotion")
    return promotions.annotate(
        **{
            name: Coalesce(Subquery(days.annotate(sum=Sum(name)).values("sum")), 0, output_field=IntegerField())
            for name in ("impressions", "clicks")
        }
    )


class PublicLedgerRow:
    """A promotion as it is public. If the article is hidden, its title and its author are left out."""

    def __init__(self, promotion: Any) -> None:
        self.promotion = promotion
        self.phase = promotion.phase
        self.entries: list[LedgerEntry] = list(promotion.ledger.all())
        self.approval = next((entry for entry in self.entries if entry.event in APPROVALS), None)
        article = promotion.article
        # Empty if the article is hidden.
        self.title = article.live.title if article.is_public and article.live else ""
        self.url = article.get_absolute_url() if self.title else ""
        is_author = promotion.sponsor_id == article.author_id
        self.sponsor = "" if promotion.is_editorial or (is_author and not self.title) else promotion.sponsor.name

    def history(self) -> list[dict[str, Any]]:
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
            for entry in self.entries
        ]

    def values(self) -> dict[str, Any]:
        """Return the columns of the files."""
        promotion = self.promotion
        return {
            "promotion": promotion.pk,
            "article": self.title,
            "address": urljoin(settings.ORIGIN, self.url) if self.url else "",
            "sponsor": self.sponsor,
            "kind": promotion.kind,
            "price": promotion.price_shown.replace("\u00a0", " ") if promotion.price else "",
            "placement": promotion.placement.code,
            "section": promotion.section.slug if promotion.section else "",
            "from": promotion.starts_at.isoformat() if promotion.starts_at else "",
            "to": promotion.ran_until.isoformat() if promotion.ran_until else "",
            "approved_by": self.approval.actor_role if self.approval else "",
            "impressions": promotion.impressions,
            "clicks": promotion.clicks,
            "state": str(self.phase.value),
        }


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the public ledger, newest first, with filters."""
    filters, rows, cursor = _rows(request, PAGE_SIZE)
    context = {
        "rows": rows,
        "choices": [
            ("kind", _("Kind"), Promotion.Kind.choices, filters.get("kind")),
            ("place", _("Place"), Placement.Code.choices, filters.get("place")),
            ("state", _("State"), [(phase.value, phase.label) for phase in PHASES], filters.get("state")),
        ],
        "query": urlencode(filters),
        "next": urlencode({**filters, "after": cursor}) if cursor else "",
        "is_first": "after" not in request.GET,
    }
    return render(request, "promotion/ledger.html", context)


@require_safe
def ledger_csv(request: HttpRequest) -> HttpResponse:
    """Return the public ledger as CSV; `Link: rel="next"` names the next file."""
    check_rate_limit(request, "export", limit=MAX_EXPORTS, seconds=60)
    filters, rows, cursor = _rows(request, FILE_SIZE)
    values = [row.values() for row in rows]
    names = list(values[0]) if values else ["promotion"]
    response = csv_response("promotions.csv", [names, *(row.values() for row in values)])
    if cursor:
        response["Link"] = f'<{_next_url("promotion_ledger_csv", filters, cursor)}>; rel="next"'
    return response


@require_safe
def ledger_json(request: HttpRequest) -> HttpResponse:
    """Return the public ledger with its rows, their hashes and the head: a copy of it proves later changes."""
    check_rate_limit(request, "export", limit=MAX_EXPORTS, seconds=60)
    filters, rows, cursor = _rows(request, FILE_SIZE)
    head = LedgerHead.objects.filter(pk=1).first() or LedgerHead()
    return JsonResponse(
        {
            "promotions": [{**row.values(), "ledger": row.history()} for row in rows],
            "next": _next_url("promotion_ledger_json", filters, cursor) if cursor else None,
            "head": {"number": head.number, "hash": head.hash},
        },
        json_dumps_params={"ensure_ascii": False},
    )


def _rows(request: HttpRequest, size: int) -> tuple[dict[str, str], list[PublicLedgerRow], str]:
    """Return the filters, the rows and the cursor of the next ones ("" at the end)."""
    filters = parse_filters(request.GET)
    promotions: QuerySet[Promotion] = public_promotions(filters)
    if cursor := cursor_from(request):
        promotions = NEWEST.filter_after(promotions, NEWEST.decode_cursor(cursor))
    found = list(promotions[: size + 1])
    following = NEWEST.encode_cursor(found[size - 1]) if len(found) > size else ""
    return filters, [PublicLedgerRow(promotion) for promotion in found[:size]], following


def _next_url(name: str, filters: dict[str, str], cursor: str) -> str:
    query = urlencode({**filters, "after": cursor})
    return str(urljoin(settings.ORIGIN, f"{reverse(name)}?{query}"))


def csv_response(filename: str, rows: Iterable[Iterable[object]]) -> HttpResponse:
    """Return a CSV file. Text of users is never taken for a formula by a spreadsheet."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    csv.writer(response).writerows([_escape_formula(value) for value in row] for row in rows)
    return response


def _escape_formula(value: object) -> object:
    is_formula = isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value
