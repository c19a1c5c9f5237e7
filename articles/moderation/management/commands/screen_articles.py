"""`manage.py screen_articles`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from articles.models import Revision
from articles.moderation.services.screening import request_screening, screen
from articles.selectors import article_pk_ranges


class Command(BaseCommand):
    help = "Screen the published texts that were never screened, so that copies of them are found. Can be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for first, last in article_pk_ranges():
            published = Revision.objects.filter(live_for__pk__gte=first, live_for__pk__lte=last, screening=None)
            for revision in published.defer("body"):
                request_screening(revision)
                count += screen(revision.pk)
        self.stdout.write(f"Texts screened: {count}.")
