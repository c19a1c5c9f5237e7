"""How many searches one client and all clients can make."""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application
from django.test import Client

from articles.search import views
from core.page_cache import PageCache
from tests import factories

pytestmark = pytest.mark.django_db

SUGGESTIONS = "/search/suggestions/?q=word{}"


@pytest.mark.parametrize(("url", "limit"), [("/search/?q=word{}", 10), (SUGGESTIONS, 20)])
def test_searches_of_one_client_are_limited(client: Client, settings: LazySettings, url: str, limit: int) -> None:
    """An IPv6 network (/64) is one client."""
    settings.SEARCHES_PER_MINUTE = 10
    for n in range(limit):
        assert client.get(url.format(n), REMOTE_ADDR=f"2001:db8::{n:x}").status_code == 200
    response = client.get(url.format("more"), REMOTE_ADDR="2001:db8::ffff")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert client.get(url.format("more"), REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


@pytest.mark.usefixtures("open_connection")
def test_searches_through_the_page_cache_are_limited_by_the_address_of_the_client(
    settings: LazySettings,
) -> None:
    settings.SEARCHES_PER_MINUTE = 3
    cache = PageCache(get_wsgi_application(), max_bytes=1024 * 1024)

    def status(words: str, address: str) -> str:
        environ: WSGIEnvironment = {"PATH_INFO": "/search/", "QUERY_STRING": f"q={words}", "REMOTE_ADDR": address}
        environ |= {"HTTP_HOST": "testserver"}
        setup_testing_defaults(environ)
        statuses: list[str] = []
        b"".join(cache(environ, lambda status, *_: statuses.append(status)))  # type: ignore[arg-type]
        return statuses[0][:3]

    assert [status(f"word{n}", "192.0.2.1") for n in range(4)] == ["200", "200", "200", "429"]
    assert status("word3", "192.0.2.2") == "200"  # The refusal was not cached.
    assert status("word3", "192.0.2.1") == "200"  # Now it is in the cache.


def test_searches_of_all_clients_together_are_limited(
    client: Client, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEARCHES_PER_MINUTE = 1
    monkeypatch.setattr(views, "CLIENTS_AT_THE_LIMIT", 5)
    codes = [client.get(f"/search/?q=word{n}", REMOTE_ADDR=f"192.0.2.{n}").status_code for n in range(6)]
    assert codes == [200] * 5 + [429]
    client.force_login(factories.UserFactory.create())
    assert client.get("/search/?q=word", REMOTE_ADDR="192.0.2.9").status_code == 200
