"""Quotation marks, dashes and spaces of each language."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from articles.services.revisions import MAX_BODY_LENGTH
from articles.typography import RULES, fix_typography
from core.sanitizer import plain_text, sanitize
from tests import factories
from tests.articles.author_form import filled, only_revision
from tests.articles.typography_corpus import CORPUS

NEW = reverse("my_article_new")


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [(language, before, after) for language, texts in CORPUS.items() for before, after in texts],
)
def test_fix_typography(language: str, before: str, after: str) -> None:
    assert fix_typography(before, language) == after
    assert fix_typography(after, language) == after


@hypothesis_settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.sampled_from([*"\"'-–—. :;«»“”„‘’1", "аб", "а", "в ", "<em>", "</em>", "<br>", "&amp;", "№"])))
def test_fix_typography_changes_only_signs_and_spaces(parts: list[str]) -> None:
    html = sanitize(f"<p>a{''.join(parts)}</p>")
    for language in RULES:
        fixed = sanitize(fix_typography(html, language))
        assert alphanumeric(fixed) == alphanumeric(html)


def alphanumeric(html: str) -> str:
    """Return a text without its signs and spaces."""
    return "".join(filter(str.isalnum, plain_text(html)))


def test_every_language_of_texts_has_rules() -> None:
    assert RULES.keys() >= dict(settings.LANGUAGES).keys()
    assert CORPUS.keys() == RULES.keys()
    assert fix_typography('<p>"x"</p>', "xx") == '<p>"x"</p>'


@pytest.mark.parametrize("text", ['"', "'", "-", "‘", '‘ "', '<em>a</em>"', "а ", "5 к", ". ", "http://"])
def test_fix_typography_of_the_longest_text(text: str) -> None:
    body = f"<p>{text * (MAX_BODY_LENGTH // len(text))}</p>"
    for language in ("en", "ru"):
        fix_typography(body, language)


@pytest.mark.django_db
def test_form_fixes_typography_when_asked(client: Client) -> None:
    client.force_login(factories.UserFactory.create())
    page = client.get(NEW).text
    assert page.index("<noscript>") < page.index('name="typography"') < page.index("</noscript>")
    markdown = 'Он читал "Тихий Дон" -- в доме.\n\n```\n"x" -- y\n```'
    client.post(NEW, filled(body=markdown, language="ru", typography="on"))
    fixed = "<p>Он читал «Тихий Дон»\u00a0— в\u00a0доме.</p>"
    assert only_revision().body == sanitize(f'{fixed}<pre><code>"x" -- y</code></pre>')


@pytest.mark.django_db
def test_form_leaves_typography_unless_asked(client: Client) -> None:
    client.force_login(factories.UserFactory.create())
    client.post(NEW, filled(body='He said "no" -- twice'))
    assert only_revision().body == '<p>He said "no" -- twice</p>'
