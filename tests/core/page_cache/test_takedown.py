"""What a takedown removes is gone from every URL within 10 seconds, behind nginx with deploy/nginx.conf."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.selectors import AVATAR_SIZES, avatar_path
from accounts.services import save_avatar
from articles.moderation import services as moderation
from core.images import load_image
from core.page_cache import PageCache
from tests import factories, production
from tests.articles.test_images import upload
from tests.core.page_cache.nginx import Nginx, Upstream
from tests.e2e.site import create_image
from tests.moderation.users import administrator, moderator
from tests.promotion.actions import approved

pytestmark = [
    pytest.mark.production,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not production.IS_PRODUCTION, reason="waits for the caches, so once is enough"),
]
# Words that nothing else contains.
WORD, SOUGHT = "Zweibrückenlicht", "Nachtfalter"
BIOGRAPHY, NAME = "Quagga-Züchterin", "Wilhelmine Xanthippe"


class Site:
    """A promoted article with an image, of a user with a name, a biography and an avatar, behind nginx."""

    def __init__(self, front: Nginx) -> None:
        self.front = front
        author = factories.UserFactory.create(username="minna", display_name=NAME, biography=BIOGRAPHY)
        save_avatar(user=author, image=load_image(upload(400, 400)))
        self.author = User.objects.get(pk=author.pk)
        self.image = create_image(author)
        self.article = factories.published(
            author,
            title=f"{WORD} one",
            summary=f"{WORD} two",
            body=f"<p>{WORD} three, {SOUGHT}</p>{factories.BODY}",
            tag_names=["lamps"],
            image=self.image,
            alternative_text=f"{WORD} four",
            caption=f"{WORD} five",
        )
        factories.published(author, title="Another one", tag_names=["lamps"])
        approved(article=self.article)
        production.wait_for_tasks()

    def pages(self) -> list[str]:
        """Return the pages, feeds and lists with a text of the article or of its author."""
        lists = ["/", "/hot/", "/top/week/", "/sections/technology/", "/tags/lamps/", "/authors/minna/"]
        feeds = [
            f"{folder}/{kind}.xml"
            for folder in ("/feeds", "/sections/technology", "/authors/minna")
            for kind in ("rss", "atom")
        ]
        article = self.article.get_absolute_url()
        own = [article, f"/ru{article}", f"/articles/{self.article.pk}/views/", "/sitemaps/0.xml"]
        ledger = ["/promotions/", "/ru/promotions/", "/promotions.csv", "/promotions.json"]
        search = [f"/search/?q={SOUGHT}", "/search/suggestions/?q=zweibr", "/search/suggestions/?q=wilhelmine"]
        return [*lists, *(f"/hy{path}" for path in lists), *feeds, *own, *ledger, *search]

    def files(self, paths: list[str]) -> list[str]:
        return [default_storage.url(path) for path in paths]

    def shows(self, path: str, traces: list[str]) -> bool:
        """Return whether a page has one of the traces, or is one and exists."""
        answer = self.front.fetch(path)
        if path.startswith("/media/"):
            return path in traces and bool(answer["status"] == 200)
        return any(trace in text_of(answer) for trace in traces)


def text_of(answer: dict[str, Any]) -> str:
    """Return the text of an answer as readers see it: JSON has escape sequences."""
    text: str = answer["body"].decode(errors="replace")
    return json.dumps(json.loads(text), ensure_ascii=False) if text.startswith(("{", "[")) else text


@pytest.fixture
def site(start: Callable[[Upstream], Nginx], settings: LazySettings) -> Iterator[Site]:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    worker = production.start_worker("http://testserver")
    try:
        yield Site(start(Upstream(app=PageCache(get_wsgi_application(), max_bytes=16 * 1024 * 1024))))
        production.wait_for_empty_queue()
    finally:
        worker.terminate()
        worker.wait(20)


def post_as_administrator(name: str, pk: int, data: dict[str, Any]) -> None:
    client = Client()
    client.force_login(administrator())
    response = client.post(reverse(name, args=[pk]), data)
    assert response.status_code == 302, response.text


def hide(site: Site) -> list[str]:
    assert site.article.live is not None
    moderation.decide(revision=site.article.live, moderator=moderator(), verdict="hide", rule="privacy", reason="x")
    return [WORD, *site.files(site.image.paths)]


def delete_image(site: Site) -> list[str]:
    post_as_administrator("admin:articles_image_delete", site.image.pk, {"post": "yes"})
    return site.files(site.image.paths)


def clear_profile(site: Site) -> list[str]:
    moderation.clear_profile(user=site.author, moderator=moderator())
    return [NAME, BIOGRAPHY, *avatars(site)]


def close_account(site: Site) -> list[str]:
    data = {"username": "minna", "display_name": NAME, "biography": BIOGRAPHY, "preferred_language": "en"}
    post_as_administrator("admin:accounts_user_change", site.author.pk, data)
    assert not User.objects.get(pk=site.author.pk).is_active
    return [BIOGRAPHY, *avatars(site)]


def avatars(site: Site) -> list[str]:
    return site.files([avatar_path(site.author.avatar_key, size) for size in AVATAR_SIZES])


TAKEDOWNS: dict[Callable[[Site], list[str]], int] = {hide: 25, delete_image: 15, clear_profile: 20, close_account: 6}


@pytest.mark.parametrize(("takedown", "least"), TAKEDOWNS.items())
def test_takedown_leaves_no_trace_after_ten_seconds(
    site: Site, takedown: Callable[[Site], list[str]], least: int
) -> None:
    everything = [*site.pages(), *site.files(site.image.paths), *avatars(site)]
    before = {path: site.front.fetch(path) for _ in range(2) for path in everything}
    assert {path: answer["status"] for path, answer in before.items() if answer["status"] != 200} == {}
    traces = takedown(site)
    done = time.monotonic()
    texts = {path: text_of(answer) for path, answer in before.items()}
    shown = [path for path in everything if path in traces or any(trace in texts[path] for trace in traces)]
    assert len(shown) >= least
    left = shown
    while left:
        assert time.monotonic() < done + 10, left
        time.sleep(0.2)
        left = [path for path in left if site.shows(path, traces)]
    assert [path for path in everything if site.shows(path, traces)] == []
    if takedown is close_account:
        assert {site.front.fetch(path)["status"] for path in everything if "authors/minna" in path} == {404}
