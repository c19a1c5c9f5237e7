"""The beacon around Django answers like the Django view, and writes the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from articles.models import Article
from articles.readership.beacon import Beacon, request_of
from articles.readership.models import DailyStats, Read, Tally, View
from articles.readership.own_connection import OwnConnection
from tests import factories
from tests.readership.wsgi import FIREFOX, Answer, ask, environ_of, open_connections

pytestmark = pytest.mark.django_db
# Django says them of an answer that has no content.
CONTENT = {"content-type", "content-length"}


class Passed:
    """Django, and whether it was asked."""

    def __init__(self) -> None:
        self.django = get_wsgi_application()
        self.paths: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.paths.append(environ["PATH_INFO"])
        return self.django(environ, start_response)


class SameConnection(OwnConnection):
    """The connection that the test stands on, so that both sides see and undo the same rows."""

    def run[Result](self, job: Callable[[BaseDatabaseWrapper], Result]) -> Result:
        return job(connections["default"])


def around(django: Passed) -> Beacon:
    app = Beacon(django, most_waiting=8)
    app.connection = SameConnection(patience=1)
    return app


@pytest.fixture
def django(monkeypatch: pytest.MonkeyPatch) -> Iterator[Passed]:
    monkeypatch.setattr("articles.readership.beacon.close_old_connections", lambda: None)
    with open_connections():
        yield Passed()


@pytest.fixture
def app(django: Passed) -> Beacon:
    return around(django)


@pytest.fixture
def article() -> Article:
    return factories.published()


def rows() -> list[Any]:
    return [sorted(of.objects.values_list("article", "day", "visitor", "source", "kind")) for of in (View, Read)]


def both(app: Beacon, django: Passed, *environs: dict[str, Any]) -> tuple[list[Answer], list[Answer]]:
    """The same requests through Django alone, and then, from the same ground, through the beacon around it."""
    expected = [ask(django, environ) for environ in environs]
    written = rows()
    for model in (View, Read, DailyStats):
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
    "leading noughts": {"path": "/beacon/000{}/"},
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
    "nobody's page": {"HTTP_SEC_FETCH_SITE": None},
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
    "an address that a stranger claims": {"HTTP_X_FORWARDED_FOR": "198.51.100.1"},
    "a query": {"QUERY_STRING": "a=1"},
    "a null byte": {"QUERY_STRING": "a=%00"},
    "a body": {"CONTENT_LENGTH": "3"},
    "too long a body": {"CONTENT_LENGTH": "99999999999"},
    "a length that is none": {"CONTENT_LENGTH": "x"},
    "no length": {"CONTENT_LENGTH": None},
    "a cookie": {"HTTP_COOKIE": "theme=dark"},
    "a session that is none": {"HTTP_COOKIE": "session=x"},
}


@pytest.mark.parametrize("name", TABLE)
def test_the_same_answer_and_the_same_row(app: Beacon, django: Passed, article: Article, name: str) -> None:
    changes = {"path": "/beacon/{}/", **TABLE[name]}
    environ = environ_of(changes.pop("path").format(article.pk), **changes)
    [expected], [answer] = both(app, django, environ)
    assert answer.status == expected.status
    ignored = CONTENT if answer.status == 204 else set()
    assert {k: v for k, v in answer.headers.items() if k not in ignored} == {
        k: v for k, v in expected.headers.items() if k not in ignored
    }
    assert answer.body == expected.body


@pytest.mark.parametrize("make", [factories.draft, factories.in_review, factories.hidden])
def test_what_is_not_published_has_no_readers(app: Beacon, django: Passed, make: Any) -> None:
    [expected], [answer] = both(app, django, environ_of(f"/beacon/{make().pk}/"))
    assert answer.status == expected.status == 404


def test_django_is_not_asked(app: Beacon, django: Passed, article: Article) -> None:
    ask(app, environ_of(f"/beacon/{article.pk}/"))  # learns the headers
    django.paths.clear()
    for path in (f"/beacon/{article.pk}/", f"/beacon/{article.pk}/read/"):
        assert ask(app, environ_of(path)).status == 204
    assert ask(app, environ_of(f"/beacon/{article.pk}.gif", method="GET")).status == 200
    assert django.paths == []


def test_beyond_the_cap_an_address_is_counted_apart(
    app: Beacon, django: Passed, article: Article, settings: LazySettings
) -> None:
    settings.VIEWS_PER_ADDRESS = 2
    environs = [environ_of(f"/beacon/{article.pk}/", HTTP_USER_AGENT=f"{OTHER} {n}") for n in (1, 2, 3, 4, 1)]
    expected, answers = both(app, django, *environs, environ_of(f"/beacon/{article.pk}/", REMOTE_ADDR="192.0.2.8"))
    assert [answer.status for answer in answers] == [answer.status for answer in expected] == [204] * 6
    assert View.objects.filter(kind=View.Kind.COUNTED).count() == 3
    assert View.objects.filter(kind=View.Kind.OVER_RATE).count() == 1


def test_the_cap_holds_within_what_is_written_together(app: Beacon, article: Article, settings: LazySettings) -> None:
    settings.VIEWS_PER_ADDRESS = 3

    def write(*readers: tuple[str, str]) -> None:
        environs = [
            environ_of(f"/beacon/{article.pk}/", REMOTE_ADDR=one, HTTP_USER_AGENT=name) for one, name in readers
        ]
        assert all(app.write([request for environ in environs if (request := request_of(environ))]))

    one, other = "192.0.2.1", "192.0.2.2"
    write((one, f"{OTHER} 1"), (one, f"{OTHER} 1"), (other, FIREFOX), (one, f"{OTHER} 2"))
    # Who is known already takes nobody's place; a bot is apart; the fourth and fifth are too many, together.
    write(*[(one, f"{OTHER} {n}") for n in (1, 2, 3, 4, 5)], (one, "curl/8"), (other, FIREFOX))
    write((one, f"{OTHER} 1"), (one, f"{OTHER} 6"))
    assert sorted(View.objects.values_list("kind", flat=True)) == ["bot", *["counted"] * 4, "over_rate"]
    assert sum(Tally.objects.values_list("number", flat=True)) == 6


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
def test_behind_proxies_the_address_is_the_same(
    app: Beacon, django: Passed, article: Article, settings: LazySettings, proxies: int, forwarded: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    environ = environ_of(f"/beacon/{article.pk}/", HTTP_X_FORWARDED_FOR=forwarded)
    [expected], [answer] = both(app, django, environ)
    assert answer.status == expected.status


@pytest.mark.parametrize("scheme", ["https", "http", "https, http", "http, https", "HTTPS", None])
def test_https_is_told_from_http(
    app: Beacon, django: Passed, article: Article, settings: LazySettings, scheme: str | None
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 3600
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    [expected], [answer] = both(
        around(Passed()), Passed(), environ_of(f"/beacon/{article.pk}/", HTTP_X_FORWARDED_PROTO=scheme)
    )
    assert (answer.status, answer.headers.get("location")) == (expected.status, expected.headers.get("location"))
    assert answer.headers.get("strict-transport-security") == expected.headers.get("strict-transport-security")


def test_the_author_has_a_session_and_is_told_apart(app: Beacon, django: Passed, client: Any, article: Article) -> None:
    client.force_login(article.author)
    cookie = f"session={client.cookies['session'].value}"
    both(app, django, environ_of(f"/beacon/{article.pk}/", HTTP_COOKIE=cookie))
    assert View.objects.get().kind == View.Kind.AUTHOR


def test_what_is_counted_is_rolled_up(app: Beacon, article: Article) -> None:
    ask(app, environ_of(f"/beacon/{article.pk}/", HTTP_USER_AGENT=FIREFOX))
    article.refresh_from_db()
    assert article.views == DailyStats.objects.get().views == 1  # tasks run at once here
