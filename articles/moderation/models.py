"""Decisions and suspensions, and the submissions that moderators decide on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Article, Revision
from core.pagination import KeysetOrdering
from core.text import MAX_REASON

# The order of the public log; its index is `decision_public`.
BY_DECISION_TIME = KeysetOrdering({"decided_at": datetime, "pk": int})
# Bounds of the author's history: counts stop at the first, returned submissions are counted in the last articles.
MAX_HISTORY_COUNT = 100
MAX_HISTORY_ARTICLES = 10
# Unreviewed articles are looked up among this many of the latest publications.
MAX_UNREVIEWED_SEARCHED = 2_000


class Rule(models.TextChoices):
    """The rule of the site that a decision refers to."""

    NONE = "", _("no specific rule")
    SOURCES = "sources", _("unsourced facts")
    IMAGE = "image", _("image used without permission")
    INSULT = "insult", _("insults or threats")
    PRIVACY = "privacy", _("private data about others")
    ADVERTISING = "advertising", _("hidden advertising")
    COPY = "copy", _("copied text")
    LANGUAGE = "language", _("language or formatting")
    OTHER = "other", _("another rule")


class Decision(models.Model):
    """A moderator's decision on one revision. Rows are not changed; a new decision is a new row."""

    class Verdict(models.TextChoices):
        PUBLISH = "publish", pgettext_lazy("verdict", "Publish")
        RETURN = "return", pgettext_lazy("verdict", "Return to the author")
        HIDE = "hide", pgettext_lazy("verdict", "Hide")
        RESTORE = "restore", pgettext_lazy("verdict", "Show again")
        CORRECT = "correct", pgettext_lazy("verdict", "Correct the text")
        # A moderator reviewed what a trusted author published without review.
        KEEP = "keep", pgettext_lazy("verdict", "Keep published")

    VERDICTS_WITH_REASON = ("return", "hide", "correct")

    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("revision")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("moderator")
    )
    verdict = models.CharField(_("decision"), max_length=10, choices=Verdict.choices)
    rule = models.CharField(_("rule"), max_length=20, choices=Rule.choices, blank=True, default="")
    reason = models.TextField(_("reason"), max_length=MAX_REASON, blank=True)
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-decided_at", "-pk"]
        permissions = [("decide", "Can decide on submissions and articles")]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["publish", "return", "hide", "restore", "correct", "keep"]),
                name="decision_verdict_known",
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=["return", "hide", "correct"]) | ~Q(reason=""),
                name="decision_refusal_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["-decided_at", "-id"], name="decision_new"),
            models.Index(
                fields=["-decided_at", "-id"], condition=Q(verdict__in=["hide", "restore"]), name="decision_public"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.revision_id}"


class Suspension(models.Model):
    """A suspension of a user, who can log in and read until it ends, but not write, vote or promote."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="suspensions", verbose_name=_("user")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    reason = models.TextField(_("reason"), max_length=MAX_REASON)
    begins_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["-begins_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="suspension_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("begins_at")), name="suspension_ends_after_begin"),
        ]

    def __str__(self) -> str:
        return f"{self.user} until {self.ends_at:%Y-%m-%d}"

    @property
    def is_active(self) -> bool:
        return self.lifted_at is None and self.ends_at > timezone.now()


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
        submissions = self.filter(state=Revision.State.PUBLISHED, live_for__state=Article.State.PUBLISHED)
        if earliest:
            submissions = submissions.filter(submitted_at__gte=earliest)
        # A count for each row, where an anti-join would read every decision.
        decisions = BoundedCount(Decision.objects.filter(revision=OuterRef("pk")))
        return submissions.alias(decisions_count=decisions).filter(decisions_count=0).order_by("-submitted_at", "-pk")

    def returned(self) -> Self:
        return self.filter(state=Revision.State.RETURNED).order_by("-submitted_at", "-pk")

    def with_author_history(self) -> Self:
        """Annotate with `published_before` and `returned_before`, counts over the author's other submissions.

        Both are bounded, because some authors have thousands: the first counts up to `MAX_HISTORY_COUNT`, the second
        looks at the last `MAX_HISTORY_ARTICLES` articles.
        """
        articles = Article.objects.filter(author=OuterRef("article__author")).exclude(pk=OuterRef("article"))
        # Two counts, because each state has its own index.
        published = articles.filter(state=Article.State.PUBLISHED)
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
