""" "My articles": states, reasons and possible actions."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Decision
from articles.services import publishing
from core.models import SiteSettings
from tests import factories

pytestmark = pytest.mark.django_db
URL = reverse("my_articles")


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def decide(article: Article, verdict: str, reason: str = "", minutes: int = 0) -> Article:
    """Decide on an article with a recorded decision."""
    revision = article.live if verdict == "hide" else article.latest
    assert revision is not None
    if verdict == "hide":
        publishing.hide(article=article)
    elif verdict == "return":
        publishing.return_to_author(article=article, revision_number=revision.number)
    else:
        publishing.publish(article=article, revision_number=revision.number)
    Decision.objects.create(
        revision=revision,
        moderator=factories.UserFactory.create(),
        verdict=verdict,
        reason=reason,
        decided_at=timezone.now() + timedelta(minutes=minutes),
    )
    return Article.objects.select_related("live", "latest").get(pk=article.pk)


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 lang="\w\w" dir="auto"><a href="[^"]+">([^<]+)</a></h2>', page)


@pytest.mark.parametrize(
    ("maker", "state"),
    [
        (factories.draft, "Draft"),
        (factories.in_review, "In review"),
        (factories.published, "Published"),
        (factories.hidden, "Hidden"),
    ],
)
def test_my_articles_shows_state_and_time(client: Client, user: User, maker: object, state: str) -> None:
    article = maker(user)  # type: ignore[operator]
    page = client.get(URL).text
    assert f">{state}</span>" in page
    since = timezone.localtime(article.state_since).strftime("%Y-%m-%dT%H:%M:%S%z")
    assert f'since <time datetime="{since}"' in page


@pytest.mark.parametrize(
    ("maker", "possible", "impossible"),
    [
        (factories.draft, {"edit", "preview", "submit", "discard"}, {"withdraw"}),
        (factories.in_review, {"preview", "withdraw"}, {"edit", "submit", "discard"}),
        (factories.published, {"edit"}, {"preview", "submit", "withdraw", "discard"}),
        (factories.hidden, {"edit"}, {"submit", "withdraw", "discard"}),
    ],
)
def test_my_articles_offers_only_possible_actions(
    client: Client, user: User, maker: object, possible: set[str], impossible: set[str]
) -> None:
    article = maker(user)  # type: ignore[operator]
    page = client.get(URL).text
    offered = {
        action
        for action in possible | impossible
        if re.search(rf'(href|action)="{reverse(f"my_article_{action}", args=[article.pk])}"', page)
    }
    assert offered == possible


def test_my_articles_shows_reason_of_return(client: Client, user: User) -> None:
    article = decide(factories.in_review(user), "return", "Name your <source>.")
    page = client.get(URL).text
    assert "Name your &lt;source&gt;." in page
    publishing.save_draft(article=article, text=factories.text(title="With its source"))
    assert "Name your" in client.get(URL).text
    assert "Name your" in client.get(reverse("my_article_edit", args=[article.pk])).text
    publishing.submit(article=article)
    assert "Name your" not in client.get(URL).text


def test_my_articles_shows_reason_of_hiding_until_restored(client: Client, user: User) -> None:
    article = decide(factories.published(user), "hide", "A private address.")
    assert "A private address." in client.get(URL).text
    publishing.restore(article=article)
    assert "A private address." not in client.get(URL).text


def test_my_articles_shows_only_the_newest_reason(client: Client, user: User) -> None:
    article = decide(factories.in_review(user), "return", "First reason.")
    publishing.save_draft(article=article, text=factories.text(title="Second"))
    decide(publishing.submit(article=article), "return", "Second reason.", minutes=1)
    page = client.get(URL).text
    assert "Second reason." in page
    assert "First reason." not in page


def test_my_articles_drops_reason_after_publication(client: Client, user: User) -> None:
    article = decide(factories.in_review(user), "return", "Old reason.")
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    caches["local"].clear()
    publishing.save_draft(article=article, text=factories.text(title="Published at once"))
    publishing.submit(article=article)
    publishing.save_draft(article=article, text=factories.text(title="And a change begun"))
    page = client.get(URL).text
    assert "And a change begun" in page
    assert "Old reason." not in page


def test_my_articles_says_what_readers_see_during_review(client: Client, user: User) -> None:
    article = factories.published(user)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    assert "Readers see the published version until you submit them" in client.get(URL).text
    publishing.submit(article=article)
    page = client.get(URL).text
    assert "Your changes are in review. Until they are published, readers see the previous version." in page
    assert titles(page) == ["Changed"]


def test_my_articles_shows_counts_of_published_articles(client: Client, user: User) -> None:
    article = factories.published(user)
    Article.objects.filter(pk=article.pk).update(views=1567, likes=203, dislikes=9)
    assert "1567 views, 203 likes, 9 dislikes" in client.get(URL).text.replace("\u202f", "").replace(",567", "567")


def test_my_articles_excludes_other_authors(client: Client, user: User) -> None:
    factories.draft(title="A foreign draft")
    page = client.get(URL).text
    assert "A foreign draft" not in page
    assert "Write your first article" in page


def test_my_articles_without_confirmed_email_offers_no_submission(client: Client) -> None:
    user = factories.UserFactory.create(confirmation=False)
    client.force_login(user)
    article = factories.draft(user)
    page = client.get(URL).text
    assert "is not confirmed" in page
    assert reverse("account_email") in page
    assert reverse("my_article_submit", args=[article.pk]) not in page


def test_my_articles_shows_end_of_suspension(client: Client, user: User) -> None:
    user.suspended_until = timezone.make_aware(timezone.datetime(2099, 5, 4, 13, 21))  # type: ignore[attr-defined]
    user.save(update_fields=["suspended_until"])
    assert "suspended until 13:21, 4 May, 2099" in client.get(URL).text


def test_my_articles_offers_publish_to_trusted_author(client: Client, user: User) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    factories.draft(user)
    page = client.get(URL).text
    assert ">Publish<" in page
    assert "Submit for review" not in page


def test_my_articles_pagination_shows_every_article_once(client: Client, user: User, settings: LazySettings) -> None:
    settings.PAGE_SIZE = 3
    articles = [factories.draft(user, title=f"Draft {n}") for n in range(8)]
    moment = timezone.now()
    Article.objects.filter(pk__in=[article.pk for article in articles[:4]]).update(state_since=moment)
    found, following = [], URL
    for _ in range(5):
        page = client.get(following).text
        found += titles(page)
        more = re.search(r'<a class="button" href="(\?after=[^"]+)"', page)
        if not more:
            break
        following = URL + more[1]
    assert sorted(found) == [f"Draft {n}" for n in range(8)]


@pytest.mark.parametrize(
    "cursor", ["x", "1", "-", "1-x", "9" * 60, "99999999999999999999-1", "1-99999999999999999999", "%00"]
)
def test_my_articles_invalid_cursor_is_404(client: Client, user: User, cursor: str) -> None:
    assert client.get(f"{URL}?after={cursor}").status_code in {400, 404}


@pytest.mark.parametrize("count", [1, 12])
def test_my_articles_query_count_is_constant(
    client: Client, user: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(count):
        decide(factories.in_review(user, title=f"Article {n}"), "return", "Why?")
    client.get(URL)  # Fills the process cache.
    # Session, user, articles, co-authorships, the trash, confirmed email, trust (3), reasons.
    with django_assert_num_queries(10):
        assert client.get(URL).text.count("Why?") == count


def test_anonymous_my_articles_redirects_to_login_and_back() -> None:
    answer = Client().get(URL)
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={URL}"
