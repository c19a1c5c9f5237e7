"""What moderators decide, with the reason, for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from articles.models import Article, Revision
from core.pagination import KeysetOrdering

# The order of the public log; its index is `decision_public`.
DECIDED = KeysetOrdering({"decided_at": datetime, "pk": int})
# How far the look into an author's past goes, in articles.
HISTORY = 100
LATELY = 10
# Among how many of the texts published last moderators look for those that nobody has reviewed.
LAST_PUBLISHED = 2_000


class Rule(models.TextChoices):
    """Which rule a decision rests on."""

    NONE = "", _("no particular rule")
    SOURCES = "sources", _("facts without a source")
    IMAGE = "image", _("a picture that may not be used")
    INSULT = "insult", _("insults or threats")
    PRIVACY = "privacy", _("private data of others")
    ADVERTISING = "advertising", _("advertising in disguise")
    COPY = "copy", _("copied text")
    LANGUAGE = "language", _("language or form")
    OTHER = "other", _("another rule")


class DecisionQuerySet(models.QuerySet["Decision"]):
    """How decisions are asked for."""

    def public(self) -> Self:
        """What the public log shows, newest first."""
        return self.filter(verdict__in=Decision.IS_PUBLIC).order_by(*DECIDED.names)

    def owed(self, *, since: timedelta) -> Self:
        """Decisions that their authors should have been told of since long."""
        return self.filter(mailed_at=None, decided_at__lt=timezone.now() - since).exclude(verdict=Decision.Verdict.KEEP)


class Decision(models.Model):
    """A moderator's decision on one revision. Rows are never changed; a new decision is a new row."""

    class Verdict(models.TextChoices):
        PUBLISH = "publish", pgettext_lazy("verdict", "Publish")
        RETURN = "return", pgettext_lazy("verdict", "Return to the author")
        HIDE = "hide", pgettext_lazy("verdict", "Hide")
        RESTORE = "restore", pgettext_lazy("verdict", "Show again")
        CORRECT = "correct", pgettext_lazy("verdict", "Correct the text")
        # For what a trusted author published at once: a moderator has looked at it, and it stays.
        KEEP = "keep", pgettext_lazy("verdict", "Keep published")

    NEEDS_REASON = ("return", "hide", "correct")
    IS_PUBLIC = ("hide", "restore")
    IS_MAILED = ("publish", "return", "hide", "restore", "correct")

    revision = models.ForeignKey(
        Revision, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("revision")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("moderator")
    )
    verdict = models.CharField(_("decision"), max_length=10, choices=Verdict.choices)
    rule = models.CharField(_("rule"), max_length=20, choices=Rule.choices, blank=True, default="")
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)
    mailed_at = models.DateTimeField(_("author told"), null=True, blank=True, editable=False)

    objects = DecisionQuerySet.as_manager()

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
            models.Index(fields=["decided_at"], condition=Q(mailed_at=None) & ~Q(verdict="keep"), name="decision_owed"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.revision_id}"


class Sanction(models.Model):
    """A suspension: until it ends the person reads and logs in, but does not write, vote or promote."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sanctions", verbose_name=_("person")
    )
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("moderator")
    )
    reason = models.TextField(_("reason"), max_length=2000)
    begins_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("person told"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["-begins_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="sanction_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("begins_at")), name="sanction_ends_after_begin"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} until {self.ends_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.lifted_at is None and self.ends_at > timezone.now()


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """What moderators look at: everything that was ever submitted, and never an author's drafts."""

    def submitted(self) -> Self:
        return self.exclude(state=Revision.State.DRAFT)

    def waiting(self) -> Self:
        """What waits for a moderator, longest first."""
        return self.filter(state=Revision.State.IN_REVIEW).order_by("submitted_at", "pk")

    def unreviewed(self) -> Self:
        """What readers see without any moderator having looked at it: trusted authors publish at once.

        It is looked for among the texts that were published last: where every text has its decision, a million of them
        would be gone through to find that there is none.
        """
        published = Revision.objects.filter(state=Revision.State.PUBLISHED).order_by("-submitted_at", "-pk")
        # Asked before, so that the planner sees how few they are.
        earliest = published.values_list("submitted_at", flat=True)[LAST_PUBLISHED : LAST_PUBLISHED + 1].first()
        texts = self.filter(state=Revision.State.PUBLISHED, live_for__state=Article.State.PUBLISHED)
        if earliest:
            texts = texts.filter(submitted_at__gte=earliest)
        # Counted for each, where a join would read every decision there is.
        return texts.alias(decided=CountUpTo(Decision.objects.filter(revision=OuterRef("pk")))).filter(decided=0)

    def returned(self) -> Self:
        return self.filter(state=Revision.State.RETURNED)

    def with_author_history(self) -> Self:
        """With `published_before` and `returned_before`: what became of the author's other submissions.

        Some authors have thousands: published counts up to `HISTORY`, returned looks at the last `LATELY` articles.
        """
        # Each out of its own index, `article_author` and `article_hidden_of`, that ends where the counting does.
        others = Article.objects.filter(author=OuterRef("article__author")).exclude(pk=OuterRef("article"))
        published, hidden = others.filter(state=Article.State.PUBLISHED), others.filter(state=Article.State.HIDDEN)
        lately = Article.objects.filter(author=OuterRef(OuterRef("article__author"))).order_by("-state_since", "-pk")
        returned = Decision.objects.filter(
            verdict=Decision.Verdict.RETURN, revision__article__in=lately.values("pk")[:LATELY]
        )
        return self.annotate(
            published_before=CountUpTo(published) + CountUpTo(hidden),
            returned_before=CountUpTo(returned.exclude(revision=OuterRef("pk"))),
        )


class CountUpTo(Subquery):
    """How many rows, `HISTORY` at most, as part of another query: further ones are not even looked at."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = models.IntegerField()

    def __init__(self, rows: models.QuerySet[Any]) -> None:
        super().__init__(rows.order_by().values("pk")[:HISTORY])


class Submission(Revision):
    """A revision as the moderators' queue shows it."""

    objects = SubmissionQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
