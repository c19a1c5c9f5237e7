"""What a decision does, who may make it, and what it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles.models import Article, Revision
from articles.moderation.models import Decision
from articles.moderation.services import correct, decide, possible_verdicts
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.people import administrator, moderator

pytestmark = pytest.mark.django_db
Verdict = Decision.Verdict


def latest(article: Article) -> Revision:
    article.refresh_from_db()
    assert article.latest is not None
    return article.latest


def test_publishing_shows_the_article_and_is_recorded() -> None:
    article, user = factories.in_review(), moderator()

    decision = decide(revision=latest(article), moderator=user, verdict="publish")

    article.refresh_from_db()
    assert article.state == Article.State.PUBLISHED
    assert (decision.revision, decision.moderator, decision.verdict) == (article.live, user, Verdict.PUBLISH)


def test_returning_gives_the_text_back_with_the_reason() -> None:
    article = factories.in_review()

    decision = decide(
        revision=latest(article), moderator=moderator(), verdict="return", reason="  Say who counted. ", rule="sources"
    )

    article.refresh_from_db()
    assert article.state == Article.State.RETURNED
    assert (decision.reason, decision.rule) == ("Say who counted.", "sources")


def test_hiding_and_showing_again() -> None:
    article, user = factories.published(), moderator()
    published_at = article.published_at

    decide(revision=latest(article), moderator=user, verdict="hide", reason="Names a child.", rule="privacy")
    article.refresh_from_db()
    assert article.state == Article.State.HIDDEN

    decide(revision=latest(article), moderator=user, verdict="restore")
    article.refresh_from_db()
    assert (article.state, article.published_at) == (Article.State.PUBLISHED, published_at)
    assert list(Decision.objects.values_list("verdict", flat=True)) == ["restore", "hide"]


def test_returning_a_change_leaves_the_live_text_up() -> None:
    article = factories.published()
    live = article.live
    publishing.save_draft(article=article, text=factories.text(title="A changed title"))
    article.refresh_from_db()
    publishing.submit(article=article)

    decide(revision=latest(article), moderator=moderator(), verdict="return", reason="Not yet.")

    article.refresh_from_db()
    assert (article.state, article.live) == (Article.State.PUBLISHED, live)


def test_hiding_at_a_change_gives_the_change_back_too() -> None:
    article = factories.published()
    publishing.save_draft(article=article, text=factories.text(title="A changed title"))
    publishing.submit(article=article)

    decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Both are copied.")

    article.refresh_from_db()
    assert article.state == Article.State.HIDDEN
    assert latest(article).state == Revision.State.RETURNED
    assert Decision.objects.count() == 1


def test_looking_after_what_was_published_without_review() -> None:
    article, user = factories.published(), moderator()
    assert possible_verdicts(latest(article)) == [Verdict.KEEP, Verdict.HIDE]

    decide(revision=latest(article), moderator=user, verdict="keep")

    article.refresh_from_db()
    assert article.state == Article.State.PUBLISHED
    assert possible_verdicts(latest(article)) == [Verdict.HIDE]


@pytest.mark.parametrize("reason", ["", "   \n "])
@pytest.mark.parametrize("verdict", ["return", "hide"])
def test_a_refusal_needs_a_reason(verdict: str, reason: str) -> None:
    article = factories.in_review() if verdict == "return" else factories.published()

    with pytest.raises(ActionNotAllowed, match="reason"):
        decide(revision=latest(article), moderator=moderator(), verdict=verdict, reason=reason)

    assert not Decision.objects.exists()


def test_a_reason_has_an_end() -> None:
    with pytest.raises(ActionNotAllowed, match="2000"):
        decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="return", reason="x" * 2001)


def test_an_unknown_rule_is_no_decision() -> None:
    with pytest.raises(ValueError, match="no rule"):
        decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="publish", rule="invented")


@pytest.mark.parametrize("make", [moderator, administrator])
def test_nobody_decides_on_their_own_article(make: type) -> None:
    user = make()
    article = factories.in_review(user)

    with pytest.raises(ActionNotAllowed, match="own article"):
        decide(revision=latest(article), moderator=user, verdict="publish")

    article.refresh_from_db()
    assert article.state == Article.State.IN_REVIEW


def test_staff_status_alone_decides_nothing() -> None:
    with pytest.raises(PermissionDenied):
        decide(
            revision=latest(factories.in_review()),
            moderator=factories.PersonFactory.create(is_staff=True),
            verdict="publish",
        )


def test_a_suspended_moderator_decides_nothing() -> None:
    user = moderator(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        decide(revision=latest(factories.in_review()), moderator=user, verdict="publish")


def test_a_second_decision_is_told_of_the_first() -> None:
    article = factories.in_review()
    revision = latest(article)
    decide(revision=revision, moderator=moderator(display_name="Anahit"), verdict="publish")

    with pytest.raises(ActionNotAllowed, match=r"Anahit decided on this already, .* ago: Publish"):
        decide(revision=revision, moderator=moderator(), verdict="return", reason="Late.")

    article.refresh_from_db()
    assert article.state == Article.State.PUBLISHED
    assert Decision.objects.count() == 1


def test_what_the_author_took_back_is_not_decided_on() -> None:
    article = factories.in_review()
    revision = latest(article)
    publishing.withdraw(article=article)

    with pytest.raises(ActionNotAllowed, match="took it back"):
        decide(revision=revision, moderator=moderator(), verdict="publish")


def test_what_the_author_deleted_is_not_decided_on() -> None:
    article = factories.in_review()
    revision = latest(article)
    publishing.discard(article=publishing.withdraw(article=article))

    with pytest.raises(ActionNotAllowed, match="deleted"):
        decide(revision=revision, moderator=moderator(), verdict="publish")


def test_a_decision_binds_to_the_text_that_was_read() -> None:
    """The author takes it back, writes something else and submits it again while the moderator still reads."""
    article = factories.in_review()
    as_read = latest(article)
    publishing.withdraw(article=article)
    publishing.save_draft(article=article, text=factories.text(title="Something else entirely"))
    publishing.submit(article=article)
    assert latest(article).pk == as_read.pk

    with pytest.raises(ActionNotAllowed, match="Read it once more"):
        decide(revision=as_read, moderator=moderator(), verdict="publish")

    article.refresh_from_db()
    assert article.state == Article.State.IN_REVIEW


def test_a_first_submission_cannot_be_hidden() -> None:
    article = factories.in_review()
    with pytest.raises(ActionNotAllowed, match="Return it instead"):
        decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Spam.")


def test_a_correction_is_live_at_once_and_recorded() -> None:
    article, user = factories.published(), moderator()

    decision = correct(
        revision=latest(article), moderator=user, text=factories.text(title="We counted the lamps"), reason="A slip."
    )

    article.refresh_from_db()
    assert article.live is not None
    assert article.live.title == "We counted the lamps"
    assert (decision.revision, decision.verdict, decision.reason) == (article.live, Verdict.CORRECT, "A slip.")


def test_two_corrections_of_one_text_are_one() -> None:
    article = factories.published()
    as_read = latest(article)
    correct(revision=as_read, moderator=moderator(), text=factories.text(title="First"), reason="A slip.")

    with pytest.raises(ActionNotAllowed, match="meanwhile"):
        correct(revision=as_read, moderator=moderator(), text=factories.text(title="Second"), reason="A slip.")

    assert latest(article).title == "First"


def test_correcting_needs_a_reason_another_author_and_the_permission() -> None:
    user = moderator()
    text = factories.text(title="Changed")
    with pytest.raises(ActionNotAllowed, match="reason"):
        correct(revision=latest(factories.published()), moderator=user, text=text, reason=" ")
    with pytest.raises(ActionNotAllowed, match="own article"):
        correct(revision=latest(factories.published(user)), moderator=user, text=text, reason="Mine.")
    with pytest.raises(PermissionDenied):
        correct(
            revision=latest(factories.published()), moderator=factories.PersonFactory.create(), text=text, reason="Hm."
        )
