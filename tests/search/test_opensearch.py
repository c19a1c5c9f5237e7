"""OpenSearch by a setting: what is sent to it, and that what it answers is believed only where the database agrees.

No service is asked here: a client that writes down its requests stands in for it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from articles.models import Article
from articles.search import rebuilding
from articles.search.engine import _service, engine
from articles.search.finding import Question, find
from articles.services import publishing
from tests import factories

pytestmark = pytest.mark.django_db


class Indices:
    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self.mappings: dict[str, Any] = {}

    def exists(self, index: str) -> bool:
        return index in self.made

    def create(self, index: str, body: Any) -> None:
        self.made[index] = body

    def put_mapping(self, index: str, body: Any) -> None:
        self.mappings[index] = body


class StandIn:
    """Holds documents, answers each search with all of them, and writes the searches down."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.indices = Indices()
        self.documents: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []

    def search(self, *, index: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
        assert index == "spokesperson_articles_article"
        self.asked.append(body | options)
        hits = [{"_id": pk, "_score": 1.0, "fields": {"pk": [pk]}} for pk in self.documents]
        return {"hits": {"hits": hits}}

    def count(self, index: str) -> dict[str, int]:
        return {"count": len(self.documents)}

    def delete(self, *, index: str, id: str) -> None:  # noqa: A002
        if self.documents.pop(id, None) is None:
            raise sys.modules["opensearchpy"].NotFoundError


@pytest.fixture
def service(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    package, helpers = ModuleType("opensearchpy"), ModuleType("opensearchpy.helpers")

    def bulk(client: StandIn, actions: list[dict[str, Any]], index: str) -> None:
        client.documents |= {action["_id"]: action for action in actions}

    package.OpenSearch, package.NotFoundError = StandIn, type("NotFoundError", (Exception,), {})  # type: ignore[attr-defined]
    helpers.bulk = bulk  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "opensearchpy", package)
    monkeypatch.setitem(sys.modules, "opensearchpy.helpers", helpers)
    ours = ["articles.search.opensearch", *(f"modelsearch.backends.opensearch{n}" for n in (2, 3))]
    for module in ours:
        monkeypatch.delitem(sys.modules, module, raising=False)
    settings.MODELSEARCH_BACKENDS = {
        "default": {
            "BACKEND": "articles.search.opensearch",
            "URLS": ["https://user:word@search.example.org:9200"],
            "INDEX_PREFIX": "spokesperson_",
            "TIMEOUT": 2,
        }
    }
    _service.cache_clear()
    yield engine().es  # type: ignore[attr-defined]
    _service.cache_clear()
    for module in ours:
        sys.modules.pop(module, None)


def field(fields: dict[str, Any], name: str) -> Any:
    """A field of ours; modelsearch puts the model's name before some."""
    return next(value for key, value in fields.items() if key.endswith(name))


def published(capture: Any, **changes: Any) -> Article:
    with capture(execute=True):
        return factories.published(**changes)


def test_the_service_is_reached_as_the_setting_says(service: StandIn) -> None:
    assert service.options["hosts"] == [
        {
            "host": "search.example.org",
            "port": 9200,
            "url_prefix": "",
            "use_ssl": True,
            "verify_certs": True,
            "http_auth": ("user", "word"),
        }
    ]
    assert service.options["timeout"] == 2


def test_it_is_told_after_the_commit_and_plain_words_alone(
    service: StandIn, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        article = factories.published(
            title="Telescope & Co", body=f"<p>За́мок <b>&lt;x&gt;</b></p>{factories.BODY}", tag_names=["optics"]
        )
        assert service.documents == {}
    document = service.documents[str(article.pk)]
    assert field(document, "title") == "Telescope & Co".replace("&", " ")
    assert field(document, "plain_body").startswith("Замок")
    assert "<" not in field(document, "plain_body")
    assert "optics" in field(document, "names")
    assert document["section_id_filter"] == article.section_id
    with django_capture_on_commit_callbacks(execute=True):
        publishing.hide(article=article)
    assert service.documents == {}


def test_what_is_hidden_is_not_found_though_the_service_still_has_it(
    service: StandIn, django_capture_on_commit_callbacks: Any
) -> None:
    article = published(django_capture_on_commit_callbacks)
    assert find(Question(words="lamp"), size=5).articles == [article]
    publishing.hide(article=article)  # no task has run
    assert service.documents
    assert find(Question(words="lamp"), size=5).articles == []


def test_a_search_is_composed_of_words_filters_and_order(
    service: StandIn, django_capture_on_commit_callbacks: Any
) -> None:
    article = published(django_capture_on_commit_callbacks)
    find(Question(words="lamp map", section=article.section, language="en", when="week"), size=5)
    asked = service.asked[-1]
    matched = asked["query"]["bool"]["must"]["multi_match"]
    assert (matched["query"], matched["operator"]) == ("lamp map", "and")
    conditions = json.dumps(asked["query"]["bool"]["filter"], default=str)
    for part in [
        '{"term": {"state_filter": "published"}}',
        f'{{"term": {{"section_id_filter": {article.section_id}}}}}',
        '{"term": {"language_filter": "en"}}',
        '{"range": {"published_at_filter": {"gte":',
    ]:
        assert part in conditions
    assert (asked["from_"], asked["size"]) == (0, 6)
    assert "sort" not in asked


def test_newest_first_goes_on_from_a_place(service: StandIn, django_capture_on_commit_callbacks: Any) -> None:
    first = [published(django_capture_on_commit_callbacks, title=f"Lamp {n}") for n in range(3)]
    part = find(Question(words="lamp", newest_first=True), size=2)
    assert service.asked[-1]["sort"] == [{"published_at_filter": "desc"}, {"id_filter": "desc"}]
    find(Question(words="lamp", newest_first=True), after=part.after, size=2)
    assert "'published_at_filter': {'lt':" in str(service.asked[-1]["query"])
    assert len(first) == 3


def test_one_of_the_words_is_enough_where_nothing_has_all(
    service: StandIn, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    assert client.get("/search/?q=lamp+submarine").status_code == 200
    operators = [one["query"]["bool"]["must"]["multi_match"].get("operator", "or") for one in service.asked]
    assert operators == ["and", "or"]


def test_suggestions_ask_for_beginnings_of_titles(service: StandIn, client: Client) -> None:
    assert client.get("/search/suggestions/?q=lam").status_code == 200
    assert "_edgengrams" in str(service.asked[-1]["query"])


def test_rebuilding_makes_the_index_with_stems_of_both_languages(
    service: StandIn, django_capture_on_commit_callbacks: Any
) -> None:
    article = published(django_capture_on_commit_callbacks)
    service.documents.clear()
    rebuilding.rebuild()
    made = service.indices.made["spokesperson_articles_article"]
    assert made["settings"]["analysis"]["analyzer"]["default"]["filter"] == [
        "lowercase",
        "common",
        "english",
        "russian",
    ]
    mapping = service.indices.mappings["spokesperson_articles_article"]["properties"]
    assert field(mapping, "plain_body")["type"] == "text"
    assert mapping["published_at_filter"]["type"] == "date"
    assert list(service.documents) == [str(article.pk)]
    assert rebuilding.compare() == rebuilding.Comparison(right=1, missing=0, surplus=0)
