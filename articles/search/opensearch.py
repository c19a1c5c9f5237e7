"""modelsearch's engine for OpenSearch, with stems of English and Russian; a service apart, told after each commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from modelsearch.backends.opensearch3 import OpenSearch3SearchBackend

from articles.search.engine import ByObjects
from articles.search.models import SearchedArticle
from articles.search.words import starting_alike, words_of

# English's stemmer leaves what is not Latin alone, and Russian's what is not Cyrillic: in a row they do both.
_ANALYSIS = {
    "filter": {
        "english": {"type": "stemmer", "language": "english"},
        "russian": {"type": "stemmer", "language": "russian"},
        "common": {"type": "stop", "stopwords": ["_english_", "_russian_"]},
    },
    "analyzer": {
        "default": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "common", "english", "russian"]}
    },
}


class SearchBackend(ByObjects, OpenSearch3SearchBackend):  # type: ignore[misc]
    """The engine of a site with `SEARCH_URL`."""

    is_elsewhere = True

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__({**params, "INDEX_SETTINGS": {"settings": {"analysis": _ANALYSIS}}})

    def prepare(self) -> None:
        index = self.get_index_for_model(SearchedArticle)
        if not index.exists():
            index.put()
        index.add_model(SearchedArticle)

    def entries_among(self, pks: Sequence[int]) -> set[int]:
        body = {"query": {"ids": {"values": [str(pk) for pk in pks]}}, "size": len(pks), "_source": False}
        hits = self.es.search(index=self.get_index_for_model(SearchedArticle).name, body=body)["hits"]["hits"]
        return {int(hit["_id"]) for hit in hits}

    def count(self) -> int:
        return int(self.es.count(index=self.get_index_for_model(SearchedArticle).name)["count"])

    def titled(self, words: Sequence[str], *, most: int) -> list[int]:
        found = self.autocomplete(
            " ".join(words), SearchedArticle.objects.published(), operator="and", order_by_relevance=True
        )
        return [article.pk for article in found[:most]]

    def matching(self, words: Collection[str], query: str) -> set[str]:
        return starting_alike(words, words_of(query), loosely=True)
