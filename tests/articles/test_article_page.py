"""The article page: its elements, caching headers, queries and escaping."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.body import render
from articles.models import Article, Image, Revision, Section
from tests import factories

pytestmark = pytest.mark.django_db


def at(article: Article, moment: datetime) -> Article:
    Article.objects.filter(pk=article.pk).update(published_at=moment)
    article.refresh_from_db()
    return article


def test_article_page_has_every_element(client: Client) -> None:
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


def test_anonymous_article_page_is_the_same_for_everyone(client: Client) -> None:
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
    assert first["Cache-Control"] == "public, max-age=0, s-maxage=5, stale-if-error=30"
    assert "Cookie" not in first.get("Vary", "")


def test_article_page_is_private_for_signed_in_users() -> None:
    article = factories.published()
    client = Client()
    client.force_login(factories.UserFactory.create())
    assert client.get(article.get_absolute_url())["Cache-Control"] == "private, no-store"


def test_anonymous_article_page_needs_at_most_three_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    article = factories.published()
    for _ in range(3):
        other = factories.published(section=article.section)
    client.get(other.get_absolute_url())  # reads what is cached for five seconds, such as the sections
    with django_assert_max_num_queries(3):
        client.get(article.get_absolute_url())


def test_signed_in_article_page_needs_at_most_six_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    article = factories.published()
    client.force_login(factories.UserFactory.create())
    client.get(factories.published(section=article.section).get_absolute_url())
    with django_assert_max_num_queries(6):
        client.get(article.get_absolute_url())


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_unpublished_article_is_404(client: Client, make: type) -> None:
    article: Article = make()
    assert client.get(f"/articles/{article.pk}/{article.slug}/").status_code == 404
    assert client.get(f"/articles/{article.pk}/").status_code == 404


def test_old_slug_redirects_to_current_url(client: Client) -> None:
    article = factories.published()
    answer = client.get(f"/articles/{article.pk}/an-earlier-title/")
    assert answer.status_code == 302
    assert answer["Location"] == article.get_absolute_url()
    assert client.get(f"/articles/{article.pk}/")["Location"] == article.get_absolute_url()


@pytest.mark.parametrize("pk", ["0", "99999999", "9" * 40])
def test_unknown_primary_key_is_404(client: Client, pk: str) -> None:
    assert client.get(f"/articles/{pk}/x/").status_code == 404


def test_title_is_escaped_once(client: Client) -> None:
    article = factories.published(title="Fish & <b>chips</b> </script>")
    page = client.get(article.get_absolute_url()).text
    assert "Fish &amp; &lt;b&gt;chips&lt;/b&gt; &lt;/script&gt;" in page
    assert "<b>chips" not in page
    assert "&amp;amp;" not in page


def test_json_ld_escapes_markup(client: Client) -> None:
    article = factories.published(title="</script><script>alert(1)</script>", summary="<!-- & \u2028")
    page = client.get(article.get_absolute_url()).text
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert block
    assert not re.search(r"[<>&\u2028]", block[1])
    data = json.loads(block[1])
    assert data["headline"] == "</script><script>alert(1)</script>"
    assert data["datePublished"]
    assert data["author"]["url"].startswith("http://testserver/authors/")


def test_canonical_url_comes_from_origin_not_from_host_header() -> None:
    article = factories.published(language="ru")
    page = (
        Client().get(article.get_absolute_url(), headers={"host": "localhost", "x-forwarded-host": "evil.example"}).text
    )
    assert f'<link rel="canonical" href="http://testserver{article.canonical_path}">' in page
    assert "evil.example" not in page
    assert "//localhost" not in page


def test_url_prefix_sets_interface_language(client: Client) -> None:
    article = factories.published(language="hy", title="Գրադարան")
    assert '<html lang="ru">' in client.get("/ru" + article.get_absolute_url()).text
    assert article.canonical_path.startswith("/hy/articles/")
    assert '<h1 lang="hy" dir="auto">Գրադարան</h1>' in client.get(article.get_absolute_url()).text


def test_article_without_image_has_no_figure(client: Client) -> None:
    article = factories.published()
    assert "<figure" not in client.get(article.get_absolute_url()).text


def test_more_in_section_excludes_the_article_itself(client: Client) -> None:
    other = factories.published(title="Another in the same section")
    article = factories.published(title="The one that is read")
    more = client.get(article.get_absolute_url()).text.split('id="more-in"', 1)[1]
    assert other.live
    assert other.live.title in more
    assert "The one that is read" not in more


def test_stored_markup_is_sanitized_before_display(client: Client) -> None:
    article = factories.published()
    assert article.live
    type(article.live).objects.filter(pk=article.live.pk).update(body='<p onclick="x()">Hello</p><script>1</script>')
    page = client.get(article.get_absolute_url()).text
    assert "<p>Hello</p>" in page
    assert "onclick" not in page


def _rename_author(article: Article) -> None:
    User.objects.filter(pk=article.author_id).update(display_name="Another Name")


def _set_views(article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(views=4321)


def _set_likes(article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(likes=777)


def _change_body(article: Article) -> None:
    # Without a change of `updated_at`.
    Revision.objects.filter(live_for=article).update(body="<p>Another text</p><script>1</script>")


def _change_summary(article: Article) -> None:
    Revision.objects.filter(live_for=article).update(summary="Another summary")


def _change_tags(article: Article) -> None:
    Revision.objects.filter(live_for=article).update(tag_names=["another tag"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_rename_author, 'rel="author">Another Name</a>'),
        (_set_views, "4321 views"),
        (_set_likes, "<b>777</b>"),
        (_change_body, "<p>Another text</p></div>"),
        (_change_summary, '<meta property="og:description" content="Another summary">'),
        (_change_tags, 'rel="tag">another tag</a>'),
    ],
)
def test_article_page_shows_changes_at_once(client: Client, change: Callable[[Article], None], expected: str) -> None:
    article = factories.published()
    assert expected not in client.get(article.get_absolute_url()).text
    change(article)
    assert expected in client.get(article.get_absolute_url()).text


@pytest.mark.usefixtures("real_cache_timeouts")
def test_article_page_shows_new_section_name_after_five_seconds(client: Client) -> None:
    article = factories.published()
    assert article.section
    with time_machine.travel(timezone.now()) as clock:
        client.get(article.get_absolute_url())
        Section.objects.filter(pk=article.section.pk).update(name="Another section")
        clock.shift(5.1)
        assert ">Another section</a></nav>" in client.get(article.get_absolute_url()).text


def test_cached_fragments_vary_by_language_and_login(client: Client) -> None:
    article = factories.published()
    url = article.get_absolute_url()
    assert "Sign up and publish your articles." in client.get(url).text
    assert 'href="/ru/accounts/signup/"' in client.get(f"/ru{url}").text
    client.force_login(factories.UserFactory.create())
    assert "Write your own article." in client.get(url).text
    assert "Write your own article." not in Client().get(url).text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"likes": 77}, 'aria-label="0 views, 77 likes, 0 dislikes"'),
        ({"views": 88}, 'aria-label="88 views, 0 likes, 0 dislikes"'),
        ({"dislikes": 99}, 'aria-label="0 views, 0 likes, 99 dislikes"'),
    ],
)
def test_cached_card_shows_new_counts_at_once(client: Client, changes: dict[str, int], expected: str) -> None:
    article = factories.published()
    assert expected not in client.get("/hot/").text
    Article.objects.filter(pk=article.pk).update(**changes)
    assert expected in client.get("/hot/").text


def test_preview_shows_tags_without_links(client: Client) -> None:
    article = factories.draft(tag_names=["<i>lamps"])
    client.force_login(article.author)
    preview = client.get(reverse("my_article_preview", args=[article.pk])).text
    assert "<span>&lt;i&gt;lamps</span>" in preview
    page = client.get(factories.published(tag_names=["<i>lamps"]).get_absolute_url()).text
    assert 'rel="tag">&lt;i&gt;lamps</a>' in page


def test_render_marks_links_of_paid_articles_as_sponsored() -> None:
    body = '<p><a href="https://example.org">There</a></p>'
    assert "sponsored" not in render(body, {})
    assert "sponsored" in render(body, {}, is_paid_for=True)


def test_article_with_image_has_a_preview_image_for_other_sites(client: Client) -> None:
    author = factories.UserFactory.create()
    image = Image.objects.create(owner=author, key="a" * 32, width=1600, height=1000, size=1)
    page = client.get(factories.published(author, image=image, alternative_text="A lamp").get_absolute_url()).text
    assert f'<meta property="og:image" content="http://testserver{image.share_url}">' in page
    assert image.share_url.endswith(".jpg")
    assert '<meta property="og:image:width" content="1200">' in page
    assert '<meta property="og:image:height" content="630">' in page
    assert '<meta property="og:image:alt" content="A lamp">' in page
    assert "summary_large_image" in page


def test_texts_in_other_languages_are_marked(client: Client) -> None:
    section = factories.SectionFactory.create(name="Science", slug="science")
    Section.objects.filter(pk=section.pk).update(name_hy="Գիտություն և տեխնիկա")
    article = factories.published(title="שלום", language="hy", section=section)
    page = client.get(article.get_absolute_url()).text
    assert '<h1 lang="hy" dir="auto">' in page
    assert '<div class="prose" lang="hy" dir="auto">' in page
    assert '<a lang="en" href="/sections/science/">Science</a>' in page
    assert (
        '<a lang="en" href="/ru/sections/science/">Science</a>' in client.get("/ru" + article.get_absolute_url()).text
    )
    assert '<a class="kicker" lang="hy" href="/sections/science/">Գիտություն և տեխնիկա</a>' in client.get("/").text


def test_share_link_has_no_plus_for_spaces(client: Client) -> None:
    article = factories.published(title="Two words")
    page = client.get(article.get_absolute_url()).text
    assert "https://wa.me/?text=Two%20words%20http" in page
