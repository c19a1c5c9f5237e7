"""Rules for every response of the site, including errors."""

from __future__ import annotations

import logging
import re
from html import unescape

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils import translation

from spokesperson import urls
from tests import factories

pytestmark = pytest.mark.django_db


def _raise_error(request: WSGIRequest) -> HttpResponse:
    raise RuntimeError("a bug")


def _raise_database_error(request: WSGIRequest) -> HttpResponse:
    raise OperationalError("connection refused")


class UrlsWithErrors:
    """The site's URLs, a view with a bug, and a view without a database."""

    handler400 = urls.handler400
    handler403 = urls.handler403
    handler404 = urls.handler404
    handler500 = urls.handler500
    urlpatterns = [path("breaks/", _raise_error), path("unavailable/", _raise_database_error), *urls.urlpatterns]


CASES = {
    "front": ("/", 200),
    "article list of nothing": ("/sections/none/", 404),
    "not found": ("/nowhere/", 404),
    "broken": ("/breaks/", 500),
    "without a database": ("/unavailable/", 503),
    "null byte": ("/a%00b/", 400),
    "admin": ("/admin/", 302),
    "log-in": ("/accounts/login/", 200),
    "health": ("/health/", 200),
    "media": ("/media/none.webp", 404),
    "feed": ("/feeds/rss.xml", 200),
    "robots": ("/robots.txt", 200),
    "wrong method": ("/", 405),
}


@pytest.mark.parametrize("case", CASES)
def test_security_headers_on_every_kind_of_response(client: Client, settings: LazySettings, case: str) -> None:
    settings.ROOT_URLCONF = UrlsWithErrors
    client.raise_request_exception = False
    address, status = CASES[case]
    response = client.delete(address) if case == "wrong method" else client.get(address)
    assert response.status_code == status
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "Server" not in response


def test_security_headers_on_static_files(settings: LazySettings) -> None:
    (settings.STATIC_ROOT / "probe.css").write_text("a{}")
    response = Client().get("/static/probe.css")  # a new client, because WhiteNoise scans the files once
    assert response.status_code == 200
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "no-store" not in response["Cache-Control"]


def test_security_headers_in_admin_for_signed_in_user(client: Client) -> None:
    client.force_login(factories.UserFactory.create(is_staff=True, is_superuser=True))
    response = client.get("/admin/")
    assert response.status_code == 200
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("address", ["/nowhere/", "/accounts/login/", "/a%00b/"])
def test_response_is_private_by_default(client: Client, address: str) -> None:
    cache_control = client.get(address)["Cache-Control"]
    assert "no-store" in cache_control
    assert "private" in cache_control
    assert "public" not in cache_control


@pytest.mark.parametrize("address", ["/", "/ru/", "/about/", "/nowhere/", "/feeds/rss.xml"])
def test_public_page_sets_no_cookie(client: Client, address: str) -> None:
    assert not client.get(address).cookies


@pytest.mark.parametrize(
    "address",
    [
        "/%00",
        "/articles/1/a%00b/",
        "/?after=%00",
        "/%ff%fe/",
        "/tags/%ff/",
        "/authors/%c3%28/",
        "/?after=%ff",
        "/articles/99999999999999999999999/x/",
        "/?after=99999999999999999999-1",
        "/?after=" + "9" * 3000,
        "/authors/" + "a" * 3000 + "/",
    ],
)
def test_malformed_url_is_no_server_error(client: Client, address: str) -> None:
    assert client.get(address).status_code in {200, 400, 404}


@pytest.mark.parametrize(
    "body",
    [b"login=a%00b&password=x", b"login=%ff%fe&password=%ff", b"\xff\xfe\x00", b"login=" + b"a" * 100_000],
)
def test_malformed_body_is_no_server_error(client: Client, body: bytes) -> None:
    response = client.post("/accounts/login/", body, content_type="application/x-www-form-urlencoded")
    assert 200 <= response.status_code < 500


@pytest.mark.parametrize(
    ("address", "headers", "sentence"),
    [
        ("/ru/a%00b/", {}, "Адрес содержит недопустимые символы."),
        ("/ru/", {"content-length": "many"}, "Недопустимый запрос."),
        ("/ru/", {"content-length": "99999999"}, "Слишком большой запрос"),
        ("/ru/", {"host": "elsewhere.example.org"}, "Недопустимый запрос."),
    ],
)
def test_refused_request_is_answered_in_the_language_of_the_url(
    client: Client, address: str, headers: dict[str, str], sentence: str
) -> None:
    response = client.get(address, headers=headers)
    assert response.status_code in {400, 413}
    assert sentence in response.text
    assert response["Content-Language"] == "ru"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_unknown_host_is_logged_with_the_settings_to_change(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/", headers={"host": "elsewhere.example.org"}).status_code == 400
    assert "'elsewhere.example.org', which is neither that of ORIGIN nor in EXTRA_HOSTS." in caplog.text
    assert not logging.getLogger("django.security.DisallowedHost").propagate  # It would advise a setting of Django's.


def test_list_of_static_files_is_not_served(settings: LazySettings) -> None:
    (settings.STATIC_ROOT / "staticfiles.json").write_text("{}")
    assert Client().get("/static/staticfiles.json").status_code == 404


def test_body_over_size_limit_is_413(client: Client) -> None:
    response = client.post("/accounts/login/", data={}, headers={"content-length": str(13 * 1024 * 1024)})
    assert response.status_code == 413


def test_invalid_content_length_is_400(client: Client) -> None:
    assert client.get("/", headers={"content-length": "many"}).status_code == 400


@pytest.mark.parametrize(("address", "language"), [("/about/", "en"), ("/ru/about/", "ru"), ("/hy/about/", "hy")])
def test_language_depends_on_url_only(client: Client, address: str, language: str) -> None:
    other = "hy" if language != "hy" else "ru"
    response = client.get(address, headers={"accept-language": other, "cookie": f"django_language={other}"})
    assert response["Content-Language"] == language
    assert f'<html lang="{language}"' in response.content.decode()
    assert "Accept-Language" not in response.get("Vary", "")
    assert translation.get_language() == "en"  # not changed for the thread


def test_stale_csrf_token_shows_page() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"login": "someone", "password": "x"})
    assert response.status_code == 403
    assert response.templates[0].name == "403_csrf.html"
    assert "Traceback" not in response.content.decode()


def test_stale_csrf_token_of_a_script_changes_no_token() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/my/articles/new/autosave/", {"title": "x"}, headers={"accept": "application/json"})
    assert (response.status_code, response.json()) == (403, {"message": ""})
    assert not response.cookies


def test_unknown_host_is_400(client: Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_links_use_origin_not_host_header(client: Client, settings: LazySettings) -> None:
    page = client.get("/about/", headers={"host": "localhost"}).content.decode()
    assert f'<link rel="canonical" href="{settings.ORIGIN}/about/">' in page


def test_media_path_cannot_leave_folder(client: Client, settings: LazySettings) -> None:
    settings.MEDIA_ROOT.mkdir(parents=True)
    (settings.MEDIA_ROOT / "a.webp").write_bytes(b"RIFF")
    (settings.MEDIA_ROOT.parent / "secret").write_text("secret")
    assert client.get("/media/a.webp").status_code == 200
    assert client.get("/media/../secret").status_code == 404
    assert client.get("/media/%2e%2e/secret").status_code == 404
    assert client.get("/media/").status_code == 404


def test_database_error_is_503_with_retry_after(client: Client, settings: LazySettings) -> None:
    settings.ROOT_URLCONF = UrlsWithErrors
    client.raise_request_exception = False
    unavailable, broken = client.get("/unavailable/"), client.get("/breaks/")
    assert (unavailable.status_code, unavailable["Retry-After"]) == (503, "10")
    assert (broken.status_code, broken.get("Retry-After")) == (500, None)
    assert "Something went wrong" in unavailable.text


def test_form_that_fails_can_be_sent_again(client: Client, settings: LazySettings) -> None:
    settings.ROOT_URLCONF = UrlsWithErrors
    client.raise_request_exception = False
    typed = {"title": 'A "quoted" <title>', "body": "two\nlines", "tag": ["a", "b"]}
    for url in ("/unavailable/", "/breaks/"):
        page = client.post(f"{url}?draft=1", {**typed, "image": SimpleUploadedFile("a.jpg", b"x")}).text
        assert f'<form method="post" action="{url}?draft=1" enctype="multipart/form-data">' in page
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
        expected = [("title", typed["title"]), ("body", typed["body"]), ("tag", "a"), ("tag", "b")]
        assert [(name, unescape(value)) for name, value in hidden] == expected
        assert "Choose the image again." in page
    assert "Choose the image again." not in client.post("/breaks/", typed).text


def test_form_with_a_password_is_not_repeated(client: Client, settings: LazySettings) -> None:
    settings.ROOT_URLCONF = UrlsWithErrors
    client.raise_request_exception = False
    page = client.post("/breaks/", {"login": "anna", "password1": "a secret"}).text
    assert "Send again" not in page
    assert "secret" not in page
    assert "anna" not in page
