"""The publishing services: transitions, refusals, concurrency, and database constraints."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from articles.models import Article, ArticleTag, Revision
from articles.services import publishing
from articles.services.trust import is_trusted
from core.exceptions import ActionNotAllowed
from core.models import SiteSettings
from tests import factories
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

State = Article.State


def fresh(article: Article) -> Article:
    return Article.objects.select_related("live", "latest", "author").get(pk=article.pk)


def returned(author: User | None = None) -> Article:
    article = factories.in_review(author)
    assert article.latest is not None
    return publishing.return_to_author(article=article, revision_number=article.latest.number)


def published_with_change(state: str = "in_review") -> Article:
    """Return a published article with a newer revision, in review or a draft."""
    article = factories.published()
    article = publishing.save_draft(article=article, text=factories.text(title="Second text", tag_names=["new"]))
    return publishing.submit(article=article) if state == "in_review" else article


def in_trash() -> Article:
    article = factories.draft()
    publishing.discard(article=article)
    return article


MAKERS: dict[str, Callable[[], Article]] = {
    "draft": factories.draft,
    "in trash": in_trash,
    "in_review": factories.in_review,
    "published": factories.published,
    "returned": returned,
    "hidden": factories.hidden,
    "change": published_with_change,
    "open change": lambda: published_with_change("draft"),
}
ACTIONS: dict[str, Callable[[Article], object]] = {
    "save": lambda article: publishing.save_draft(article=article, text=factories.text(title="Anew")),
    "submit": lambda article: publishing.submit(article=article),
    "withdraw": lambda article: publishing.withdraw(article=article),
    "publish": lambda article: publishing.publish(article=article, revision_number=number(article)),
    "return": lambda article: publishing.return_to_author(article=article, revision_number=number(article)),
    "hide": lambda article: publishing.hide(article=article),
    "restore": lambda article: publishing.restore(article=article),
    "correct": lambda article: publishing.correct(article=article, text=factories.text(title="Corrected")),
    "discard": lambda article: publishing.discard(article=article),
}
# The result of each action in each state: (state of the article, state of its latest revision). An action that is
# missing here is refused.
RESULTS: dict[str, dict[str, tuple[str, str]]] = {
    "draft": {"save": ("draft", "draft"), "submit": ("in_review", "in_review"), "discard": ("draft", "draft")},
    "in trash": {"discard": ("draft", "draft")},
    "in_review": {
        "submit": ("in_review", "in_review"),
        "withdraw": ("draft", "draft"),
        "publish": ("published", "published"),
        "return": ("returned", "returned"),
    },
    "published": {
        "save": ("published", "draft"),
        "hide": ("hidden", "published"),
        "correct": ("published", "published"),
    },
    "returned": {"save": ("draft", "draft")},
    "hidden": {"save": ("hidden", "draft"), "restore": ("published", "published")},
    "change": {
        "submit": ("published", "in_review"),
        "withdraw": ("published", "draft"),
        "publish": ("published", "published"),
        "return": ("published", "returned"),
        "hide": ("hidden", "in_review"),
    },
    "open change": {
        "save": ("published", "draft"),
        "submit": ("published", "in_review"),
        "hide": ("hidden", "draft"),
    },
}


def number(article: Article) -> int:
    assert article.latest is not None
    return article.latest.number


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("origin", MAKERS)
def test_each_action_from_each_state(origin: str, action: str) -> None:
    article = MAKERS[origin]()
    before = fresh(article)
    if action not in RESULTS[origin]:
        with pytest.raises(ActionNotAllowed) as refusal:
            ACTIONS[action](article)
        assert str(refusal.value).endswith(".")
        after = fresh(article)
        assert after.latest is not None
        assert before.latest is not None
        assert (after.state, after.latest_id, after.latest.state) == (
            before.state,
            before.latest_id,
            before.latest.state,
        )
        return
    ACTIONS[action](article)
    after = fresh(article)
    assert after.latest is not None
    assert (after.state, after.latest.state) == RESULTS[origin][action]
    assert (after.deleted_at is not None) == (action == "discard")
    assert (after.published_at is not None) == (after.state in {"published", "hidden"})


def test_decision_on_outdated_revision_number_is_refused() -> None:
    article = factories.in_review()
    old = number(article)
    publishing.withdraw(article=article)
    publishing.save_draft(article=article, text=factories.text(title="Changed after the moderator looked"))
    publishing.return_to_author(article=publishing.submit(article=article), revision_number=old)
    publishing.save_draft(article=article, text=factories.text(title="Third"))
    article = publishing.submit(article=article)
    with pytest.raises(ActionNotAllowed):
        publishing.publish(article=article, revision_number=old)
    assert fresh(article).state == State.IN_REVIEW


def test_publish_again_keeps_first_publication_time() -> None:
    article = published_with_change()
    first = fresh(article).published_at
    article = publishing.publish(article=article, revision_number=number(article))
    assert article.live is not None
    assert (article.live.title, article.published_at) == ("Second text", first)
    assert [tag.name for tag in article.tags.all()] == ["new"]


def test_live_revision_stays_while_change_is_in_review() -> None:
    article = fresh(published_with_change())
    assert article.live is not None
    assert article.live.title == "We counted every street lamp"
    assert [tag.name for tag in article.tags.all()] == ["street lamps"]


def test_save_draft_never_overwrites_decided_revision() -> None:
    article = returned()
    decided = article.latest
    assert decided is not None
    publishing.save_draft(article=article, text=factories.text(title="Mended"))
    decided.refresh_from_db()
    assert (decided.title, decided.state, decided.number) == ("We counted every street lamp", "returned", 1)
    assert number(fresh(article)) == 2


def test_hide_removes_tags_and_restore_adds_them() -> None:
    article = factories.hidden()
    assert not ArticleTag.objects.filter(article=article).exists()
    published_at = fresh(article).published_at
    article = publishing.restore(article=article)
    assert ArticleTag.objects.filter(article=article).count() == 1
    assert article.published_at == published_at


def test_correct_keeps_state_and_publication_time() -> None:
    article = factories.published()
    published_at = fresh(article).published_at
    article = publishing.correct(article=article, text=factories.text(title="Corrected"))
    assert article.live is not None
    assert (article.live.title, article.published_at, str(article)) == ("Corrected", published_at, "Corrected")


# --- Permissions


def test_submit_needs_confirmed_email() -> None:
    article = factories.draft(factories.UserFactory.create(confirmation=False))
    with pytest.raises(ActionNotAllowed, match="Confirm your email address"):
        publishing.submit(article=article)


@pytest.mark.parametrize("action", ["save", "submit"])
def test_suspended_author_cannot_save_or_submit(action: str) -> None:
    article = factories.draft()
    User.objects.filter(pk=article.author_id).update(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        ACTIONS[action](fresh(article))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        publishing.start_draft(author=fresh(article).author, text=factories.text())


def test_author_can_write_after_suspension() -> None:
    article = factories.draft()
    User.objects.filter(pk=article.author_id).update(suspended_until=timezone.now() - timedelta(seconds=1))
    assert publishing.submit(article=fresh(article)).state == State.IN_REVIEW


def test_submit_refuses_short_text() -> None:
    article = factories.draft(body="<p>Too short</p>")
    with pytest.raises(ActionNotAllowed, match="at least 30 words"):
        publishing.submit(article=article)
    assert fresh(article).state == State.DRAFT


def test_submit_fills_empty_summary() -> None:
    article = factories.in_review(summary="", body="<p>Fish &amp; chips. " + "word " * 100 + "</p>")
    assert article.latest is not None
    assert article.latest.summary.startswith("Fish & chips. word")
    assert len(article.latest.summary) <= 200


def test_trusted_author_publishes_until_an_article_is_hidden() -> None:
    author = factories.UserFactory.create()
    published = [factories.published(author) for _ in range(3)]
    assert is_trusted(author)
    assert factories.in_review(author).state == State.PUBLISHED
    publishing.hide(article=published[0])
    assert not is_trusted(author)
    assert factories.in_review(author).state == State.IN_REVIEW


def test_submit_hidden_article_of_trusted_author_is_reviewed() -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    article = publishing.hide(article=factories.in_review())
    publishing.save_draft(article=article, text=factories.text(title="Without the address"))
    article = publishing.submit(article=article)
    assert article.latest is not None
    assert (article.state, article.latest.state) == (State.HIDDEN, "in_review")


def test_services_sanitize_body() -> None:
    article = factories.draft(body="<p onclick=x>Hello<script>alert(1)</script></p>")
    assert article.latest is not None
    assert article.latest.body == "<p>Hello</p>"


# --- Submitted twice


def test_start_draft_twice_with_one_key_creates_one_article() -> None:
    author, key, text = factories.UserFactory.create(), uuid.uuid4(), factories.text()
    first = publishing.start_draft(author=author, text=text, form_key=key)
    second = publishing.start_draft(author=author, text=text, form_key=key)
    assert first.pk == second.pk
    assert Revision.objects.filter(article=first).count() == 1


def test_start_draft_again_with_other_content_saves_draft() -> None:
    author, key = factories.UserFactory.create(), uuid.uuid4()
    article = publishing.start_draft(author=author, text=factories.text(), form_key=key)
    publishing.start_draft(author=author, text=factories.text(title="More"), form_key=key)
    assert (str(fresh(article)), Article.objects.count()) == ("More", 1)


def test_start_draft_again_after_publication_returns_article() -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0})
    author, key, text = factories.UserFactory.create(), uuid.uuid4(), factories.text(summary="")
    article = publishing.submit(article=publishing.start_draft(author=author, text=text, form_key=key))
    again = publishing.start_draft(author=author, text=text, form_key=key)
    assert (again.pk, fresh(article).state) == (article.pk, State.PUBLISHED)
    assert Revision.objects.count() == 1


def test_start_draft_again_with_other_content_in_review_is_refused() -> None:
    author, key = factories.UserFactory.create(), uuid.uuid4()
    publishing.submit(article=publishing.start_draft(author=author, text=factories.text(), form_key=key))
    with pytest.raises(ActionNotAllowed, match="in review"):
        publishing.start_draft(author=author, text=factories.text(title="Changed"), form_key=key)


def test_form_key_belongs_to_its_author() -> None:
    key = uuid.uuid4()
    articles = {
        publishing.start_draft(author=factories.UserFactory.create(), text=factories.text(), form_key=key).pk
        for _ in range(2)
    }
    assert len(articles) == 2


def test_save_draft_unchanged_creates_no_revision() -> None:
    article = factories.published()
    publishing.save_draft(article=article, text=factories.text())
    assert Revision.objects.filter(article=article).count() == 1


# --- Decided revisions


def test_discard_decided_draft_is_refused() -> None:
    article = returned()
    publishing.save_draft(article=article, text=factories.text(title="Second try"))
    with pytest.raises(ActionNotAllowed, match="cannot be deleted"):
        publishing.discard(article=article)
    assert fresh(article).deleted_at is None


def test_actions_on_deleted_article_are_refused() -> None:
    article = factories.draft()
    fresh(article).delete()
    for action in ACTIONS.values():
        with pytest.raises(ActionNotAllowed):
            action(article)


# --- Constraints


@pytest.mark.parametrize(
    ("maker", "changes"),
    [
        ("draft", {"state": "unknown"}),
        ("draft", {"state": "published"}),
        ("draft", {"published_at": timezone.now()}),
        ("published", {"published_at": None}),
        ("published", {"live": None}),
        ("published", {"state": "draft"}),
        ("published", {"section": None}),
        ("hidden", {"section": None}),
        ("published", {"deleted_at": timezone.now()}),
        ("in_review", {"deleted_at": timezone.now()}),
    ],
)
def test_constraint_state_and_publication_time(maker: str, changes: dict[str, object]) -> None:
    article = MAKERS[maker]()
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(**changes)


def test_constraint_one_open_revision_and_unique_numbers() -> None:
    article = fresh(factories.draft())
    assert article.latest is not None
    for changes in ({"number": 2}, {"number": 1, "state": "returned", "submitted_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Revision.objects.create(article=article, title="Other", section=article.section, **changes)


def test_constraint_submitted_revision_has_time() -> None:
    article = factories.draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.filter(article=article).update(state="in_review")


@pytest.mark.parametrize("changes", [{"title": ""}, {"section": None}])
@pytest.mark.parametrize("maker", [factories.in_review, factories.published, returned])
def test_constraint_submitted_revision_has_title_and_section(
    maker: Callable[[], Article], changes: dict[str, object]
) -> None:
    article = maker()
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.filter(article=article).update(**changes)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs real parallel connections")
def test_concurrent_start_draft_creates_one_article() -> None:
    author, key, text = factories.UserFactory.create(), uuid.uuid4(), factories.text()
    raised = at_once([lambda: publishing.start_draft(author=author, text=text, form_key=key)] * 6)
    assert raised == [None] * 6
    assert (Article.objects.count(), Revision.objects.count()) == (1, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs real parallel connections")
def test_concurrent_withdraw_and_publish_end_in_one_state() -> None:
    article = factories.in_review()
    raised = at_once([lambda: ACTIONS["withdraw"](article), lambda: ACTIONS["publish"](article)])
    assert sum(isinstance(error, ActionNotAllowed) for error in raised) == 1
    assert sum(error is None for error in raised) == 1
    assert fresh(article).state in {State.DRAFT, State.PUBLISHED}


def test_summary_from_the_text_is_cut_at_a_word() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
    article = factories.in_review(summary="", body=f"<p>{(family + ' lamps ') * 200}</p>")
    assert article.latest
    assert set(article.latest.summary.rstrip("…").split()) == {family, "lamps"}


def test_words_that_show_nothing_do_not_count() -> None:
    with pytest.raises(ActionNotAllowed, match="at least 30 words"):
        factories.in_review(body="<p>" + "\u3164 " * 40 + "</p>")
