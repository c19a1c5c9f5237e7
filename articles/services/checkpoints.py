"""Store texts that authors overwrite in a draft, so that they can be compared and restored."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from articles.models import Article, Checkpoint, Revision
from articles.services.revisions import ArticleContent

# Of writing. Each save overwrites the draft, so this is how much of a text can be lost by writing on.
INTERVAL = timedelta(minutes=10)
# After a save that removes most of the text: select all, delete.
MIN_INTERVAL = timedelta(minutes=1)
MIN_REMOVED = 500  # characters
RETENTION = timedelta(days=30)
MAX_PER_ARTICLE = 200
# Rows in one run.
MAX_DELETED = 10_000


def is_due(revision: Revision, text: ArticleContent) -> bool:
    """Return whether the text of a draft is to be stored before this one overwrites it."""
    since = timezone.now() - (revision.checkpointed_at or revision.created_at)
    removed = len(revision.body) - len(text.body)
    return since >= INTERVAL or (since >= MIN_INTERVAL and removed >= max(MIN_REMOVED, len(text.body)))


def create(revision: Revision) -> None:
    """Store the text of a revision as it is in memory. The caller saves `checkpointed_at`."""
    checkpoint = Checkpoint(article_id=revision.article_id, version=revision.version, updated_at=revision.updated_at)
    for name in ArticleContent.__dataclass_fields__:
        column = f"{name}_id" if name in {"section", "image"} else name  # Their keys: no query.
        setattr(checkpoint, column, getattr(revision, column))
    # The version is stored once, however often it is restored.
    Checkpoint.objects.bulk_create([checkpoint], ignore_conflicts=True)
    revision.checkpointed_at = timezone.now()


def delete_old() -> int:
    """Delete the checkpoints after `RETENTION`, and all but the newest of an article; return how many."""
    now = timezone.now()
    old = Checkpoint.objects.filter(updated_at__lt=now - RETENTION).values_list("pk", flat=True)
    count, _rows = Checkpoint.objects.filter(pk__in=list(old[:MAX_DELETED])).delete()
    # Only where something was written since the last runs.
    recent = Revision.objects.filter(checkpointed_at__gte=now - timedelta(hours=3)).values("article")
    for article in Article.objects.filter(pk__in=recent).only("pk"):
        newest = article.checkpoints.order_by("-version").values_list("version", flat=True)
        if surplus := newest[MAX_PER_ARTICLE : MAX_PER_ARTICLE + 1].first():
            count += article.checkpoints.filter(version__lte=surplus).delete()[0]
    return count
