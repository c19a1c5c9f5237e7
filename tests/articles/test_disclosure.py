"""The four questions about a text: asked before submission, shown to readers, feeds and search engines."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from articles.disclosure import disclosures
from articles.models import Article, Checkpoint, Revision
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from articles.services import drafts, publishing
from articles.services.revisions import missing_for_submission, sanitized
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.articles.author_form import errors, filled, only_revision

pytestmark = pytest.mark.django_db
NEW = "/my/articles/new/"
NO_ANSWER: dict[str, Any] = dict.fromkeys(NOTHING_TO_DISCLOSE, "")
EVERYTHING: dict[str, Any] = {
    "sponsorship": "sponsored",
    "sponsor": "Lamps & Sons",
    "interest": "own",
    "interest_note": "I work for the city",
    "ai_help": "parts",
    "translation": "translation",
    "translation_of": "https://www.example.org/lamps?page=1&all",
}


@pytest.fixture
def author(client: Client) -> Any:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def shown(page: str) -> list[str]:
    """Return the lines below the byline as text."""
    found = re.search(r'<ul class="disclosures".*?</ul>', page, re.DOTALL)
    return [re.sub("<[^>]+>", "", line) for line in re.findall("<li>(.*?)</li>", found[0])] if found else []


@pytest.mark.parametrize("question", NOTHING_TO_DISCLOSE)
def test_submit_asks_each_question_that_is_not_answered(client: Client, author: Any, question: str) -> None:
    answers: dict[str, Any] = {question: ""}
    answer = client.post(NEW, filled(action="submit", **answers))
    assert errors(answer, question)
    assert [name for name in NOTHING_TO_DISCLOSE if errors(answer, name)] == [question]
    assert only_revision().state == "draft"
    with pytest.raises(ActionNotAllowed, match="Say whether"):
        publishing.submit(article=Article.objects.get())


@pytest.mark.parametrize("detail", ["sponsor", "interest_note", "translation_of"])
def test_submit_asks_for_details(client: Client, author: Any, detail: str) -> None:
    answer = client.post(NEW, filled(action="submit", **{**EVERYTHING, detail: ""}))
    assert errors(answer, detail)
    assert only_revision().state == "draft"


def test_submit_with_no_and_none_is_accepted(client: Client, author: Any) -> None:
    client.post(NEW, filled(action="submit"))
    assert only_revision().state == "in_review"


def test_draft_needs_no_answer(client: Client, author: Any) -> None:
    client.post(NEW, filled(**NO_ANSWER))
    assert (only_revision().state, only_revision().sponsorship) == ("draft", "")


def test_answer_that_does_not_exist_is_refused(client: Client, author: Any) -> None:
    assert errors(client.post(NEW, filled(ai_help="all")), "ai_help")


def test_autosave_stores_answers(client: Client, author: Any) -> None:
    article = factories.draft(author)
    data = filled(article, **EVERYTHING)
    assert client.post(f"/my/articles/{article.pk}/autosave/", data).json()["unsaved"] == {}
    revision = only_revision()
    assert {name: getattr(revision, name) for name in EVERYTHING} == EVERYTHING


def test_details_without_their_answer_are_not_stored() -> None:
    content = sanitized(factories.text(**{**EVERYTHING, "sponsorship": "none", "interest": "", "translation": "none"}))
    assert (content.sponsor, content.interest_note, content.translation_of) == ("", "", "")


def test_checkpoint_and_restored_version_have_the_answers() -> None:
    article = factories.draft(**EVERYTHING)
    article = publishing.save_draft(article=article, text=factories.text(), with_checkpoint=True)
    assert Checkpoint.objects.get().sponsor == "Lamps & Sons"
    restored = drafts.restore_version(article=article, version=1).latest
    assert restored
    assert (restored.sponsor, restored.ai_help) == ("Lamps & Sons", "parts")


def test_versions_page_compares_answers(client: Client, author: Any) -> None:
    article = factories.draft(author)
    publishing.save_draft(article=article, text=factories.text(**EVERYTHING), with_checkpoint=True)
    page = client.get(f"/my/articles/{article.pk}/versions/?from=1&to=2").text
    assert "<b>Help of AI:</b> <del>None</del> <ins>Parts of the text</ins>" in page


def test_conflict_page_compares_and_merges_answers(client: Client, author: Any) -> None:
    article = factories.draft(author)
    stale = filled(article, title="Mine", ai_help="whole")
    publishing.save_draft(article=article, text=factories.text(**EVERYTHING))
    page = client.post(f"/my/articles/{article.pk}/", stale)
    assert page.status_code == 409
    words = re.sub("<[^>]+>", "", page.text)
    for expected in ("Did AI help?", "The whole text", "Parts of the text", "Lamps &amp; Sons"):
        assert expected in words
    chosen = {"keep": "merge", "choose-ai_help": "theirs", "choose-sponsorship": "mine", "choose-sponsor": "theirs"}
    client.post(f"/my/articles/{article.pk}/merge/", {**stale, "version": 2, **chosen})
    revision = only_revision()
    assert (revision.title, revision.ai_help, revision.sponsorship, revision.sponsor) == ("Mine", "parts", "none", "")


def test_article_page_shows_answers_at_the_byline(client: Client) -> None:
    page = client.get(factories.published(**EVERYTHING).get_absolute_url()).text
    assert shown(page) == [
        "Paid or sponsored by Lamps &amp; Sons",
        "The author’s interest: I work for the city",
        "Parts written by AI",
        "Translation of example.org",
    ]
    assert '<a href="https://www.example.org/lamps?page=1&amp;all" rel="nofollow ugc noopener">example.org</a>' in page


def test_links_of_a_sponsored_article_are_marked(client: Client) -> None:
    body = f'{factories.BODY}<p><a href="https://example.org/">lamps</a></p>'
    sponsored = factories.published(body=body, **EVERYTHING)
    own = factories.published(body=body)
    mark = '<a href="https://example.org/" rel="sponsored nofollow ugc noopener">'
    assert mark in client.get(sponsored.get_absolute_url()).text
    assert mark not in client.get(own.get_absolute_url()).text


@pytest.mark.parametrize("answers", [NOTHING_TO_DISCLOSE, NO_ANSWER])
def test_article_page_shows_nothing_without_disclosure(client: Client, answers: dict[str, str]) -> None:
    article = factories.published()
    Revision.objects.update(**answers)  # Texts from before the questions have none.
    page = client.get(article.get_absolute_url()).text
    assert shown(page) == []
    data = json.loads(re.findall(r"<script type=.application/ld.json.>(.*?)</script>", page)[0])
    assert not {"sponsor", "digitalSourceType", "translationOfWork"} & data.keys()
    assert "<em>" not in client.get("/feeds/rss.xml").text


def test_article_page_changes_with_the_answers(client: Client) -> None:
    article = factories.published()
    assert shown(client.get(article.get_absolute_url()).text) == []
    Revision.objects.update(ai_help="whole")
    client.force_login(factories.UserFactory.create())  # Not from the page cache.
    assert shown(client.get(article.get_absolute_url()).text) == ["Written by AI"]


def test_json_ld_has_the_answers(client: Client) -> None:
    page = client.get(factories.published(**EVERYTHING).get_absolute_url()).text
    data = json.loads(re.findall(r"<script type=.application/ld.json.>(.*?)</script>", page)[0])
    assert data["sponsor"] == "Lamps & Sons"
    assert data["digitalSourceType"].endswith("/CompositeWithTrainedAlgorithmicMediaDigitalSource")
    assert data["translationOfWork"] == {"@type": "CreativeWork", "url": EVERYTHING["translation_of"]}


def test_json_ld_of_corrections_and_titles(client: Client) -> None:
    answers: dict[str, Any] = {**EVERYTHING, "ai_help": "corrections", "translation_of": "Лампы"}
    page = client.get(factories.published(**answers).get_absolute_url()).text
    data = json.loads(re.findall(r"<script type=.application/ld.json.>(.*?)</script>", page)[0])
    assert "digitalSourceType" not in data
    assert data["translationOfWork"] == {"@type": "CreativeWork", "name": "Лампы"}


@pytest.mark.parametrize("feed", ["rss", "atom"])
def test_feed_has_the_answers_in_the_language_of_the_article(client: Client, feed: str) -> None:
    factories.published(language="ru", **EVERYTHING)
    with translation.override("ru"):
        words = disclosures(factories.draft(**EVERYTHING).latest)[2]  # type: ignore[arg-type]
    assert words != "Parts written by AI"
    text = client.get(f"/feeds/{feed}.xml").text
    assert words in text
    assert "Lamps &amp;amp; Sons" in text


def test_text_in_answers_is_escaped(client: Client) -> None:
    answers: dict[str, Any] = {
        **EVERYTHING,
        "sponsor": "<b>x</b>",
        "interest_note": "{0}",
        "translation_of": "javascript:alert(1)",
    }
    page = client.get(factories.published(**answers).get_absolute_url()).text
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<bdi>{0}</bdi>" in page
    assert 'href="javascript' not in page


def test_published_article_without_answers_needs_them_for_a_change() -> None:
    article = factories.published()
    Revision.objects.update(**NO_ANSWER)
    changed = factories.text(title="Changed", **NO_ANSWER)
    latest = publishing.save_draft(article=article, text=changed).latest
    assert latest
    assert set(missing_for_submission(latest)) == set(NOTHING_TO_DISCLOSE)
