"""Move all times of a small site into the last weeks, so that its lists of a day and a week fill a page.

Otherwise a full page of the large site would be compared with an empty one.
"""

from __future__ import annotations

from datetime import timedelta

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from articles.models import Article, ArticleTag

SPAN = timedelta(days=18)


def main() -> None:
    """Divide all ages by the same number."""
    now = timezone.now()
    first = Article.objects.published().aggregate(first=Min("published_at"))["first"]
    shrink = (now - first) / SPAN
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns in (
            (Article._meta.db_table, ("published_at", "state_since")),
            (ArticleTag._meta.db_table, ("published_at",)),
        ):
            changes = ", ".join(f"{name} = %(now)s - (%(now)s - {name}) / %(shrink)s" for name in columns)
            cursor.execute(f"UPDATE {table} SET {changes}", {"now": now, "shrink": shrink})  # noqa: S608 - our names
    # Recompute the ranking.
    call_command("recount", verbosity=0)
