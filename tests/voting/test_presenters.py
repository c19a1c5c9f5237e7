"""The vote control in a page: links for readers, a form for signed-in users, a reason for the author."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from articles.models import Article
from articles.voting.services import cast_vote
from tests import factories

pytestmark = pytest.mark.django_db


def render(article: Article, user: User | None) -> str:
    page = Template("{% load voting %}{% vote_control article %}")
    lazy = SimpleLazyObject(lambda: user or AnonymousUser())  # as the context processor passes it
    return str(page.render(Context({"article": article, "user": lazy, "csrf_token": "token-of-the-form"})))


def test_vote_control_anonymous_has_two_links_and_nothing_personal() -> None:
    article = factories.published()
    html = render(article, None)
    back = f"{reverse('account_login')}?next={article.get_absolute_url().replace('/', '%2F')}%3Fvote%3D"
    assert [html.count(f'href="{back}{value}%23vote"') for value in (1, -1)] == [1, 1]
    assert not re.search("<form|<button|<input|csrf|token|hx-", html)


def test_vote_control_anonymous_makes_no_query() -> None:
    article = factories.published()
    with CaptureQueriesContext(connection) as queries:
        render(article, None)
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("value", "pressed", "values"),
    [(0, ["false", "false"], ["1", "-1"]), (1, ["true", "false"], ["0", "-1"]), (-1, ["false", "true"], ["1", "0"])],
)
def test_vote_control_signed_in_shows_own_vote_to_change_or_withdraw(
    value: Any, pressed: list[str], values: list[str]
) -> None:
    article, user = factories.published(), factories.UserFactory.create()
    cast_vote(article=article, user=user, value=value)
    with CaptureQueriesContext(connection) as queries:
        html = render(article, user)
    assert len(queries) == 1
    assert re.findall('aria-pressed="(.*?)"', html) == pressed
    assert re.findall('name="vote" value="(.*?)"', html) == values
    assert f'method="post" action="{reverse("vote", args=[article.pk])}"' in html
    assert 'name="csrfmiddlewaretoken"' in html


def test_vote_control_author_sees_reason() -> None:
    article = factories.published()
    with CaptureQueriesContext(connection) as queries:
        html = render(article, article.author)
    assert len(queries) == 0
    assert html.count(" disabled>") == 2
    assert "This is your own article" in html


@pytest.mark.parametrize(
    ("likes", "dislikes", "width"), [(1, 0, "1000"), (0, 1, "0"), (1, 2, "333"), (203, 9, "957"), (10**6, 1, "999")]
)
def test_vote_ratio_without_inline_style(likes: int, dislikes: int, width: str) -> None:
    article = factories.published()
    article.likes, article.dislikes = likes, dislikes
    html = render(article, None)
    assert f'<rect width="{width}" height="4"/>' in html
    assert "style=" not in html


def test_vote_ratio_without_votes() -> None:
    assert "<rect" not in render(factories.published(), None)


def test_counts_are_exact_and_labelled() -> None:
    article = factories.published()
    article.views, article.likes, article.dislikes = 1567, 203, 9
    html = render(article, None)
    assert 'aria-label="1567 views, 203 likes, 9 dislikes"' in html
