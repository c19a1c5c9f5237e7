"""The first visit of an article without a browser cache: bytes sent, and what blocks rendering."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import LazySettings, settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.test import Client

from articles.models import Article
from core.page_cache.middleware import PageCache
from tests import factories
from tests.core.page_cache.helpers import fetch
from tests.e2e.site import create_image
from tests.promotion.factories import running

KB = 1024
PARAGRAPHS = 16


class Tags(HTMLParser):
    """Every start tag of a page with its attributes, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.found if name == tag)

    def stylesheets(self) -> list[str]:
        return [str(link["href"]) for link in self.all("link") if link.get("rel") == "stylesheet"]

    def scripts(self) -> list[str]:
        return [str(script["src"]) for script in self.all("script") if script.get("src")]


@pytest.fixture
def article(open_connection: None) -> Article:
    """A long article with an image, tags, three related articles and a promotion."""
    words = factories.WORDS.split()
    body = "".join(
        f"<p>{' '.join(words[(7 * turn + n * (turn % 5 + 1)) % len(words)] for n in range(90))}</p>"
        for turn in range(PARAGRAPHS)
    )
    author = factories.UserFactory.create()
    section = factories.SectionFactory.create()
    common = {"section": section, "image": create_image(author), "alternative_text": "A lamp at dusk"}
    for title in ("The yard light", "A rumour", "The market"):
        factories.published(author=author, title=title, **common)
    article = factories.published(author=author, body=body, tag_names=["street lamps", "light"], **common)
    running("beside", article=factories.published(author=author, title="Promoted", **common))
    return article


@pytest.fixture
def answer(article: Article) -> Any:
    return fetch(
        PageCache(get_wsgi_application(), max_bytes=1024 * KB),
        path=article.get_absolute_url(),
        accept_encoding="gzip, deflate, br",
    )


def sent(addresses: list[str], *, imported: bool = False) -> int:
    """Return the total size of static files in bytes, compressed with brotli.

    Args:
        imported: what they import is among them.
    """
    total = 0
    for address in addresses:
        found = finders.find(address.removeprefix(settings.STATIC_URL))
        assert isinstance(found, str), address
        content = Path(found).read_bytes()
        assert b"@import" not in content
        imports = re.search(rb"^\s*import\b|\bimport\(", content, re.MULTILINE)
        assert imported or not imports, "Count the imported files too."
        total += len(brotli.compress(content))
    return total


def test_article_page_size_is_limited(answer: Any) -> None:
    page = Tags(answer["plain"].decode())
    assert answer["headers"]["Content-Encoding"] == "br"
    assert "data-promotion" in answer["plain"].decode()
    assert len(answer["plain"]) > 8 * KB
    assert len(answer["body"]) <= 12 * KB
    assert 0 < sent(page.stylesheets()) <= 10 * KB
    assert 0 < sent(page.scripts()) <= 6 * KB


def test_article_page_is_blocked_by_one_stylesheet_only(answer: Any) -> None:
    page = Tags(answer["plain"].decode())
    assert page.stylesheets() == ["/static/css/site.css"]
    assert not any("htmx" in script for script in page.scripts())
    blocking = [
        script["src"]
        for script in page.all("script")
        if script.get("src") and script.get("type") != "module" and "defer" not in script and "async" not in script
    ]
    # Runs before the first card is shown, so that a hidden card does not flash.
    assert blocking == ["/static/js/promotions-hidden.js"]
    css = Path(str(finders.find("css/site.css"))).read_text()
    assert "@font-face" not in css


def test_images_have_dimensions_and_responsive_sizes(answer: Any) -> None:
    images = [image for image in Tags(answer["plain"].decode()).all("img") if "/beacon/" not in str(image["src"])]
    lead, *others = [image for image in images if image.get("srcset")]
    assert lead["fetchpriority"] == "high"
    assert "loading" not in lead
    assert len(others) >= 3
    for image in images:
        assert int(str(image["width"])) > 0
        assert int(str(image["height"])) > 0
    for image in (lead, *others):
        assert image["sizes"]
        assert image["decoding"] == "async"
    for image in others:
        assert image["loading"] == "lazy"
        assert "fetchpriority" not in image


def test_editor_scripts_are_limited_and_requested_at_once(client: Client, article: Article) -> None:
    client.force_login(article.author)
    page = client.get(f"/my/articles/{article.pk}/").text
    [imports] = re.findall(r'<script type="importmap"[^>]*>(.*?)</script>', page)
    modules = set(json.loads(imports)["imports"].values())
    preloaded = {link["href"] for link in Tags(page).all("link") if link.get("rel") == "modulepreload"}
    assert preloaded == modules
    assert page.index("importmap") < page.index("modulepreload")
    assert 100 * KB < sent([*Tags(page).scripts(), *modules], imported=True) <= 180 * KB


@pytest.mark.usefixtures("open_connection")
def test_static_files_are_immutable_and_precompressed(settings: LazySettings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    files = [file.relative_to(tmp_path).as_posix() for file in (tmp_path / "static").rglob("*.*") if file.is_file()]
    client = Client()
    texts = [file for file in files if file.endswith((".css", ".js"))]
    assert len(texts) > 10
    for file in texts:
        assert re.search(r"\.[0-9a-f]{12}\.(css|js)$", file), "no digest in the name"
        assert {f"{file}.br", f"{file}.gz"} <= set(files)
    for accepted in ("br", "gzip"):
        sent = client.get(f"/{texts[0]}", headers={"accept-encoding": accepted})
        assert sent.status_code == 200
        assert sent["Content-Encoding"] == accepted
        assert "immutable" in sent["Cache-Control"]
        assert "public" in sent["Cache-Control"]
        sent.close()
