"""The search index: one row for each published article, in the table of the database in use."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from articles.models import Article


class SearchEntry(models.Model):
    """An indexed article on PostgreSQL (`articles.search.backends.postgresql` describes the lexemes)."""

    # The migration adds a foreign key with ON DELETE CASCADE, which Django (E323) refuses beside PROTECT in Article.
    article = models.OneToOneField(
        Article, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="+"
    )
    published_at = models.DateTimeField()
    words = SearchVectorField()

    class Meta:
        default_permissions = ()
        required_db_vendor = "postgresql"
        indexes = [
            # Without a pending list, which every search would have to scan: most changes are one article at a time.
            GinIndex(fields=["words"], fastupdate=False, name="search_entry_words"),
        ]

    def __str__(self) -> str:
        return f"search entry of article {self.article_id}"


class FTSEntry(models.Model):
    """An indexed article on SQLite: a row of an FTS5 virtual table, which the migration creates.

    A virtual table has no foreign keys; the row number is the primary key of the article.
    """

    article = models.OneToOneField(
        Article,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="rowid",
        primary_key=True,
        related_name="+",
    )
    title = models.TextField()
    names = models.TextField()
    summary = models.TextField()
    body = models.TextField()

    class Meta:
        default_permissions = ()
        required_db_vendor = "sqlite"

    def __str__(self) -> str:
        return f"search entry of article {self.article_id}"


class ZeroResultWord(models.Model):
    """A word for which several clients searched on a day and found nothing (`articles.search.zero_results`)."""

    day = models.DateField()
    word = models.CharField(max_length=30)
    number = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["day", "word"], name="zero_result_word_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.word} {self.number}"
