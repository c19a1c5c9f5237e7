"""Create the plain project's tables and rows."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from bench.baselines.plain.models import Article, Page, Section
from bench.scale import PLAIN_ROWS

TITLE = "We counted every street lamp, part {number}"
SUMMARY = "A weekend, eleven volunteers and 2,340 lamps."
PARAGRAPH = "Nobody had asked for the map, and yet on a Saturday in October eleven of us walked the streets. "
SECTIONS = ("Politics", "Economy", "Society", "Culture", "Technology", "Science", "Sport")


def fill() -> None:
    """Create pages, and articles whose text is as long as an average article's."""
    # This project has no migrations; its tables refer to those that Django's migrations create.
    for run_syncdb in (False, True):
        call_command("migrate", run_syncdb=run_syncdb, verbosity=0, interactive=False)
    now = timezone.now()
    Page.objects.bulk_create(
        Page(
            title=TITLE.format(number=number),
            author="Anna Petrosyan",
            summary=SUMMARY,
            body=_body(paragraphs=9),
            published_at=now,
        )
        for number in range(PLAIN_ROWS)
    )
    sections = Section.objects.bulk_create(Section(name=name, slug=name.lower()) for name in SECTIONS)
    authors = User.objects.bulk_create(
        User(username=f"author{number}", first_name="Anna", last_name="Petrosyan") for number in range(PLAIN_ROWS // 10)
    )
    Article.objects.bulk_create(
        Article(
            title=TITLE.format(number=number),
            section=sections[number % len(sections)],
            author=authors[number % len(authors)],
            summary=SUMMARY,
            body=_body(paragraphs=5),
            published_at=now,
        )
        for number in range(PLAIN_ROWS)
    )


def _body(*, paragraphs: int) -> str:
    return "".join(f"<p>{PARAGRAPH * 3}</p>" for _ in range(paragraphs))
