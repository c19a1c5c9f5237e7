"""Tell readers what was wrong in a published article."""

from __future__ import annotations

from articles.models import Article, Correction
from core.logs import log_event


def publish_correction(*, article: Article, text: str) -> Correction:
    """Publish a correction. The caller has locked the article and checked the permission.

    Args:
        text: one line, as a form has cleaned it.
    """
    correction = Correction.objects.create(article=article, text=text)
    log_event("correction_published", article_id=article.pk, correction_id=correction.pk)
    return correction
