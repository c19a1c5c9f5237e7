"""Series of an author's own articles. Each action locks the author's row first, so an author's actions do not race."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, Series, SeriesPart
from core.exceptions import ActionNotAllowed
from core.logs import log_event

MAX_SERIES = 50
MAX_PARTS = 100


@transaction.atomic
def create(*, author: User, title: str, description: str) -> Series:
    """Create an empty series.

    Raises:
        ActionNotAllowed: the author is suspended, or has `MAX_SERIES` series.
    """
    lock_acting_user(author.pk)
    if Series.objects.filter(author=author).count() >= MAX_SERIES:
        sentence = ngettext("You can have %(count)d series.", "You can have %(count)d series.", MAX_SERIES)
        raise ActionNotAllowed(sentence % {"count": MAX_SERIES})
    made = Series.objects.create(author=author, title=title, description=description)
    log_event("series_created", series_id=made.pk)
    return made


@transaction.atomic
def change(*, series: Series, title: str, description: str) -> Series:
    """Change title and description.

    Raises:
        ActionNotAllowed: the author is suspended, or the series was deleted.
    """
    lock_acting_user(series.author_id)
    if not Series.objects.filter(pk=series.pk).update(title=title, description=description):
        raise ActionNotAllowed(_("This series no longer exists."))
    series.title, series.description = title, description
    log_event("series_changed", series_id=series.pk)
    return series


@transaction.atomic
def delete(*, series: Series) -> None:
    """Delete a series; its articles stay. Idempotent.

    Raises:
        ActionNotAllowed: the author is suspended.
    """
    lock_acting_user(series.author_id)
    if Series.objects.filter(pk=series.pk).delete()[0]:
        log_event("series_deleted", series_id=series.pk)


@transaction.atomic
def place(*, article: Article, series: Series | None) -> None:
    """Make an article the last part of a series, or take it out of the one that it is in. Idempotent.

    Raises:
        ActionNotAllowed: the author of the article is suspended or not the author of the series, the series was
            deleted, or it has `MAX_PARTS` parts.
    """
    lock_acting_user(article.author_id)
    if series:
        if series.author_id != article.author_id:
            raise ActionNotAllowed(_("Only articles of the author of a series can be its parts."))
        # A moderator can delete it at this moment.
        if not Series.objects.select_for_update(no_key=True).filter(pk=series.pk).exists():
            raise ActionNotAllowed(_("This series no longer exists."))
    part = SeriesPart.objects.filter(article=article).first()
    if (part and part.series_id) == (series and series.pk):
        return
    if part:
        part.delete()
    if series:
        parts = SeriesPart.objects.filter(series=series)
        if parts.count() >= MAX_PARTS:
            sentence = ngettext("A series can have %(count)d part.", "A series can have %(count)d parts.", MAX_PARTS)
            raise ActionNotAllowed(sentence % {"count": MAX_PARTS})
        last = parts.order_by("-position").values_list("position", flat=True).first() or 0
        SeriesPart.objects.create(article=article, series=series, position=last + 1)
    log_event("series_part_placed", article_id=article.pk, series_id=series and series.pk)


@transaction.atomic
def move(*, part: SeriesPart, by: Literal[-1, 1]) -> None:
    """Move a part one place towards the beginning (−1) or the end (1); at the end of the list it stays.

    Raises:
        ActionNotAllowed: the author is suspended.
    """
    lock_acting_user(part.series.author_id)
    parts = list(SeriesPart.objects.filter(series=part.series_id).order_by("position", "article"))
    here = next((index for index, one in enumerate(parts) if one.pk == part.pk), None)
    if here is None or not 0 <= here + by < len(parts):
        return
    parts[here], parts[here + by] = parts[here + by], parts[here]
    for position, one in enumerate(parts, start=1):
        one.position = position
    SeriesPart.objects.bulk_update(parts, ["position"])
    log_event("series_part_moved", article_id=part.pk, series_id=part.series_id)
