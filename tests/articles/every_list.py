"""The URLs of all lists of the site, and the SQL that they send, for tests of query plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article, ArticleTag, Correction, Section
from articles.models.article import BY_STATE_CHANGE, BY_TAG_DATE, HOT, NEW, TOP
from articles.models.correction import BY_CORRECTION_TIME
from articles.sitemaps import PART_SIZE
from articles.views.public import TOP_SPANS


@dataclass(frozen=True)
class EveryList:
    """The lists.

    Args:
        author: a user with many articles.
        section: a section with many articles.
        moderator: a user who can see all lists of the admin.
    """

    author: User
    section: Section
    moderator: User

    def public(self) -> Iterator[tuple[str, str]]:
        """Yield (name, URL) of the public lists: the first page and one far behind it."""
        published = Article.objects.published()
        tagged = ArticleTag.objects.order_by("pk").select_related("tag")[0]
        author, section, tag = self.author.get_absolute_url(), self.section.get_absolute_url(), tagged.tag
        yield from _both("new", reverse("front"), NEW, published.new())
        yield from _both("hot", reverse("hot"), HOT, HOT.sort(published))
        for span in TOP_SPANS:
            yield from _both(f"top {span}", reverse("top", args=[span]), TOP, published.top())
        yield from _both("section", section, NEW, published.in_section(self.section).new())
        yield from _both("author", author, NEW, published.by(self.author).new())
        yield from _both("tag", tag.get_absolute_url(), BY_TAG_DATE, BY_TAG_DATE.sort(ArticleTag.objects.of(tag)))
        corrections = Correction.objects.public()
        yield from _both("corrections", reverse("corrections"), BY_CORRECTION_TIME, corrections)
        for kind in ("rss", "atom"):
            yield f"feed of corrections {kind}", reverse(f"feed_corrections_{kind}")
            yield f"feed {kind}", reverse(f"feed_{kind}")
            yield f"feed of a section {kind}", reverse(f"feed_section_{kind}", args=[self.section.slug])
            yield f"feed of an author {kind}", reverse(f"feed_author_{kind}", args=[self.author.username])
        yield "sitemap", reverse("sitemap")
        yield "part of the sitemap", reverse("sitemap_part", args=[_highest() // PART_SIZE])

    def own(self) -> Iterator[tuple[str, str]]:
        """Yield (name, URL) of "My articles"."""
        rows = Article.objects.by(self.author).order_by(*BY_STATE_CHANGE.names)
        yield from _both("my articles", reverse("my_articles"), BY_STATE_CHANGE, rows)

    def admin(self) -> Iterator[tuple[str, str]]:
        """Yield (name, URL) of the lists of the admin."""
        for name in (
            "articles_article",
            "articles_image",
            "articles_section",
            "articles_tag",
            "moderation_submission",
            "moderation_decision",
            "moderation_suspension",
            "promotion_promotion",
            "promotion_ledgerentry",
            "accounts_user",
        ):
            yield f"admin {name}", reverse(f"admin:{name}_changelist")
        articles, queue = (
            reverse("admin:articles_article_changelist"),
            reverse("admin:moderation_submission_changelist"),
        )
        for state in ("published", "hidden", "returned", "in_review"):
            yield f"admin articles {state}", f"{articles}?state__exact={state}"
        yield "admin articles of a section", f"{articles}?section__id__exact={self.section.pk}"
        for view in ("waiting", "unreviewed", "returned"):
            yield f"admin queue {view}", f"{queue}?view={view}"

    def statements(self) -> Iterator[tuple[str, str, Any]]:
        """Yield (name, SQL, parameters) of every SELECT of the lists."""
        for user, addresses in ((None, self.public()), (self.author, self.own()), (self.moderator, self.admin())):
            client = Client()
            if user:
                client.force_login(user)
            for name, address in addresses:
                for sql, params in selects(client, address):
                    yield name, sql, params


def selects(client: Client, address: str) -> list[tuple[str, Any]]:
    """Return (SQL, parameters) of every SELECT of a page, which must be a 200."""
    sent: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip("( ").upper().startswith("SELECT"):
            sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return sent


def _both(name: str, address: str, order: Any, rows: Any) -> Iterator[tuple[str, str]]:
    yield name, address
    last = rows[min(rows.count() - 1, 500)]
    yield f"{name}, far behind", f"{address}?after={order.encode_cursor(last)}"


def _highest() -> int:
    return Article.objects.published().order_by("-pk").values_list("pk", flat=True)[0]
