"""The checklist before a submission: what is found, "Fix" and "Submit anyway"."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article
from articles.services import publishing
from core.models import SiteSettings
from tests import factories
from tests.articles.author_form import errors, filled, hidden_value

pytestmark = pytest.mark.django_db
NEW = reverse("my_article_new")
FAULTY = f'{factories.BODY}<p>All of it is <a href="https://example.org/">here</a>.</p>'


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def checklist(article: Article) -> str:
    return reverse("my_article_checklist", args=[article.pk])


def submit(client: Client, article: Article, **data: Any) -> str:
    """Press the button of the checklist, or of "My articles"; return where it leads."""
    return client.post(reverse("my_article_submit", args=[article.pk]), data).headers["Location"]


def state(article: Article) -> str:
    return Article.objects.get(pk=article.pk).state


def test_submit_with_findings_saves_and_leads_to_the_checklist(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(title="WE COUNTED EVERY LAMP", body=FAULTY, action="submit"))
    article = Article.objects.select_related("latest").get()
    assert answer.headers["Location"] == checklist(article)
    assert article.state == "draft"
    assert article.latest
    assert "here</a>" in article.latest.body
    page = client.get(checklist(article)).text
    edit = reverse("my_article_edit", args=[article.pk])
    assert f'href="{edit}?at=link-1#id_body"' in page
    assert f'href="{edit}#id_title"' in page
    assert page.index("The words of a link") < page.index("The title is in capital letters.")
    assert "Submit anyway" in page
    assert client.get(f"{edit}?at=link-1").status_code == 200


def test_submit_anyway_submits_the_unchanged_text(client: Client, user: User) -> None:
    article = factories.draft(user, body=FAULTY)
    for data in ({}, {"checked": ""}, {"checked": "0"}, {"checked": "x"}):
        assert submit(client, article, **data) == checklist(article)
    seen = hidden_value(client.get(checklist(article)), "checked")
    publishing.save_draft(article=article, text=factories.text(body=FAULTY, title="Changed in another window"))
    assert submit(client, article, checked=seen) == checklist(article)
    assert state(article) == "draft"
    seen = hidden_value(client.get(checklist(article)), "checked")
    assert submit(client, article, checked=seen) == reverse("my_articles")
    assert state(article) == "in_review"
    assert submit(client, article, checked=seen) == reverse("my_articles")  # Pressed twice.
    assert client.get(checklist(article)).headers["Location"] == reverse("my_article_edit", args=[article.pk])


def test_checklist_of_a_text_that_was_fixed_submits_it(client: Client, user: User) -> None:
    article = factories.draft(user)
    page = client.get(checklist(article)).text
    assert "The checks found nothing to fix." in page
    assert "Submit anyway" not in page
    assert submit(client, article) == reverse("my_articles")


def test_checklist_of_a_trusted_author(client: Client, user: User) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    article = factories.draft(user, body=FAULTY)
    assert submit(client, article) == checklist(article)
    answer = client.get(checklist(article))
    assert "Publish anyway" in answer.text
    submit(client, article, checked=hidden_value(answer, "checked"))
    assert state(article) == "published"


def test_what_forbids_a_submission_is_said_first(client: Client, user: User) -> None:
    answer = client.post(NEW, filled(title="", body="<blockquote><p>Short</p></blockquote>", action="submit"))
    assert errors(answer, "title") == "Enter a title."
    article = Article.objects.get()
    assert submit(client, article) == reverse("my_article_edit", args=[article.pk])
    assert client.get(checklist(article)).headers["Location"] == reverse("my_article_edit", args=[article.pk])
    user.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]
    article = factories.draft(user, body=FAULTY)
    assert submit(client, article) == reverse("my_article_edit", args=[article.pk])
    assert "Confirm your email address first" in client.get(reverse("my_article_edit", args=[article.pk])).text


def test_checklist_is_the_authors_own(client: Client, user: User) -> None:
    article = factories.draft(body=FAULTY)
    assert client.get(checklist(article)).status_code == 404
    anonymous = Client().get(checklist(article))
    assert anonymous.headers["Location"] == f"{reverse('account_login')}?next={checklist(article)}"


def test_similar_text_is_found_among_what_readers_see(
    client: Client, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        published = factories.published(title="The first one")
        waiting = factories.in_review(title="A secret one")
        hidden = factories.published(title="A hidden one")
    publishing.hide(article=hidden)
    article = factories.draft(user, title="The second one")
    page = client.get(checklist(article)).text
    assert "Much of this text is already on the site." in page
    assert f'<a href="{published.get_absolute_url()}"><bdi>The first one, {published.author.name} (100%)' in page
    assert "A secret one" not in page
    assert "A hidden one" not in page
    publishing.hide(article=published)
    assert "The checks found nothing" in client.get(checklist(article)).text
    with django_capture_on_commit_callbacks(execute=True):
        publishing.publish(article=waiting, revision_number=1)
    assert "A secret one" in client.get(checklist(article)).text
    # A new version of the same article is no copy.
    client.force_login(waiting.author)
    publishing.save_draft(article=waiting, text=factories.text(title="Changed"))
    assert "The checks found nothing" in client.get(checklist(waiting)).text


def test_checklist_queries_do_not_grow(
    client: Client, user: User, django_assert_max_num_queries: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(5):
            factories.published()
    article = factories.draft(user, body=FAULTY * 2)
    with django_assert_max_num_queries(10):
        assert "similar" not in client.get(checklist(article)).text
