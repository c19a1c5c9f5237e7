"""Anonymous readers get stored bytes: rendered once, the same for all, never from what one visitor sent."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application

from articles.models import Article
from articles.services import publishing
from core.page_cache.middleware import PageCache
from tests import factories
from tests.core.page_cache.helpers import PUBLIC, SAME_PAGE, Clock, Django, ask, how


def test_page_is_rendered_once_and_then_served(cache: PageCache, django: Django) -> None:
    first, second = ask(cache), ask(cache)
    assert (how(first), how(second)) == ("miss", "hit")
    assert first["body"] == second["body"] == django.body
    assert len(django.asked) == 1


def test_page_is_fresh_for_five_seconds(cache: PageCache, django: Django, clock: Clock) -> None:
    ask(cache)
    clock.now += 4.9
    assert how(ask(cache)) == "hit"
    clock.now += 0.2
    django.body = b"new"
    assert ask(cache)["body"] == b"new"


def test_render_request_holds_nothing_of_the_visitor(cache: PageCache, django: Django) -> None:
    ask(
        cache,
        query="utm_source=x&after=5-1&evil=%22",
        cookie="csrf=abc; theme=dark; xsession=1",
        x_forwarded_host="evil.example",
        x_forwarded_proto="https",
        x_http_method_override="DELETE",
        accept_language="ru",
        user_agent="x",
        range="bytes=0-1",
        if_none_match="nothing",
    )
    seen = django.asked[0]
    assert {name for name in seen if name.startswith("HTTP_")} == {"HTTP_HOST"}
    assert seen["QUERY_STRING"] == "after=5-1"
    assert seen["REMOTE_ADDR"] == ""
    assert seen["REQUEST_METHOD"] == "GET"


@pytest.mark.parametrize(
    "variant",
    [
        *SAME_PAGE,
        {"query": "utm_source=1"},
        {"cookie": "csrf=1"},
        {"range": "bytes=0-3", "if_range": '"x"'},
        {"forwarded": "host=evil.example;proto=https"},
        {"x_original_url": "/my/articles/", "x_rewrite_url": "/my/articles/"},
        {"if_modified_since": "Sat, 01 Jan 2050 00:00:00 GMT"},
        {"accept_encoding": "zstd, identity;q=0, br;q=0"},
        {"host": "testserver."},
        {"query": "afte=1&AFTER=2&x;after=3&after[]=4"},
        {"authorization": "Basic eDp4"},
    ],
)
def test_requests_of_other_visitors_share_one_page(cache: PageCache, django: Django, variant: dict[str, str]) -> None:
    expected = ask(cache)["body"]
    answer = ask(cache, **variant)
    assert how(answer) == "hit"
    assert answer["status"] == 200
    assert answer["body"] == expected
    assert "Set-Cookie" not in answer["headers"]
    assert len(django.asked) == 1


@pytest.mark.parametrize(
    "variant",
    [
        {"range": "bytes=0-3"},
        {"accept_language": "ru"},
        {"x_forwarded_host": "evil.example"},
        {"x_forwarded_proto": "https"},
        {"method": "HEAD"},
        {"if_none_match": "*"},
        {"query": "utm_source=1"},
        {"cookie": "csrf=1"},
        {"hx_request": "true"},
    ],
)
def test_first_visitor_cannot_change_what_the_next_is_served(
    cache: PageCache, django: Django, variant: dict[str, str]
) -> None:
    ask(cache, **variant)
    second = ask(cache)
    alone = ask(PageCache(django, max_bytes=64 * 1024))
    assert (second["status"], second["body"]) == (alone["status"], alone["body"])
    assert second["headers"] | {"X-Cache": ""} == alone["headers"] | {"X-Cache": ""}
    assert how(second) == "hit"


@pytest.mark.parametrize("variant", [{"query": "after=5-1"}, {"path": "/rules/"}, {"host": "localhost"}])
def test_key_parts_make_another_page(cache: PageCache, django: Django, variant: dict[str, str]) -> None:
    ask(cache)
    assert how(ask(cache, **variant)) == "miss"


@pytest.mark.parametrize(
    "request_",
    [
        {"cookie": "session=abc"},
        {"cookie": "a=1; session=abc"},
        {"method": "POST"},
        {"path": "/accounts/login/"},
        {"path": "/my/articles/"},
        {"path": "/static/css/site.css"},
        {"path": "/media/x.webp"},
        {"path": "/about"},  # to be redirected with all that it carries
        {"path": "/articles/1/"},
        {"cookie": "session="},
        {"cookie": 'a=b;session="x"'},
        {"cookie": "session=1;session=2"},
        {"method": "OPTIONS"},
        {"method": "get"},
        {"host": ""},
        {"host": "testserver,evil.example"},
        {"host": "testserver evil.example"},
        {"host": "evil.example/testserver"},
        {"host": "x.testserver"},
        {"host": "[::1]"},
        {"query": "after=" + "1" * 3000},
        {"query": "&".join(f"x{number}=" for number in range(300))},
        {"host": "evil.example"},
        {"host": "evil.example:testserver"},
    ],
)
def test_private_request_goes_to_django_unchanged(cache: PageCache, django: Django, request_: dict[str, str]) -> None:
    for _ in range(2):
        answer = ask(cache, user_agent="me", **request_)
        assert how(answer) is None
    assert len(django.asked) == 2
    assert django.asked[0]["HTTP_USER_AGENT"] == "me"
    assert not cache.pages.pages
    assert not cache.not_found.pages


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", [("Cache-Control", "private, no-store")]),
        ("200 OK", []),
        ("200 OK", [("Cache-Control", PUBLIC), ("Set-Cookie", "a=1")]),
        ("200 OK", [("Cache-Control", PUBLIC), ("set-cookie", "a=1")]),
        ("206 Partial Content", [("Cache-Control", PUBLIC)]),
        ("301 Moved Permanently", [("Location", "/"), ("Cache-Control", PUBLIC)]),
        ("302 Found", [("Location", "/"), ("Cache-Control", PUBLIC)]),
        ("400 Bad Request", [("Cache-Control", PUBLIC)]),
        ("404 Not Found", [("Set-Cookie", "a=1")]),
        ("429 Too Many Requests", [("Cache-Control", PUBLIC)]),
        ("500 Internal Server Error", [("Cache-Control", PUBLIC)]),
    ],
)
def test_private_response_is_not_stored(
    cache: PageCache, django: Django, status: str, headers: list[tuple[str, str]]
) -> None:
    django.status, django.headers = status, headers
    ask(cache)
    assert how(ask(cache)) == "miss"
    assert len(django.asked) == 2


@pytest.mark.usefixtures("kept_connection")
def test_hidden_article_is_gone_after_five_seconds(clock: Clock, settings: LazySettings) -> None:
    cache = PageCache(get_wsgi_application(), max_bytes=1024 * 1024)
    article = factories.published(title="Գրադարան")
    path = article.get_absolute_url()
    first = ask(cache, path=f"/articles/{article.pk}/գրադարան/")
    assert path.startswith("/articles/")
    assert (first["status"], how(first)) == (200, "miss")
    assert "Set-Cookie" not in first["headers"]
    assert how(ask(cache, path=f"/articles/{article.pk}/գրադարան/")) == "hit"
    publishing.hide(article=Article.objects.get(pk=article.pk))
    clock.now += 5
    gone = ask(cache, path=f"/articles/{article.pk}/գրադարան/")
    assert gone["status"] == 404
    assert "Գրադարան" not in gone["body"].decode()


@pytest.mark.usefixtures("kept_connection")
def test_odd_urls_of_the_real_site_are_no_errors(clock: Clock) -> None:
    cache = PageCache(get_wsgi_application(), max_bytes=1024 * 1024)
    factories.published()
    for path in ("//about/", "/%2e%2e/", "/about", "/articles/1//x/", "/\xff", "/ru/about/", "/about/\x00"):
        assert ask(cache, path=path)["status"] in {200, 301, 302, 400, 404}
