"""Sampling: some publications of trusted authors are drawn by lot, and reviewed after their publication."""

from __future__ import annotations

from secrets import randbelow

from django.utils import timezone

from articles.models import Article, Revision
from articles.moderation.models import Sample
from core.models import SiteSettings


def draw(revision: Revision) -> bool:
    """Draw a publication with the probability of the site settings. Call it in the transaction that publishes it.

    Where the version before waits for its review, this one takes its place: an author cannot get out of a review by
    another publication.

    Returns:
        whether it will be reviewed.
    """
    if Sample.objects.unreviewed().filter(revision__article=revision.article_id).update(revision=revision):
        return True
    interval = SiteSettings.current().sampling_interval
    if not interval or randbelow(interval):
        return False
    # A scheduled version that was stopped and withdrawn can be drawn a second time.
    Sample.objects.update_or_create(revision=revision, defaults={"drawn_at": timezone.now(), "reviewed_at": None})
    return True


def end_sample(article: Article) -> None:
    """Record that a moderator has reviewed what readers see of an article."""
    Sample.objects.unreviewed().filter(revision__article=article.pk).update(reviewed_at=timezone.now())
