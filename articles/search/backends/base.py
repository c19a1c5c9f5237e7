"""The interface of a search engine, and what all engines share."""

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar

from django.db import OperationalError
from django.db.models import Model

from articles.models import Article
from articles.search.query import SearchQuery, Term, extract_text, normalize

# The time that all statements of one search can take together.
MAX_SECONDS = 2


class SearchTimeout(Exception):
    """A search took longer than a page is allowed to take."""


def normalized_texts(article: Article) -> dict[str, str]:
    """Return what is indexed of a published article: title, names (its authors and tags), summary and body."""
    revision = article.live
    assert revision is not None  # The constraint article_published_has_time_and_text.
    names = [article.author.display_name, article.author.username]
    names += [name for one in article.shown_coauthors for name in (one.display_name, one.username)]
    # Tags as the author wrote them and as they are called now.
    tags = dict.fromkeys([*revision.tag_names, *(tag.name for tag in article.tags.all())])
    return {
        "title": normalize(revision.title),
        "names": normalize(", ".join([*names, *tags])),
        "summary": normalize(revision.summary),
        "body": normalize(extract_text(revision.body)),
    }


class Backend(ABC):
    """A search engine inside the site's database: what a transaction writes to the index is committed with it."""

    # The table of the index; its primary key is the article's.
    model: ClassVar[type[Model]]

    def index(self, pks: Collection[int]) -> None:
        """Write the entries of the published ones of these articles, and remove those of the others."""
        published = Article.objects.published().filter(pk__in=pks).select_related("live", "author")
        # In one order, so that two transactions with the same articles do not wait for each other.
        articles = list(published.prefetch_related("tags").order_by("pk"))
        self.write(articles)
        self.remove(set(pks) - {article.pk for article in articles})

    def remove(self, pks: Collection[int]) -> None:
        """Remove the entries of these articles."""
        if pks:
            self.model._default_manager.filter(pk__in=pks).delete()

    @abstractmethod
    def write(self, articles: Sequence[Article]) -> None:
        """Write the entries of these published articles, replacing those they have."""

    @contextmanager
    def limit_time(self) -> Iterator[None]:
        """Limit the time of all statements in the block together (`MAX_SECONDS`), or raise SearchTimeout."""
        deadline = time.monotonic() + MAX_SECONDS
        try:
            with self.stop_at(deadline):
                yield
        except OperationalError as error:
            if time.monotonic() > deadline:
                raise SearchTimeout from error
            raise

    @abstractmethod
    def stop_at(self, deadline: float) -> AbstractContextManager[None]:
        """Return a context manager whose statements fail after a time of the monotonic clock."""

    def stem(self, terms: Sequence[Term]) -> list[Term]:
        """Return the terms as the engine compares them, for `search`."""
        return list(terms)

    @abstractmethod
    def search(self, query: SearchQuery, terms: Sequence[Term], *, limit: int) -> list[int]:
        """Return the primary keys of at most `limit` matching articles in the order of the query.

        Args:
            terms: the query's terms, stemmed (`stem`).
        """

    @abstractmethod
    def search_titles(self, words: Sequence[str], *, limit: int) -> list[int]:
        """Return the keys of articles with all `words` in the title, newest first; the last may be incomplete."""

    @abstractmethod
    def matched_terms(self, candidates: Collection[str], query: str) -> set[str]:
        """Return those of the candidates (folded words of a text) that match a word of `query`."""
