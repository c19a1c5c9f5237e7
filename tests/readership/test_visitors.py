"""Classifying a request: pure functions."""

from __future__ import annotations

from datetime import date

import pytest

from articles.readership.models import DailyHit
from articles.readership.visitors import (
    Hit,
    Visitor,
    classify_hit,
    is_declared_bot,
    is_prefetch,
    is_same_origin,
)
from core.ratelimit import anonymize_ip

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
DAY = date(2026, 11, 22)
AUTHOR = 7


def seen(**changes: object) -> Hit:
    visitor = {"address": "192.0.2.1", "user_agent": FIREFOX, **changes}
    visitor["address"] = anonymize_ip(str(visitor["address"]))
    salt, day = visitor.pop("salt", b"salt"), visitor.pop("day", DAY)
    return classify_hit(Visitor(**visitor), target_id=1, author_ids={AUTHOR}, day=day, salt=salt)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix:", "unix:"),
    ],
)
def test_anonymize_ip(address: str, expected: str) -> None:
    assert anonymize_ip(address) == expected


def test_classify_hit_same_visitor() -> None:
    assert seen() == seen()


@pytest.mark.parametrize(
    "change", [{"address": "192.0.2.2"}, {"user_agent": FIREFOX + "6"}, {"account_id": 3}, {"salt": b"other"}]
)
def test_classify_hit_another_visitor(change: dict[str, object]) -> None:
    assert seen(**change).visitor != seen().visitor


def test_classify_hit_account_is_one_visitor_everywhere() -> None:
    assert seen(account_id=3).visitor == seen(account_id=3, address="198.51.100.9", user_agent="other").visitor


def test_classify_hit_ipv6_network_is_one_source() -> None:
    one, other = seen(address="2001:db8::1"), seen(address="2001:db8::2")
    assert (one.visitor, one.source) == (other.visitor, other.source)
    assert seen(address="2001:db8:0:1::1").source != one.source


def test_classify_hit_stores_nothing_of_the_request() -> None:
    row = repr(seen(account_id=None))
    assert "192.0.2" not in row
    assert "Mozilla" not in row


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, DailyHit.Kind.COUNTED),
        ({"account_id": 3}, DailyHit.Kind.COUNTED),
        ({"account_id": AUTHOR}, DailyHit.Kind.AUTHOR),
        ({"account_id": AUTHOR, "is_staff": True}, DailyHit.Kind.AUTHOR),
        ({"account_id": 3, "is_staff": True}, DailyHit.Kind.STAFF),
        ({"user_agent": "Googlebot/2.1"}, DailyHit.Kind.BOT),
        ({"user_agent": ""}, DailyHit.Kind.BOT),
    ],
)
def test_classify_hit_kind(change: dict[str, object], kind: DailyHit.Kind) -> None:
    assert seen(**change).kind == kind


def test_classify_hit_bots_of_an_address_are_one_visitor() -> None:
    assert seen(user_agent="onebot/1").visitor == seen(user_agent="otherbot/2").visitor


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "   ",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "facebookexternalhit/1.1",
        "TelegramBot (like TwitterBot)",
        "WhatsApp/2.23.20.0",
        "Slackbot-LinkExpanding 1.0",
        "AdsBot-Google",
        "curl/8.15.0",
        "Wget/1.25.0",
        "python-requests/2.32",
        "Python-urllib/3.13",
        "Go-http-client/2.0",
        "okhttp/5.0",
        "Feedly/1.0",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
        "http.rb/5.2.0 (Mastodon/4.3)",
        "-",
        "()",
    ],
)
def test_is_declared_bot(user_agent: str) -> None:
    assert is_declared_bot(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        FIREFOX,
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/142.0",
        f"Mozilla/5.0 (Windows NT 10.0) {CHROME} YaBrowser/25.10 Safari/537.36",
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/26.0 Safari/605.1.15",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Version/26.0 Mobile/15E148 Safari/604.1",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Mobile/15E148 [FBAN/FBIOS;FBAV/500.0]",
        f"Mozilla/5.0 (Linux; Android 11; CUBOT X30) {CHROME} Mobile Safari/537.36",
        f"Mozilla/5.0 (Linux; Android 9; CUBOT_NOVA) {CHROME} Mobile Safari/537.36",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto/2.12",
        "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1",
        "w3m/0.5.3",
    ],
)
def test_is_declared_bot_browsers_are_not(user_agent: str) -> None:
    assert not is_declared_bot(user_agent)


def meta(headers: dict[str, str]) -> dict[str, str]:
    """Return headers as in `request.META`."""
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"Sec-Purpose": "prefetch"}, True),
        ({"Sec-Purpose": "prefetch;prerender"}, True),
        ({"Purpose": "prefetch"}, True),
        ({"X-Moz": "prefetch"}, True),
        ({"X-Purpose": "preview"}, True),
        ({"X-Purpose": "Preview"}, True),
        ({"Purpose": "navigation"}, False),
    ],
)
def test_is_prefetch(headers: dict[str, str], expected: bool) -> None:
    assert is_prefetch(meta(headers)) is expected


ORIGIN = "https://news.example.org"


@pytest.mark.parametrize(
    ("headers", "beacon", "image"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}, True, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": ORIGIN, "Referer": ORIGIN + "/a"}, False, False),
        ({"Sec-Fetch-Site": "cross-site", "Referer": ORIGIN + "/a"}, False, False),
        ({"Sec-Fetch-Site": "none"}, False, False),
        ({"Sec-Fetch-Site": "none", "Referer": ORIGIN + "/a"}, False, True),
        ({"Origin": ORIGIN}, True, False),
        ({"Origin": "https://evil.example"}, False, False),
        ({"Origin": "null", "Referer": ORIGIN + "/a"}, False, True),
        ({"Origin": ORIGIN + ".evil.example"}, False, False),
        ({"Referer": ORIGIN + "/articles/1/x/"}, True, True),
        ({"Referer": "https://evil.example/?" + ORIGIN}, False, False),
        ({"Referer": ORIGIN + "@evil.example/"}, False, False),
        ({"Referer": "http://[broken"}, False, False),
        ({}, False, False),
    ],
)
def test_is_same_origin(headers: dict[str, str], beacon: bool, image: bool) -> None:
    assert is_same_origin(meta(headers), origin=ORIGIN) is beacon
    assert is_same_origin(meta(headers), origin=ORIGIN, is_image=True) is image
