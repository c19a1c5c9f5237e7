"""Factories for users and articles, which use the product's service functions."""

from __future__ import annotations

from typing import Any

import factory
from allauth.account.models import EmailAddress
from django.utils.text import slugify

from accounts.models import User
from articles.models import Article, Section
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from articles.services import publishing
from articles.services.revisions import ArticleContent

WORDS = "Nobody had asked for the map, and yet on a Saturday in October eleven of us walked the streets and counted. "
BODY = f"<p>{WORDS * 3}</p><h2>What we found</h2><p>{WORDS * 2}</p>"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A user with a confirmed email address and the password "correct horse battery"."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda o: f"{o.username}@example.org")
    display_name = factory.LazyAttribute(lambda o: o.username.title())
    password = factory.django.Password("correct horse battery")

    @factory.post_generation
    def confirmation(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create and extracted is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class SectionFactory(factory.django.DjangoModelFactory[Section]):
    class Meta:
        model = Section
        django_get_or_create = ("slug",)

    name = "Technology"
    slug = factory.LazyAttribute(lambda o: slugify(o.name))


def text(**changes: Any) -> ArticleContent:
    """Return complete content that can be submitted."""
    defaults: dict[str, Any] = {
        "title": "We counted every street lamp",
        "section": changes.get("section") or SectionFactory.create(),
        "summary": "A weekend, eleven volunteers and 2,340 lamps.",
        "body": BODY,
        "tag_names": ["street lamps"],
        **NOTHING_TO_DISCLOSE,
    }
    return ArticleContent(**{**defaults, **changes})


def draft(author: User | None = None, **changes: Any) -> Article:
    return publishing.start_draft(author=author or UserFactory.create(), text=text(**changes))


def in_review(author: User | None = None, **changes: Any) -> Article:
    return publishing.submit(article=draft(author, **changes))


def published(author: User | None = None, **changes: Any) -> Article:
    article = in_review(author, **changes)
    if article.state == Article.State.PUBLISHED:  # the author is trusted
        return article
    assert article.latest is not None
    return publishing.publish(article=article, revision_number=article.latest.number)


def hidden(author: User | None = None, **changes: Any) -> Article:
    return publishing.hide(article=published(author, **changes))
