"""The three places, the head of the ledger, and the requests from before there were plans.

They become free requests for the top of the front page. One of an article stays open, the one that came first; the
ledger says what became of the others.
"""

import uuid

from django.db import migrations
from django.utils import timezone

from articles.promotion.ledger_hash import row_hash

PLACES = {"front_top": 3, "section_top": 2, "beside": 4}
SECOND = "Another request for this article came first."
TERMS = "A moderator decides; there is no right to be put forward. The card is always labelled as promoted."
NO_PLAN = "From before there were plans."


def fill(apps, schema_editor):
    Placement = apps.get_model("promotion", "Placement")
    for code, capacity in PLACES.items():
        Placement.objects.get_or_create(code=code, defaults={"capacity": capacity})
    front = Placement.objects.get(code="front_top")
    # Something to begin with, so that "Promote this post" leads somewhere before anybody has set up plans.
    Plan = apps.get_model("promotion", "Plan")
    if not Plan.objects.exists():
        Plan.objects.create(placement=front, name="Three days on the front page", days=3, terms=TERMS)
    Promotion = apps.get_model("promotion", "Promotion")
    LedgerEntry = apps.get_model("promotion", "LedgerEntry")
    number, last = 0, ""

    def append(promotion, event, from_state, to_state, role, reason, at):
        nonlocal number, last
        number += 1
        row = {
            "number": number,
            "promotion_id": promotion.pk,
            "event": event,
            "from_state": from_state,
            "to_state": to_state,
            "actor_id": promotion.sponsor_id if role == "sponsor" else None,
            "actor_role": role,
            "reason": reason,
            "at": at,
            "amount": 0,
            "currency": "",
            "details": {},
        }
        entry = LedgerEntry(**row, previous_hash=last, hash=row_hash(row, last))
        entry.save(force_insert=True)
        last = entry.hash

    now = timezone.now()
    taken = set()
    for promotion in Promotion.objects.order_by("requested_at", "pk"):
        promotion.placement = front
        promotion.form_key = uuid.uuid4()
        append(promotion, "requested", "", "requested", "sponsor", "", promotion.requested_at)
        if promotion.state == "requested" and promotion.article_id not in taken:
            taken.add(promotion.article_id)
        else:
            reason = SECOND if promotion.state == "requested" else NO_PLAN
            promotion.state, promotion.closed_at = "declined", now
            append(promotion, "declined", "requested", "declined", "system", reason, now)
        promotion.save()
    apps.get_model("promotion", "LedgerHead").objects.update_or_create(
        pk=1, defaults={"number": number, "hash": last}
    )


class Migration(migrations.Migration):

    dependencies = [("promotion", "0005_ledger_and_payments")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
