"""What is searched: the article as the engines see it, and the rows that PostgreSQL's engine keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from modelsearch.index import AutocompleteField, FilterField, Indexed, SearchField

from articles.models import Article
from articles.search.words import one_spelling
from core.sanitizer import plain_text

if TYPE_CHECKING:
    from articles.models.article import ArticleQuerySet


class SearchedArticle(Indexed, Article):  # type: ignore[misc]
    """An article as modelsearch reads it: the fields to find it by, and those to narrow a search.

    A proxy, so that the article itself knows nothing of being searched. `articles.search.indexing` writes the index;
    modelsearch's own signals are off.
    """

    search_auto_update = False
    # "title" is what modelsearch's database engines rank apart from the rest.
    search_fields = [
        SearchField("title", boost=8.0),
        SearchField("names", boost=4.0),
        SearchField("summary", boost=2.0),
        SearchField("plain_body"),
        AutocompleteField("title"),
        FilterField("id"),
        FilterField("state"),
        FilterField("section"),
        FilterField("author"),
        FilterField("language"),
        FilterField("published_at"),
    ]

    class Meta:
        proxy = True
        default_permissions = ()

    @classmethod
    def get_indexed_objects(cls) -> ArticleQuerySet:
        return cls.objects.published().select_related("live", "author").prefetch_related("tags")

    @property
    def title(self) -> str:
        return one_spelling(self.live.title) if self.live else ""

    @property
    def summary(self) -> str:
        return one_spelling(self.live.summary) if self.live else ""

    @property
    def names(self) -> str:
        """Who wrote it, and its tags: as its author spelled them, and as they are called today."""
        spelled = self.live.tag_names if self.live else []
        tags = dict.fromkeys([*spelled, *(tag.name for tag in self.tags.all())])
        return one_spelling(", ".join([self.author.display_name, self.author.username, *tags]))

    @property
    def plain_body(self) -> str:
        return one_spelling(plain_text(self.live.body)) if self.live else ""


class SearchEntry(models.Model):
    """A published article in PostgreSQL's index (`articles.search.entries`); no other database has the table."""

    # The database deletes the entry with its article: the migration gives the column its reference.
    article = models.OneToOneField(
        Article, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="+"
    )
    published_at = models.DateTimeField()
    words = SearchVectorField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"words of {self.article_id}"
