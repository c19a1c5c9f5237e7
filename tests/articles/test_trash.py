"""The trash of drafts: undo, restore, and deletion for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from articles.models import Article, Revision
from articles.services import checkpoints, drafts, publishing
from tests import factories
from tests.articles.author_form import filled

pytestmark = pytest.mark.django_db
LIST, TRASH = reverse("my_articles"), reverse("my_articles_trash")


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def discard(client: Client, article: Article) -> str:
    return client.post(reverse("my_article_discard", args=[article.pk]), follow=True).text


def test_discarded_draft_is_in_the_trash_alone(client: Client, user: User) -> None:
    article = factories.draft(user, title="A bad idea")
    factories.draft(user, title="A good one")
    discard(client, article)
    page = client.get(LIST).text
    assert "A bad idea" not in page
    assert "A good one" in page
    assert f'href="{TRASH}"' in page
    assert "A bad idea" in client.get(TRASH).text
    assert client.get(reverse("my_article_preview", args=[article.pk])).status_code == 404


def test_undo_directly_after_deletion(client: Client, user: User) -> None:
    article = factories.draft(user)
    undo = reverse("my_article_undiscard", args=[article.pk])
    assert f'action="{undo}"' in discard(client, article)
    assert f'action="{undo}"' not in client.get(LIST).text  # Offered once; then it is in the trash.
    for _ in range(2):
        assert "is a draft again." in client.post(undo, follow=True).text
    assert not Article.objects.in_trash().exists()
    assert client.get(reverse("my_article_edit", args=[article.pk])).status_code == 200


def test_form_of_a_draft_in_the_trash_keeps_typed_text(client: Client, user: User) -> None:
    article = factories.draft(user)
    publishing.discard(article=article)
    address = reverse("my_article_edit", args=[article.pk])
    assert client.get(address).headers["Location"] == TRASH
    answer = client.post(address, filled(article, title="Typed for an hour"))
    assert "This draft is in the trash." in answer.text
    assert "Typed for an hour" in answer.text


def test_new_form_whose_draft_is_in_the_trash_keeps_typed_text(client: Client, user: User) -> None:
    data = filled()
    client.post(reverse("my_article_new"), data)
    publishing.discard(article=Article.objects.get())
    answer = client.post(reverse("my_article_new"), data | {"title": "Typed for an hour"})
    assert "This draft is in the trash." in answer.text
    assert "Typed for an hour" in answer.text


def test_trash_of_another_author_is_404(client: Client, user: User) -> None:
    article = factories.draft()
    publishing.discard(article=article)
    assert client.post(reverse("my_article_undiscard", args=[article.pk])).status_code == 404
    assert "We counted" not in client.get(TRASH).text
    assert Article.objects.in_trash().exists()


def test_trash_is_emptied_after_thirty_days(user: User) -> None:
    old, recent, restored = (factories.draft(user, title=title) for title in ("Old", "Recent", "Restored"))
    checkpoints.create(Revision.objects.get(latest_for=old))
    for article in (old, restored):
        publishing.discard(article=article)
    drafts.restore_from_trash(article=restored)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        publishing.discard(article=recent)
        assert drafts.delete_trashed() == 0
    with time_machine.travel(timezone.now() + timedelta(days=30, minutes=1)):
        assert drafts.delete_trashed() == 1
    assert set(Article.objects.values_list("pk", flat=True)) == {recent.pk, restored.pk}


# --- The edit of a published article


def discard_edit(client: Client, article: Article) -> str:
    return client.post(reverse("my_article_discard_edit", args=[article.pk]), follow=True).text


def latest(article: Article) -> Revision:
    return Revision.objects.get(latest_for=article)


def test_discard_edit_shows_the_published_text_again_and_can_be_undone(client: Client, user: User) -> None:
    article = factories.published(user, title="Live")
    publishing.save_draft(article=article, text=factories.text(title="A bad idea"))
    edit = latest(article)
    button = f'action="{reverse("my_article_discard_edit", args=[article.pk])}"'
    form = reverse("my_article_edit", args=[article.pk])
    assert all(button in client.get(page).text for page in (LIST, form))
    page = discard_edit(client, article)
    assert "Your changes were discarded. For 30 days you can restore them here." in page
    assert "A bad idea" in page
    article.refresh_from_db()
    assert article.latest == article.live == latest(article)
    assert (latest(article).title, latest(article).version) == ("Live", edit.version + 1)
    assert all(button not in client.get(page).text for page in (LIST, form))
    client.post(reverse("my_article_restore", args=[article.pk]), {"version": edit.version})
    assert (latest(article).title, latest(article).version, latest(article).number) == (
        "A bad idea",
        edit.version + 2,
        2,
    )
    publishing.submit(article=article)


def test_page_of_a_discarded_edit_is_stale(client: Client, user: User) -> None:
    article = factories.published(user)
    publishing.save_draft(article=article, text=factories.text(title="In this window"))
    data = filled(article, title="Typed on")
    discard_edit(client, article)
    assert client.post(reverse("my_article_edit", args=[article.pk]), data).status_code == 409
    assert latest(article).is_editable is False


def test_discard_edit_after_a_returned_one_shows_the_published_text(user: User) -> None:
    article = factories.published(user, title="Live")
    publishing.save_draft(article=article, text=factories.text(title="Returned"))
    publishing.submit(article=article)
    publishing.return_to_author(article=article, revision_number=2)
    publishing.save_draft(article=article, text=factories.text(title="Better"))
    drafts.discard_edit(article=article)
    assert latest(article).title == "Live"
    publishing.save_draft(article=article, text=factories.text(title="Best"))
    assert (latest(article).title, latest(article).number) == ("Best", 3)


@pytest.mark.parametrize("state", ["draft", "in_review", "published", "edit in review", "edit returned"])
def test_discard_edit_where_there_is_none_is_refused(client: Client, user: User, state: str) -> None:
    make = {"draft": factories.draft, "in_review": factories.in_review}.get(state, factories.published)
    article = make(user, title="Live")
    if state.startswith("edit"):
        publishing.save_draft(article=article, text=factories.text(title="Edit"))
        publishing.submit(article=article)
    if state == "edit returned":
        publishing.return_to_author(article=article, revision_number=2)
    before = latest(article)
    page = discard_edit(client, article)
    assert ("Withdraw it before you edit it." if "review" in state else "There are no changes to discard.") in page
    assert (latest(article), latest(article).version) == (before, before.version)


def test_discard_edit_of_another_author_is_404(client: Client, user: User) -> None:
    article = factories.published()
    publishing.save_draft(article=article, text=factories.text(title="Theirs"))
    assert client.post(reverse("my_article_discard_edit", args=[article.pk])).status_code == 404


def test_trash_queries(client: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(10):
        publishing.discard(article=factories.draft(user, title=f"Draft {number}"))
    client.get(TRASH)
    with django_assert_num_queries(3):
        assert client.get(TRASH).text.count("Restore") == 10
