"""What readers see of series: the published parts, numbered, and the place of an article among them."""

from __future__ import annotations

from typing import NamedTuple

from articles.models import Article, Series
from articles.models.article import ArticleQuerySet


class SeriesPlace(NamedTuple):
    """Where a published article is in its series."""

    series: Series
    number: int
    total: int
    previous: Article | None
    next: Article | None

    @property
    def shown(self) -> tuple[object, ...]:
        """All that pages show of it, for the keys of fragments."""
        beside = [(one.pk, str(one), one.language) for one in (self.previous, self.next) if one]
        return (self.series.pk, self.series.title, self.number, self.total, self.previous is None, *beside)


def published_parts(series: Series | int) -> ArticleQuerySet:
    """Return the published parts of a series, or of the one with this primary key, in its order."""
    return Article.objects.published().filter(series_part__series=series).order_by("series_part__position", "pk")


def place_of(article: Article) -> SeriesPlace | None:
    """Return the place of an article in its series, in one query if it is in one.

    Args:
        article: with `series_part` joined. None if it is not published, or in no series.
    """
    pk = series_pk_of(article) if article.is_public else None
    if pk is None:
        return None
    fields = ("language", "live__article", "live__title", "series_part__position", "series_part__series__title")
    parts = list(published_parts(pk).select_related("live", "series_part__series").only(*fields))
    here = next((index for index, one in enumerate(parts) if one.pk == article.pk), None)
    if here is None:  # Hidden meanwhile.
        return None
    before, after = parts[here - 1] if here else None, parts[here + 1] if here + 1 < len(parts) else None
    return SeriesPlace(parts[here].series_part.series, here + 1, len(parts), before, after)


def series_pk_of(article: Article) -> int | None:
    """Return the key of the series that an article is in, without a query if `series_part` is joined."""
    part = getattr(article, "series_part", None)
    return part.series_id if part else None
