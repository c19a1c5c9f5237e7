"""The screening of submissions and its hints."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Article
from articles.moderation.hints import in_words
from articles.moderation.models import Hint, ImageBand, ImageHash, LinkDomain, Screening, TextBand, WatchWord
from articles.moderation.services import screening
from articles.moderation.services.screening import screen, screen_unfinished
from articles.services import publishing
from articles.services.images import store_image
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.test_similarity import photo
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db
WORDS = " ".join(f"Sentence {number} tells of the lamp at corner {number * 7}." for number in range(60))


def old_author(**fields: Any) -> User:
    return factories.UserFactory.create(date_joined=timezone.now() - timedelta(days=400), **fields)


def screened(article: Article) -> dict[str, Any]:
    """Screen the latest version of an article; return its hints."""
    assert screen(latest(article).pk)
    return dict(Hint.objects.filter(revision=article.latest_id).values_list("kind", "data"))


def submitted(body: str = "", author: User | None = None, **changes: Any) -> Article:
    return factories.in_review(author or old_author(), body=f"<p>{body or WORDS}</p>", **changes)


def sentence(article: Article) -> str:
    return str(in_words(Hint.objects.get(revision=latest(article))))


def test_submission_is_screened_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        article = factories.in_review()
        assert Screening.objects.get().finished_at is None
    assert Screening.objects.get().finished_at is not None
    assert TextBand.objects.filter(revision=latest(article)).exists()


def test_publication_without_review_is_screened_too(django_capture_on_commit_callbacks: Any) -> None:
    author = old_author()
    for _ in range(3):
        factories.published(author)
    with django_capture_on_commit_callbacks(execute=True):
        article = factories.in_review(author)
    assert article.state == "published"
    assert Screening.objects.get(revision=latest(article)).finished_at is not None


def test_scheduled_publication_without_review_is_screened_before_its_time(
    django_capture_on_commit_callbacks: Any,
) -> None:
    author = old_author()
    for _ in range(3):
        factories.published(author)
    with django_capture_on_commit_callbacks(execute=True):
        article = factories.in_review(author, publish_at=timezone.now() + timedelta(hours=1))
    assert article.is_scheduled
    assert Screening.objects.get(revision=latest(article)).finished_at is not None


def test_decision_does_not_screen_again() -> None:
    article = submitted()
    screened(article)
    publishing.publish(article=article, revision_number=1)
    assert Screening.objects.get().finished_at is not None


def test_changed_and_submitted_again_is_screened_again() -> None:
    WatchWord.objects.create(word="casino")
    article = submitted("The casino. " + WORDS)
    assert "words" in screened(article)
    publishing.withdraw(article=article)
    publishing.save_draft(article=article, text=factories.text(body=f"<p>{WORDS}</p>"))
    publishing.submit(article=article)
    assert screened(article) == {}
    assert Screening.objects.get().rank == 0


def test_screen_unfinished_screens_what_a_killed_task_left(django_capture_on_commit_callbacks: Any) -> None:
    submitted()
    assert screen_unfinished() == 0  # The task has a minute.
    Screening.objects.update(
        requested_at=timezone.now() - timedelta(hours=1), claimed_at=timezone.now() - timedelta(minutes=59)
    )
    assert screen_unfinished() == 1
    assert screen_unfinished() == 0


def test_screen_claimed_by_another_process_does_nothing() -> None:
    article = submitted()
    Screening.objects.update(claimed_at=timezone.now())
    assert not screen(latest(article).pk)


def test_screen_of_text_that_changes_meanwhile_stores_nothing() -> None:
    article = submitted()

    def change(*args: Any) -> dict[Any, Any]:
        publishing.withdraw(article=article)
        publishing.submit(article=article)
        return {Hint.Kind.WORDS: {"words": ["x"]}}

    with mock.patch.object(screening, "find_hints", change):
        assert not screen(latest(article).pk)
    assert not Hint.objects.exists()
    assert screened(article) == {}


def test_hint_similar_text_of_another_article_with_its_share() -> None:
    first = submitted(title="The <lamps>", author=old_author(display_name="Gayane"))
    screened(first)
    words = WORDS.split()
    copy = submitted(" ".join(words[:300]) + " And some words of my own to end with, which no one else has written.")
    data = screened(copy)["text"]
    assert 80 <= data["percent"] < 100
    assert "of the text is also in <a href=" in sentence(copy)
    assert "The &lt;lamps&gt;</a> by Gayane" in sentence(copy)
    assert Screening.objects.get(revision=latest(copy)).rank == -Hint.WEIGHTS[Hint.Kind.TEXT]


def test_hint_similar_text_not_of_own_versions_drafts_or_other_texts() -> None:
    article = submitted()
    screened(article)
    publishing.publish(article=article, revision_number=1)
    publishing.save_draft(article=article, text=factories.text(body=f"<p>{WORDS} One more.</p>"))
    publishing.submit(article=article)
    assert screened(article) == {}
    withdrawn = submitted(WORDS.replace("lamp", "bench"))
    screened(withdrawn)
    publishing.withdraw(article=withdrawn)
    assert screened(submitted(WORDS.replace("lamp", "bench"))) == {}


def test_hint_same_image_of_another_author() -> None:
    def with_image(author: User, pixels: PILImage.Image, body: str) -> Article:
        return submitted(f"{body} " * 40, author, image=store_image(owner=author, pixels=pixels))

    first = old_author()
    screened(with_image(first, photo(), "One"))
    assert ImageBand.objects.count() == 4
    assert "image" not in screened(with_image(first, photo().resize((700, 467)), "Two"))
    assert "image" not in screened(with_image(old_author(), photo(2), "Three"))
    found = with_image(old_author(), photo().resize((800, 533)), "Four")
    assert "image" in screened(found)
    assert "The same image is in" in sentence(found)


def test_hint_same_image_in_texts_and_lead_images() -> None:
    def in_text(author: User, *images: PILImage.Image, **changes: Any) -> Article:
        stored = [store_image(owner=author, pixels=pixels) for pixels in images]
        figures = "".join(f'<figure><img data-image="{one.pk}" alt="x"></figure>' for one in stored)
        words = f"{author.username} " * 40
        return factories.in_review(author, body=f"<p>{words}</p>{figures}", **changes)

    assert "image" not in screened(in_text(old_author(), photo(1), photo(2), title="In its text"))
    author = old_author()
    as_lead = in_text(author, title="As lead", image=store_image(owner=author, pixels=photo(2).resize((800, 533))))
    assert screened(as_lead)["image"]["title"] == "In its text"
    other = in_text(old_author(), photo(3), photo(1).resize((700, 467)))
    assert screened(other)["image"]["title"] == "In its text"
    author = old_author()
    assert screened(in_text(author, photo(4), image=store_image(owner=author, pixels=photo(5)))) == {}


def test_hint_same_image_looks_at_a_bounded_number_of_images(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(screening, "MAX_IMAGES_HASHED", 2)
    author = old_author()
    stored = [store_image(owner=author, pixels=photo(seed)) for seed in range(4)]
    figures = "".join(f'<figure><img data-image="{one.pk}" alt="x"></figure>' for one in stored)
    article = factories.in_review(author, body=f"<p>{WORDS}</p>{figures}")
    screened(article)
    assert ImageHash.objects.count() == 2
    revision = latest(article)
    with django_assert_max_num_queries(7):
        screening._same_image(revision, screening._hashes_of_images(revision))


def test_hint_missing_image_file_is_ignored() -> None:
    author = old_author()
    article = submitted(author=author, image=store_image(owner=author, pixels=photo()))
    with mock.patch("articles.moderation.services.screening.default_storage.open", side_effect=FileNotFoundError):
        assert screened(article) == {}


def test_hint_new_domains_until_another_author_s_article_is_published() -> None:
    link = '{} <a href="https://www.shop.example/x?y=1">here</a> and <a href="mailto:a@b.example">there</a> {}'
    first = submitted(link.format("one", WORDS))
    assert screened(first) == {"domains": {"domains": ["shop.example"]}}
    assert "links to: shop.example." in sentence(first)
    second = submitted(link.format("two", WORDS.replace("lamp", "tree")))
    assert "domains" in screened(second)
    publishing.publish(article=first, revision_number=1)
    third = submitted(link.format("three", WORDS.replace("lamp", "door")))
    assert "domains" not in screened(third)
    assert LinkDomain.objects.count() == 3


@pytest.mark.parametrize(
    ("word", "text", "is_found"),
    [
        ("casino", "The Casino opens.", True),
        ("casino", "The casinos open.", False),
        ("casin*", "The casinos open.", True),
        ("ставк*", "Новые СТАВКИ сегодня", True),
        ("a.c", "abc", False),
    ],
)
def test_hint_watch_words(word: str, text: str, is_found: bool) -> None:
    WatchWord.objects.create(word=word)
    found = submitted(f"{text} {WORDS}")
    assert ("words" in screened(found)) == is_found


def test_hint_many_submissions_and_new_account() -> None:
    author = factories.UserFactory.create()
    for number in range(4):
        submitted(f"{number} " * 50, author)
    hints = screened(submitted("five " * 50, author))
    assert hints == {"submissions": {"count": 5}, "account": {"days": 0}}
    sentences = [str(in_words(hint)) for hint in Hint.objects.order_by("pk")]
    assert sentences == [
        "The author submitted 5 texts within a day.",
        "The account was less than a day old at the submission.",
    ]


def test_queue_with_hints_first_and_review_page_shows_them(client: Client) -> None:
    client.force_login(moderator())
    WatchWord.objects.create(word="casino")
    screened(submitted("plain " * 50, title="Without"))
    screened(submitted(f"{WORDS} new", factories.UserFactory.create(), title="New account"))
    found = submitted("casino " * 50, title="Casino")
    screened(found)
    queue = reverse("admin:moderation_submission_changelist")
    assert [one.title for one in client.get(f"{queue}?view=hinted").context["cl"].result_list] == [
        "Casino",
        "New account",
    ]
    assert "watch words" in client.get(queue).text
    page = client.get(reverse("admin:moderation_submission_change", args=[latest(found).pk])).text
    assert "The text contains watch words: casino." in page


def test_review_page_says_that_screening_is_not_finished(client: Client) -> None:
    client.force_login(moderator())
    url = reverse("admin:moderation_submission_change", args=[latest(submitted()).pk])
    assert "still being searched for" in client.get(url).text


def test_screen_articles_screens_published_texts_once() -> None:
    first, second = submitted(title="Older"), submitted("Another text. " * 60)
    publishing.publish(article=first, revision_number=1)
    Screening.objects.all().delete()
    output = StringIO()
    call_command("screen_articles", stdout=output)
    call_command("screen_articles", stdout=output)
    assert output.getvalue() == "Texts screened: 1.\nTexts screened: 0.\n"
    assert not TextBand.objects.filter(revision=latest(second)).exists()
    assert screened(submitted(WORDS))["text"]["title"] == "Older"
