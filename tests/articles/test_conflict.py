"""A text that was changed elsewhere: the page with both texts, and what the author chooses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article, Checkpoint, Revision
from articles.services import merge, publishing
from tests import factories
from tests.articles.author_form import filled, hidden_value

pytestmark = pytest.mark.django_db
A, B, C, D = ("<p>" + word * 3 + "</p>" for word in ("one ", "two ", "three ", "four "))


@pytest.fixture
def user(client: Client) -> User:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


@pytest.fixture
def article(user: User) -> Article:
    """A draft that another window has changed since version 1."""
    article = factories.draft(user, title="First", body=A + B + C)
    publishing.save_draft(article=article, text=factories.text(title="Theirs", body=A + D + C))
    return article


def latest(article: Article) -> Revision:
    return Revision.objects.get(latest_for=article.pk)


def send(client: Client, article: Article, **changes: Any) -> Any:
    data = filled(article, **{"version": 1, "title": "Mine", "body": A + B + "<p>five</p>" + C, **changes})
    return client.post(reverse("my_article_edit", args=[article.pk]), data)


def choose(client: Client, article: Article, keep: str, **choices: str) -> Any:
    """Send the page of the conflict."""
    page = send(client, article)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    data = {name: value.replace("&lt;", "<").replace("&gt;", ">") for name, value in fields}
    return client.post(reverse("my_article_merge", args=[article.pk]), data | {"keep": keep} | choices)


def test_stale_form_is_409_and_shows_both_texts(client: Client, article: Article) -> None:
    answer = send(client, article)
    assert answer.status_code == 409
    assert "Theirs</mark>" in answer.text
    assert "Mine</mark>" in answer.text
    assert 'name="choose-place-0" value="both"' in answer.text
    assert 'name="choose-section"' not in answer.text
    assert hidden_value(answer, "version") == "2"
    assert (latest(article).title, latest(article).version) == ("Theirs", 2)


def test_stale_form_with_the_stored_text_is_saved(client: Client, article: Article) -> None:
    summary = latest(article).summary
    answer = send(client, article, title="Theirs", body=A + D + C, summary=summary, tags="street lamps")
    assert answer.status_code == 302
    assert latest(article).version == 2


def test_stale_form_of_a_new_article_is_409(client: Client, user: User) -> None:
    """The form was duplicated with its tab."""
    data = filled(title="From the first tab")
    client.post(reverse("my_article_new"), data)
    answer = client.post(reverse("my_article_new"), data | {"title": "From the second", "save_key": ""})
    assert answer.status_code == 409
    assert str(Article.objects.select_related("latest").get()) == "From the first tab"
    assert reverse("my_article_merge", args=[Article.objects.get().pk]) in answer.text


def test_new_form_sent_again_after_going_back_replaces_its_own_text(client: Client, user: User) -> None:
    data = filled()
    client.post(reverse("my_article_new"), data)
    assert client.post(reverse("my_article_new"), data | {"title": "Corrected"}).status_code == 302
    assert str(Article.objects.select_related("latest").get()) == "Corrected"


def test_form_opened_before_a_correction_is_409(client: Client, user: User) -> None:
    article = factories.published(user)
    data = filled(article, title="Mine")
    publishing.correct(article=article, text=factories.text(title="Corrected by a moderator"))
    answer = client.post(reverse("my_article_edit", args=[article.pk]), data)
    assert answer.status_code == 409
    assert "Corrected by a moderator" in answer.text
    assert latest(article).title == "Corrected by a moderator"


def test_keep_mine_replaces_the_other_text_which_can_be_restored(client: Client, article: Article) -> None:
    assert choose(client, article, "mine").status_code == 302
    assert (latest(article).title, latest(article).body) == ("Mine", A + B + "<p>five</p>" + C)
    assert latest(article).version == 3
    assert [row.title for row in Checkpoint.objects.all()] == ["Theirs"]


def test_keep_theirs_changes_nothing(client: Client, article: Article) -> None:
    assert choose(client, article, "theirs").status_code == 302
    assert (latest(article).title, latest(article).version) == ("Theirs", 2)


@pytest.mark.parametrize(
    ("choices", "title", "middle"),
    [
        ({}, "Mine", B + "<p>five</p>"),
        ({"choose-title": "theirs"}, "Theirs", B + "<p>five</p>"),
        ({"choose-place-0": "theirs"}, "Mine", D),
        ({"choose-place-0": "both"}, "Mine", D + B + "<p>five</p>"),
        ({"choose-place-0": "nonsense", "choose-place-9": "theirs"}, "Mine", B + "<p>five</p>"),
    ],
)
def test_merge_takes_what_was_chosen(
    client: Client, article: Article, choices: dict[str, str], title: str, middle: str
) -> None:
    choose(client, article, "merge", **choices)
    assert (latest(article).title, latest(article).body) == (title, A + middle + C)


def test_merge_of_a_text_that_changed_again_is_409(client: Client, article: Article) -> None:
    data = filled(article, title="Mine", version=2, keep="merge")
    publishing.save_draft(article=article, text=factories.text(title="Changed again"))
    answer = client.post(reverse("my_article_merge", args=[article.pk]), data)
    assert answer.status_code == 409
    assert "Changed again" in answer.text
    assert hidden_value(answer, "version") == "3"
    assert latest(article).title == "Changed again"


def test_merge_that_becomes_too_long_is_refused(client: Client, article: Article) -> None:
    long = "".join(f"<p>{'x' * 9_000}{number}</p>" for number in range(11))
    publishing.save_draft(article=article, text=factories.text(title="Theirs", body=long))
    data = filled(article, body=long.replace("x", "y"), version=3, keep="merge")
    answer = client.post(reverse("my_article_merge", args=[article.pk]), data | {"choose-place-0": "both"})
    assert "too long for one article" in answer.text
    assert latest(article).body == long


def test_merge_of_a_text_in_review_is_refused(client: Client, article: Article) -> None:
    publishing.save_draft(article=article, text=factories.text(title="Theirs"))
    publishing.submit(article=article)
    answer = client.post(reverse("my_article_merge", args=[article.pk]), filled(article, title="Mine", keep="mine"))
    assert "Withdraw it before you edit it" in answer.text
    assert latest(article).title == "Theirs"


def test_merge_of_an_article_of_another_author_is_404(client: Client, user: User) -> None:
    other = factories.draft()
    assert client.post(reverse("my_article_merge", args=[other.pk]), filled(other, keep="mine")).status_code == 404


def test_texts_that_differ_everywhere_are_chosen_as_a_whole(client: Client, user: User) -> None:
    mine, theirs = ("".join(f"<p>{word}{n}</p><p>same {n}</p>" for n in range(300)) for word in ("m", "t"))
    article = factories.draft(user, body=theirs)
    answer = send(client, article, version=9, body=mine)
    assert "too many places" in answer.text
    assert 'value="merge"' not in answer.text


# --- Blocks


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", []),
        ("<p>a</p>", ["<p>a</p>"]),
        ("<p>a <em>b</em><br>c</p><h2>d</h2>", ["<p>a <em>b</em><br>c</p>", "<h2>d</h2>"]),
        ("<ul><li><p>a</p></li><li><ul><li>b</li></ul></li></ul><hr>", None),
        ("<hr><hr>", ["<hr>", "<hr>"]),
        ("loose <em>words</em><p>a</p>more", ["loose <em>words</em>", "<p>a</p>", "more"]),
        ("<blockquote><p>a</p><p>b</p></blockquote>", None),
    ],
)
def test_blocks_are_the_outermost_elements(html: str, expected: list[str] | None) -> None:
    found = merge.blocks(html)
    assert "".join(found) == html
    assert found == (expected or found)
    assert len(found) == len(expected) if expected is not None else len(found) <= 2


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_one_choice_everywhere_is_that_text(choice: str) -> None:
    theirs, mine = A + D + "<hr>" + C, B + A + "<ul><li>x</li></ul>" + C
    compared = merge.places(theirs, mine)
    whole = "".join("".join(getattr(place, choice)) for place in compared)
    assert whole == {"mine": mine, "theirs": theirs}[choice]
