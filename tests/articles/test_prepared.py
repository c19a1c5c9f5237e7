"""Queries that are composed once, and parts of pages that are rendered once, answer like those that are made anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from articles.models.prepared import Parameter, Prepared
from articles.selectors import published_article
from articles.services import publishing
from articles.templatetags.parts import part
from spokesperson.context_processors import in_language
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_prepared_query_is_asked_anew_each_time(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    articles = Prepared(lambda: Article.objects.published().for_detail().filter(pk=Parameter("pk", Article._meta.pk)))
    one, other = factories.published(title="One"), factories.published(title="Other")
    for article in (one, other, one):
        with django_assert_num_queries(1):
            (found,) = articles.all(pk=article.pk)
            assert found == article
            assert found.live
            assert article.live
            assert (found.live.title, found.author.name) == (article.live.title, article.author.name)
    Article.objects.filter(pk=one.pk).update(likes=7)
    assert articles.all(pk=one.pk)[0].likes == 7
    publishing.hide(article=one)
    assert articles.all(pk=one.pk) == []


def test_the_page_of_an_article_has_its_section_without_another_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pk = factories.published().pk
    with django_assert_num_queries(1):
        article = published_article(pk)
        assert article.live
        assert article.live.section == article.section


@pytest.mark.parametrize("value", [{"a": 1}, ["list"], object()])
def test_a_part_takes_plain_values_alone(value: Any) -> None:
    with pytest.raises(TypeError, match="name"):
        part("_masthead.html", name=value)


def test_a_part_takes_no_model() -> None:
    with pytest.raises(TypeError, match="User"):
        part("_masthead.html", name=factories.PersonFactory.create())


def test_a_part_depends_on_its_values_and_the_language() -> None:
    first = part("_masthead.html", name="First")
    assert "First" in first
    assert "Second" in part("_masthead.html", name="Second")
    assert part("_masthead.html", name="First") == first
    with override("ru"):
        assert 'href="/ru/"' in part("_masthead.html", name="First")


def test_escaped_text_is_not_taken_for_the_same_text_unescaped() -> None:
    assert "<b>x</b>" in part("_masthead.html", name=mark_safe("<b>x</b>"))
    assert "<b>x</b>" not in part("_masthead.html", name="<b>x</b>")


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        ("/", "ru", "/ru/"),
        ("/ru/", "en", "/"),
        ("/ru/articles/1/x/", "hy", "/hy/articles/1/x/"),
        ("/russia/", "ru", "/ru/russia/"),
        ("//evil.example/", "en", "/evil.example/"),
        ("/ru//evil.example/", "en", "/evil.example/"),
    ],
)
def test_the_same_page_in_another_language(path: str, code: str, expected: str) -> None:
    assert in_language(path, code) == expected
