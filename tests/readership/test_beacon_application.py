"""The WSGI entry point of the beacon answers like Django, and writes the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application

from articles.models import Article
from articles.readership.models import DailyStats, PageRead, PageView, PendingCount
from articles.readership.services import Beacon, ingest
from articles.readership.visitors import Visitor
from articles.readership.wsgi import BeaconApplication
from tests import factories
from tests.readership.wsgi import FIREFOX, Answer, ask, environ_of, open_connections

pytestmark = pytest.mark.django_db
# What every response must have (docs/security.md), and whether it can be cached.
HEADERS = {
    "cache-control",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "referrer-policy",
    "set-cookie",
    "x-content-type-options",
    "x-frame-options",
}


class Django:
    """Django's WSGI application, and which paths it was asked for."""

    def __init__(self) -> None:
        self.app = get_wsgi_application()
        self.paths: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.paths.append(environ["PATH_INFO"])
        return self.app(environ, start_response)


@pytest.fixture
def django() -> Iterator[Django]:
    with open_connections():
        yield Django()


@pytest.fixture
def app(django: Django) -> BeaconApplication:
    return BeaconApplication(django)


@pytest.fixture
def article() -> Article:
    return factories.published()


def rows() -> list[Any]:
    return [
        sorted(model.objects.values_list("article", "day", "visitor", "source", "kind"))
        for model in (PageView, PageRead)
    ]


def both(app: BeaconApplication, django: Django, *environs: dict[str, Any]) -> tuple[list[Answer], list[Answer]]:
    """Send the same requests to Django alone and, after removing what they wrote, to the entry point around it."""
    expected = [ask(django, environ) for environ in environs]
    written = rows()
    for model in (PageView, PageRead, DailyStats):
        model.objects.all().delete()
    Article.objects.update(views=0)
    cache.clear()
    django.paths.clear()
    answers = [ask(app, environ) for environ in environs]
    assert rows() == written
    return expected, answers


OTHER = "Mozilla/5.0 another"
TABLE: dict[str, dict[str, Any]] = {
    "a reader": {},
    "a read": {"path": "/beacon/{}/read/"},
    "the image": {"path": "/beacon/{}.gif", "method": "GET", "HTTP_SEC_FETCH_SITE": "same-origin"},
    "an image that no page asks for": {"path": "/beacon/{}.gif", "method": "GET", "HTTP_SEC_FETCH_SITE": "none"},
    "the head of an image": {"path": "/beacon/{}.gif", "method": "HEAD"},
    "an image posted": {"path": "/beacon/{}.gif"},
    "leading zeros": {"path": "/beacon/000{}/"},
    "no slash": {"path": "/beacon/{}"},
    "got": {"method": "GET"},
    "put": {"method": "PUT"},
    "an article that is not there": {"path": "/beacon/999999/"},
    "a number that no article can have": {"path": "/beacon/" + "9" * 18 + "/"},
    "a number beyond all": {"path": "/beacon/" + "9" * 40 + "/"},
    "no number": {"path": "/beacon/x/"},
    "another number system": {"path": "/beacon/٣/".encode().decode("latin-1")},
    "a bot": {"HTTP_USER_AGENT": "curl/8"},
    "no user agent": {"HTTP_USER_AGENT": None},
    "an odd user agent": {"HTTP_USER_AGENT": "\x00é\udcff"},
    "another site": {"HTTP_SEC_FETCH_SITE": "cross-site"},
    "a site beside ours": {"HTTP_SEC_FETCH_SITE": "same-site"},
    "an old browser of ours": {"HTTP_SEC_FETCH_SITE": None, "HTTP_ORIGIN": "http://127.0.0.1:8000"},
    "an old browser elsewhere": {"HTTP_SEC_FETCH_SITE": None, "HTTP_ORIGIN": "https://elsewhere.example"},
    "an older browser": {"HTTP_SEC_FETCH_SITE": None, "HTTP_REFERER": "http://127.0.0.1:8000/articles/1/x/"},
    "no page": {"HTTP_SEC_FETCH_SITE": None},
    "prefetch": {"HTTP_SEC_PURPOSE": "prefetch;prerender"},
    "another host": {"HTTP_HOST": "elsewhere.example"},
    "no host": {"HTTP_HOST": None},
    "another port": {"HTTP_HOST": "127.0.0.1:81"},
    "a broken host": {"HTTP_HOST": "127.0.0.1:x y"},
    "a forwarded host": {"HTTP_X_FORWARDED_HOST": "elsewhere.example"},
    "IPv6": {"REMOTE_ADDR": "2001:db8:1:2:3::4"},
    "IPv4 in IPv6": {"REMOTE_ADDR": "::ffff:192.0.2.9"},
    "no address": {"REMOTE_ADDR": None},
    "no address that we know": {"REMOTE_ADDR": "unix:"},
    "a forged address": {"HTTP_X_FORWARDED_FOR": "198.51.100.1"},
    "a query": {"QUERY_STRING": "a=1"},
    "a null byte": {"QUERY_STRING": "a=%00"},
    "a body": {"CONTENT_LENGTH": "3"},
    "too long a body": {"CONTENT_LENGTH": "99999999999"},
    "an invalid length": {"CONTENT_LENGTH": "x"},
    "no length": {"CONTENT_LENGTH": None},
    "a cookie": {"HTTP_COOKIE": "theme=dark"},
    "an invalid session": {"HTTP_COOKIE": "session=x"},
}


@pytest.mark.parametrize("name", TABLE)
def test_beacon_application_answers_like_django(
    app: BeaconApplication, django: Django, article: Article, name: str
) -> None:
    changes = {"path": "/beacon/{}/", **TABLE[name]}
    environ = environ_of(changes.pop("path").format(article.pk), **changes)
    [expected], [answer] = both(app, django, environ)
    assert answer.status == expected.status
    assert {name: answer.headers.get(name) for name in HEADERS} == {
        name: expected.headers.get(name) for name in HEADERS
    }
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    if answer.status < 300:
        assert answer.body == expected.body


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_beacon_application_unpublished_article_is_404(app: BeaconApplication, django: Django, make: Any) -> None:
    [expected], [answer] = both(app, django, environ_of(f"/beacon/{make().pk}/"))
    assert answer.status == expected.status == 404


def test_beacon_application_does_not_ask_django(app: BeaconApplication, django: Django, article: Article) -> None:
    for path in (f"/beacon/{article.pk}/", f"/beacon/{article.pk}/read/"):
        assert ask(app, environ_of(path)).status == 204
    assert ask(app, environ_of(f"/beacon/{article.pk}.gif", method="GET")).status == 200
    assert django.paths == []


def test_beacon_application_over_the_limit_of_an_address(
    app: BeaconApplication, django: Django, article: Article, settings: LazySettings
) -> None:
    settings.VIEWS_PER_ADDRESS = 2
    environs = [environ_of(f"/beacon/{article.pk}/", HTTP_USER_AGENT=f"{OTHER} {n}") for n in (1, 2, 3, 4, 1)]
    expected, answers = both(app, django, *environs, environ_of(f"/beacon/{article.pk}/", REMOTE_ADDR="192.0.2.8"))
    assert [answer.status for answer in answers] == [answer.status for answer in expected] == [204] * 6
    assert PageView.objects.filter(kind=PageView.Kind.COUNTED).count() == 3
    assert PageView.objects.filter(kind=PageView.Kind.OVER_RATE).count() == 1


def test_ingest_limit_of_an_address_within_a_batch(article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 3

    def write(*readers: tuple[str, str]) -> None:
        beacons = [Beacon(PageView, article.pk, Visitor(address=one, user_agent=name)) for one, name in readers]
        assert all(ingest(beacons)[0])

    one, other = "192.0.2.1", "192.0.2.2"
    write((one, f"{OTHER} 1"), (one, f"{OTHER} 1"), (other, FIREFOX), (one, f"{OTHER} 2"))
    # Known visitors do not count again; a bot is counted apart; the fourth and fifth are over the limit, in one row.
    write(*[(one, f"{OTHER} {n}") for n in (1, 2, 3, 4, 5)], (one, "curl/8"), (other, FIREFOX))
    write((one, f"{OTHER} 1"), (one, f"{OTHER} 6"))
    assert sorted(PageView.objects.values_list("kind", flat=True)) == ["bot", *["counted"] * 4, "over_rate"]
    assert sum(PendingCount.objects.values_list("number", flat=True)) == 6


@pytest.mark.parametrize("proxies", [0, 1, 2])
@pytest.mark.parametrize(
    "forwarded",
    [
        "198.51.100.1",
        " 198.51.100.1 ",
        "203.0.113.5, 198.51.100.1",
        "203.0.113.5,198.51.100.1:4711",
        "198.051.100.1",
        "x, 198.51.100.300, 198.51.100.1",
        "[2001:db8::1]:80",
        "2001:DB8::1, 2001:db8:0:0::2",
        "",
        ",",
        "nothing",
    ],
)
def test_beacon_application_reads_the_same_address_behind_proxies(
    app: BeaconApplication, django: Django, article: Article, settings: LazySettings, proxies: int, forwarded: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    environ = environ_of(f"/beacon/{article.pk}/", HTTP_X_FORWARDED_FOR=forwarded)
    [expected], [answer] = both(app, django, environ)
    assert answer.status == expected.status


@pytest.mark.parametrize("scheme", ["https", "http", "https, http", "http, https", "HTTPS", None])
def test_beacon_application_tells_https_from_http(article: Article, settings: LazySettings, scheme: str | None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    environ = environ_of(f"/beacon/{article.pk}/", HTTP_X_FORWARDED_PROTO=scheme)
    with open_connections():
        [expected], [answer] = both(BeaconApplication(Django()), Django(), environ)
    assert (answer.status, answer.headers.get("location")) == (expected.status, expected.headers.get("location"))


def test_beacon_application_passes_on_sessions(
    app: BeaconApplication, django: Django, client: Any, article: Article
) -> None:
    client.force_login(article.author)
    cookie = f"session={client.cookies['session'].value}"
    both(app, django, environ_of(f"/beacon/{article.pk}/", HTTP_COOKIE=cookie))
    assert PageView.objects.get().kind == PageView.Kind.AUTHOR


def test_beacon_application_schedules_the_rollup(app: BeaconApplication, article: Article) -> None:
    ask(app, environ_of(f"/beacon/{article.pk}/", HTTP_USER_AGENT=FIREFOX))
    article.refresh_from_db()
    assert article.views == DailyStats.objects.get().views == 1  # tasks run immediately in tests
