"""The submissions that moderators decide on."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Revision
from articles.moderation.models.decision import Decision
from core.expressions import CurrentTime

# Bounds of the author's history: counts stop at the first, returned submissions are counted in the last articles.
MAX_HISTORY_COUNT = 100
MAX_HISTORY_ARTICLES = 10
# Unreviewed articles are looked up among this many of the latest publications.
MAX_UNREVIEWED_SEARCHED = 2_000


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def submitted(self) -> Self:
        """Return everything that was ever submitted; drafts are visible to their authors alone."""
        return self.exclude(state=Revision.State.DRAFT)

    def waiting(self) -> Self:
        """Return the submissions in review, oldest first."""
        return self.filter(state=Revision.State.IN_REVIEW).order_by("submitted_at", "pk")

    def unreviewed(self) -> Self:
        """Return live texts of trusted authors that no moderator has decided on, newest first.

        Only the latest `MAX_UNREVIEWED_SEARCHED` publications are searched: where all are reviewed, a search without a
        bound reads the whole table to find nothing.
        """
        published = Revision.objects.filter(state=Revision.State.PUBLISHED).order_by("-submitted_at", "-pk")
        # A query of its own, so that the planner knows how few rows are left.
        earliest = published.values_list("submitted_at", flat=True)[
            MAX_UNREVIEWED_SEARCHED : MAX_UNREVIEWED_SEARCHED + 1
        ].first()
        live = {"live_for__state": Article.State.PUBLISHED, "live_for__published_at__lte": CurrentTime()}
        submissions = self.filter(state=Revision.State.PUBLISHED, **live)
        if earliest:
            submissions = submissions.filter(submitted_at__gte=earliest)
        # A count for each row, where an anti-join would read every decision.
        decisions = BoundedCount(Decision.objects.filter(revision=OuterRef("pk")))
        return submissions.alias(decisions_count=decisions).filter(decisions_count=0).order_by("-submitted_at", "-pk")

    def sampled(self) -> Self:
        """Return the published texts that were drawn for a review, the first one drawn first."""
        sampled = self.filter(sample__reviewed_at=None, sample__drawn_at__isnull=False)
        sampled = sampled.filter(live_for__state=Article.State.PUBLISHED, live_for__published_at__lte=timezone.now())
        return sampled.with_drawn_at().order_by("drawn_at", "pk")

    def hinted(self) -> Self:
        """Return the submissions in review that have hints, those with the heaviest ones first."""
        hinted = self.filter(state=Revision.State.IN_REVIEW, screening__rank__lt=0)
        return hinted.with_rank().order_by("rank", "submitted_at", "pk")

    def with_rank(self) -> Self:
        """Annotate with `rank`: minus the weight of the hints."""
        return self.annotate(rank=F("screening__rank"))

    def with_drawn_at(self) -> Self:
        """Annotate with `drawn_at`: when it was drawn for a review."""
        return self.annotate(drawn_at=F("sample__drawn_at"))

    def returned(self) -> Self:
        return self.filter(state=Revision.State.RETURNED).order_by("-submitted_at", "-pk")

    def with_author_history(self) -> Self:
        """Annotate with `published_before` and `returned_before`, counts over the author's other submissions.

        Both are bounded, because some authors have thousands: the first counts up to `MAX_HISTORY_COUNT`, the second
        looks at the last `MAX_HISTORY_ARTICLES` articles.
        """
        articles = Article.objects.filter(author=OuterRef("article__author")).exclude(pk=OuterRef("article"))
        # Two counts, because each state has its own index.
        published = articles.published()
        hidden = articles.filter(state=Article.State.HIDDEN)
        latest = latest_articles(OuterRef(OuterRef("article__author")))
        returned = Decision.objects.filter(verdict=Decision.Verdict.RETURN, revision__article__in=latest)
        return self.annotate(
            published_before=BoundedCount(published) + BoundedCount(hidden),
            returned_before=BoundedCount(returned.exclude(revision=OuterRef("pk"))),
        )

    def for_review(self) -> Self:
        """Return everything submitted, with the rows that the review page shows."""
        related = ["article__author", "article__section", "article__live", "section", "image"]
        return self.submitted().with_author_history().select_related(*related)


def latest_articles(author: int | OuterRef) -> models.QuerySet[Article, Any]:
    """Return the primary keys of an author's articles that changed their state last."""
    articles = Article.objects.filter(author=author).order_by("-state_since", "-pk")
    return articles.values("pk")[:MAX_HISTORY_ARTICLES]


class BoundedCount(Subquery):
    """Count the rows of a subquery, but read no more than `MAX_HISTORY_COUNT` of them."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        super().__init__(rows.order_by().values("pk")[:MAX_HISTORY_COUNT])


class Submission(Revision):
    """A revision as moderators see it."""

    objects = SubmissionQuerySet.as_manager()  # type: ignore[misc]

    # Annotations of `with_author_history`.
    published_before: int
    returned_before: int

    class Meta:
        proxy = True
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")


def version_of(revision: Revision) -> str:
    """Identify the submitted text: the author can withdraw, change and submit the same revision again."""
    return str(revision.version)
