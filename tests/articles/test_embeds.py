"""Pages of other sites are recognised from their address alone."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from articles.body import render, render_for_feed
from articles.embeds import FRAME_SOURCES, recognise
from core.sanitizer import sanitize
from tests import factories

# The editor's tests use it too, because the editor has patterns of its own.
EMBEDDABLE = {
    "https://www.youtube.com/watch?v=aBcDeFgHi_1": "https://www.youtube-nocookie.com/embed/aBcDeFgHi_1",
    "https://www.youtube.com/watch?app=desktop&v=aBcDeFgHi_1&t=95s": (
        "https://www.youtube-nocookie.com/embed/aBcDeFgHi_1?start=95"
    ),
    "http://m.youtube.com/shorts/aBcDeFgHi-1": "https://www.youtube-nocookie.com/embed/aBcDeFgHi-1",
    "https://youtu.be/aBcDeFgHi_1?si=x": "https://www.youtube-nocookie.com/embed/aBcDeFgHi_1",
    "https://vimeo.com/123456789": "https://player.vimeo.com/video/123456789?dnt=1",
    "https://vimeo.com/123456789/0a1b2c3d4e": "https://player.vimeo.com/video/123456789?dnt=1&h=0a1b2c3d4e",
    "https://t.me/gyumri_lamps/42": "https://t.me/gyumri_lamps/42?embed=1",
    "https://x.com/lamps/status/1234567890": "https://platform.twitter.com/embed/Tweet.html?dnt=true&id=1234567890",
    "https://twitter.com/lamps/status/1234567890?s=20": (
        "https://platform.twitter.com/embed/Tweet.html?dnt=true&id=1234567890"
    ),
    "https://mastodon.social/@lamps/112233445566": "https://mastodon.social/@lamps/112233445566/embed",
    "https://www.openstreetmap.org/#map=15/40.7894/43.8475": (
        "https://www.openstreetmap.org/export/embed.html?bbox=43.83377%2C40.78525%2C43.86123%2C40.79355&layer=mapnik"
    ),
    "https://www.openstreetmap.org/?mlat=40.7894&mlon=43.8475#map=15/40.7894/43.8475": (
        "https://www.openstreetmap.org/export/embed.html?bbox="
        "43.83377%2C40.78525%2C43.86123%2C40.79355&layer=mapnik&marker=40.7894%2C43.8475"
    ),
}
NOT_EMBEDDABLE = [
    "",
    "https://example.org/watch?v=aBcDeFgHi_1",
    "https://www.youtube.com/@channel",
    "https://www.youtube.com/watch?v=a",
    "javascript:alert(1)//youtu.be/aBcDeFgHi_1",
    "https://youtu.be.example.org/aBcDeFgHi_1",
    "https://user@example.org/youtu.be/aBcDeFgHi_1",
    "https://vimeo.com/about",
    "https://t.me/gyumri_lamps",
    "https://x.com/lamps",
    "https://example.social/@lamps/112233445566",
    "https://www.openstreetmap.org/#map=15/91/43.8475",
    "https://www.openstreetmap.org/node/12",
    "https://[/x",
]


@pytest.mark.parametrize(("address", "frame"), EMBEDDABLE.items())
def test_recognise_known_page(address: str, frame: str) -> None:
    embed = recognise(address)
    assert embed
    assert embed.url == frame


@pytest.mark.parametrize("address", NOT_EMBEDDABLE)
def test_recognise_other_page_is_none(address: str) -> None:
    assert recognise(address) is None


@given(st.sampled_from(sorted(EMBEDDABLE)), st.text(max_size=12), st.integers(0, 80))
def test_recognise_any_address_gives_a_frame_of_the_policy_or_none(address: str, inserted: str, at: int) -> None:
    if embed := recognise(address[:at] + inserted + address[at:]):
        assert any(embed.url.startswith(f"{source}/") for source in FRAME_SOURCES)
        assert not set(embed.url) & set("\"'<> \n")


def test_render_embed_is_a_link_that_knows_its_frame() -> None:
    body = sanitize('<figure class="embed"><a href="https://youtu.be/aBcDeFgHi_1">The film</a></figure>')
    html = render(body, {})
    assert 'data-src="https://www.youtube-nocookie.com/embed/aBcDeFgHi_1"' in html
    assert '<a href="https://youtu.be/aBcDeFgHi_1" rel="nofollow ugc noopener">The film</a></figure>' in html
    assert "<iframe" not in html
    feed = render_for_feed(body, {}, url="https://example.org/a/")
    assert feed == '<p><a href="https://youtu.be/aBcDeFgHi_1" rel="nofollow ugc noopener">The film</a></p>'


def test_render_embed_of_another_site_is_a_paragraph() -> None:
    html = render('<figure class="embed"><a href="https://example.org/film">The film</a></figure>', {})
    assert html == '<p><a href="https://example.org/film" rel="nofollow ugc noopener">The film</a></p>'


@pytest.mark.django_db
def test_frames_are_allowed_on_article_pages_only(client: Client) -> None:
    link = '<figure class="embed"><a href="https://youtu.be/aBcDeFgHi_1">The film</a></figure>'
    article, plain = factories.published(body=factories.BODY + link), factories.published()
    answer = client.get(article.get_absolute_url())
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["frame-src"].split() == ["'self'", *FRAME_SOURCES]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "frame-src" not in client.get("/")["Content-Security-Policy"]
    assert "js/embeds.js" in answer.text
    assert "js/embeds.js" not in client.get(plain.get_absolute_url()).text


def test_frame_sources_are_hosts() -> None:
    assert all(source.startswith("https://") and source.count("/") == 2 for source in FRAME_SOURCES)
    assert json.dumps(FRAME_SOURCES).count("*") == 0
