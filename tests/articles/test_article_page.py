"""The article page shows everything that the original shows, to everyone, without anything personal."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from tests import factories

pytestmark = pytest.mark.django_db


def at(article: Article, moment: datetime) -> Article:
    Article.objects.filter(pk=article.pk).update(published_at=moment)
    article.refresh_from_db()
    return article


def test_every_element_of_the_original_is_there(client: Client) -> None:
    article = at(factories.published(title="Lamps"), datetime(2023, 10, 25, 9, 21, tzinfo=UTC))
    Article.objects.filter(pk=article.pk).update(views=365, likes=3, dislikes=2)
    page = client.get(article.get_absolute_url()).text
    words = " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split())
    for expected in (
        "Articles ›",
        "Lamps",
        "13:21, Wednesday, 25 October, 2023",
        "Nobody had asked for the map",
        "Promote this post",
        "Published in the Spokesperson project.",
        "Sign up and publish your articles.",
        "Like",
        "Dislike",
        "Facebook",
    ):
        assert expected in words
    assert '<time datetime="2023-10-25T13:21:00+0400">' in page
    assert re.search(r'aria-label="365 views, 3 likes, 2 dislikes"', page)
    assert page.count("<h1") == 1


def test_an_anonymous_page_is_the_same_for_everyone(client: Client) -> None:
    article = factories.published()
    first = client.get(article.get_absolute_url())
    other = Client(headers={"User-Agent": "another", "Accept-Language": "ru", "Cookie": "csrf=x; theme=dark"})
    second = other.get(article.get_absolute_url())
    assert first.content == second.content
    assert not first.cookies
    assert "csrfmiddlewaretoken" not in first.text
    assert "nonce" not in first.text
    assert not re.search(r"<script(?![^>]*(?:src=|ld\+json))", first.text)
    assert " style=" not in first.text
    assert first["Cache-Control"] == ("public, max-age=0, s-maxage=5, stale-while-revalidate=5, stale-if-error=30")
    assert "Cookie" not in first.get("Vary", "")


def test_a_signed_in_persons_page_is_private() -> None:
    article = factories.published()
    client = Client()
    client.force_login(factories.PersonFactory.create())
    assert client.get(article.get_absolute_url())["Cache-Control"] == "private, no-store"


def test_it_costs_an_anonymous_reader_three_queries_at_most(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    article = factories.published()
    for _ in range(3):
        factories.published()
    client.get("/about/")  # warms what each process keeps for five seconds: settings and sections
    with django_assert_max_num_queries(3):
        client.get(article.get_absolute_url())


def test_it_costs_a_signed_in_person_six_queries_at_most(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    article = factories.published()
    client.force_login(factories.PersonFactory.create())
    client.get("/about/")
    with django_assert_max_num_queries(6):
        client.get(article.get_absolute_url())


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_what_is_not_published_is_not_there(client: Client, make: type) -> None:
    article: Article = make()
    assert client.get(f"/articles/{article.pk}/{article.slug}/").status_code == 404
    assert client.get(f"/articles/{article.pk}/").status_code == 404


def test_an_old_address_leads_to_the_new_one(client: Client) -> None:
    article = factories.published()
    answer = client.get(f"/articles/{article.pk}/an-earlier-title/")
    assert answer.status_code == 302
    assert answer["Location"] == article.get_absolute_url()
    assert client.get(f"/articles/{article.pk}/")["Location"] == article.get_absolute_url()


@pytest.mark.parametrize("pk", ["0", "99999999", "9" * 40])
def test_a_number_that_no_article_has_is_a_404(client: Client, pk: str) -> None:
    assert client.get(f"/articles/{pk}/x/").status_code == 404


def test_the_title_is_escaped_exactly_once(client: Client) -> None:
    article = factories.published(title="Fish & <b>chips</b> </script>")
    page = client.get(article.get_absolute_url()).text
    assert "Fish &amp; &lt;b&gt;chips&lt;/b&gt; &lt;/script&gt;" in page
    assert "<b>chips" not in page
    assert "&amp;amp;" not in page


def test_json_ld_cannot_be_closed_by_a_title(client: Client) -> None:
    article = factories.published(title="</script><script>alert(1)</script>", summary="<!-- & \u2028")
    page = client.get(article.get_absolute_url()).text
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert block
    assert not re.search(r"[<>&\u2028]", block[1])
    data = json.loads(block[1])
    assert data["headline"] == "</script><script>alert(1)</script>"
    assert data["datePublished"]
    assert data["author"]["url"].startswith("http://testserver/authors/")


def test_addresses_in_the_head_come_from_the_origin_not_from_the_host() -> None:
    article = factories.published(language="ru")
    page = (
        Client().get(article.get_absolute_url(), headers={"host": "localhost", "x-forwarded-host": "evil.example"}).text
    )
    assert f'<link rel="canonical" href="http://testserver{article.canonical_path}">' in page
    assert "evil.example" not in page
    assert "//localhost" not in page


def test_the_language_of_the_address_is_the_language_of_the_interface(client: Client) -> None:
    article = factories.published(language="hy", title="Գրադարան")
    assert '<html lang="ru">' in client.get("/ru" + article.get_absolute_url()).text
    assert article.canonical_path.startswith("/hy/articles/")
    assert '<h1 lang="hy">Գրադարան</h1>' in client.get(article.get_absolute_url()).text


def test_an_article_without_image_has_no_figure(client: Client) -> None:
    article = factories.published()
    assert "<figure" not in client.get(article.get_absolute_url()).text


def test_more_from_the_section_leaves_out_the_article_itself(client: Client) -> None:
    other = factories.published(title="Another in the same section")
    article = factories.published(title="The one that is read")
    more = client.get(article.get_absolute_url()).text.split('id="more-in"', 1)[1]
    assert other.live
    assert other.live.title in more
    assert "The one that is read" not in more


def test_bad_markup_in_the_database_is_cleaned_again_before_display(client: Client) -> None:
    article = factories.published()
    assert article.live
    type(article.live).objects.filter(pk=article.live.pk).update(body='<p onclick="x()">Hello</p><script>1</script>')
    page = client.get(article.get_absolute_url()).text
    assert "<p>Hello</p>" in page
    assert "onclick" not in page
