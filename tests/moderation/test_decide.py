"""The services `decide` and `correct`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from articles.models import Article, Revision
from articles.moderation.models import Decision, Rule, RuleVersion
from articles.moderation.services import allowed_verdicts, correct, decide
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db
Verdict = Decision.Verdict


def latest(article: Article) -> Revision:
    article.refresh_from_db()
    assert article.latest is not None
    return article.latest


def test_decide_publish_publishes_and_records() -> None:
    article, user = factories.in_review(), moderator()

    decision = decide(revision=latest(article), moderator=user, verdict="publish")

    article.refresh_from_db()
    assert article.state == Article.State.PUBLISHED
    assert (decision.revision, decision.moderator, decision.verdict) == (article.live, user, Verdict.PUBLISH)


def test_decide_return_stores_reason_and_rule() -> None:
    article = factories.in_review()

    decision = decide(
        revision=latest(article), moderator=moderator(), verdict="return", reason="  Say who counted. ", rule="sources"
    )

    article.refresh_from_db()
    assert article.state == Article.State.RETURNED
    assert (decision.reason, decision.rule) == ("Say who counted.", "sources")
    assert decision.rule_version == RuleVersion.objects.get(rule__slug="sources")


def test_decide_hide_and_restore() -> None:
    article, user = factories.published(), moderator()
    published_at = article.published_at

    decide(revision=latest(article), moderator=user, verdict="hide", reason="Names a child.", rule="privacy")
    article.refresh_from_db()
    assert article.state == Article.State.HIDDEN

    decide(revision=latest(article), moderator=user, verdict="restore")
    article.refresh_from_db()
    assert (article.state, article.published_at) == (Article.State.PUBLISHED, published_at)
    assert list(Decision.objects.values_list("verdict", flat=True)) == ["restore", "hide"]


def test_decide_return_of_change_leaves_live_text() -> None:
    article = factories.published()
    live = article.live
    publishing.save_draft(article=article, text=factories.text(title="A changed title"))
    article.refresh_from_db()
    publishing.submit(article=article)

    decide(revision=latest(article), moderator=moderator(), verdict="return", reason="Not yet.")

    article.refresh_from_db()
    assert (article.state, article.live) == (Article.State.PUBLISHED, live)


def test_decide_hide_returns_change_in_review() -> None:
    article = factories.published()
    publishing.save_draft(article=article, text=factories.text(title="A changed title"))
    publishing.submit(article=article)

    decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Both are copied.")

    article.refresh_from_db()
    assert article.state == Article.State.HIDDEN
    assert latest(article).state == Revision.State.RETURNED
    assert Decision.objects.count() == 1


def test_decide_keep_after_publication_without_review() -> None:
    article, user = factories.published(), moderator()
    assert allowed_verdicts(latest(article)) == [Verdict.KEEP, Verdict.HIDE]

    decide(revision=latest(article), moderator=user, verdict="keep")

    article.refresh_from_db()
    assert article.state == Article.State.PUBLISHED
    assert allowed_verdicts(latest(article)) == [Verdict.HIDE]


@pytest.mark.parametrize("reason", ["", "   \n "])
@pytest.mark.parametrize("verdict", ["return", "hide"])
def test_decide_refusal_without_reason_is_refused(verdict: str, reason: str) -> None:
    article = factories.in_review() if verdict == "return" else factories.published()

    with pytest.raises(ActionNotAllowed, match="reason"):
        decide(revision=latest(article), moderator=moderator(), verdict=verdict, reason=reason)

    assert not Decision.objects.exists()


def test_decide_reason_too_long_is_refused() -> None:
    with pytest.raises(ActionNotAllowed, match="2000"):
        decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="return", reason="x" * 2001)


@pytest.mark.parametrize("rule", ["invented", "copy"])
def test_decide_with_unknown_or_retired_rule_is_refused(rule: str) -> None:
    Rule.objects.filter(slug="copy").update(retired_at=timezone.now())
    with pytest.raises(ActionNotAllowed, match="no longer valid"):
        decide(revision=latest(factories.in_review()), moderator=moderator(), verdict="publish", rule=rule)
    assert not Decision.objects.exists()


@pytest.mark.parametrize("make", [moderator, administrator])
def test_decide_own_article_is_refused(make: type) -> None:
    user = make()
    article = factories.in_review(user)

    with pytest.raises(ActionNotAllowed, match="own article"):
        decide(revision=latest(article), moderator=user, verdict="publish")

    article.refresh_from_db()
    assert article.state == Article.State.IN_REVIEW


def test_decide_staff_without_permission_is_denied() -> None:
    with pytest.raises(PermissionDenied):
        decide(
            revision=latest(factories.in_review()),
            moderator=factories.UserFactory.create(is_staff=True),
            verdict="publish",
        )


def test_decide_suspended_moderator_is_refused() -> None:
    user = moderator(suspended_until=timezone.now() + timedelta(days=1))
    with pytest.raises(ActionNotAllowed, match="suspended"):
        decide(revision=latest(factories.in_review()), moderator=user, verdict="publish")


def test_decide_second_decision_names_the_first() -> None:
    article = factories.in_review()
    revision = latest(article)
    decide(revision=revision, moderator=moderator(display_name="Anahit"), verdict="publish")

    with pytest.raises(ActionNotAllowed, match=r"Anahit already decided on this .* ago: Publish"):
        decide(revision=revision, moderator=moderator(), verdict="return", reason="Late.")

    article.refresh_from_db()
    assert article.state == Article.State.PUBLISHED
    assert Decision.objects.count() == 1


def test_decide_withdrawn_submission_is_refused() -> None:
    article = factories.in_review()
    revision = latest(article)
    publishing.withdraw(article=article)

    with pytest.raises(ActionNotAllowed, match="the author withdrew it"):
        decide(revision=revision, moderator=moderator(), verdict="publish")


def test_decide_deleted_submission_is_refused() -> None:
    article = factories.in_review()
    revision = latest(article)
    publishing.discard(article=publishing.withdraw(article=article))

    with pytest.raises(ActionNotAllowed, match="withdrew"):
        decide(revision=revision, moderator=moderator(), verdict="publish")
    Article.objects.get(pk=article.pk).delete()
    with pytest.raises(ActionNotAllowed, match="deleted"):
        decide(revision=revision, moderator=moderator(), verdict="publish")


def test_decide_resubmitted_text_is_refused() -> None:
    """The author withdraws, changes and submits the text again while the moderator reads."""
    article = factories.in_review()
    as_read = latest(article)
    publishing.withdraw(article=article)
    publishing.save_draft(article=article, text=factories.text(title="Something else entirely"))
    publishing.submit(article=article)
    assert latest(article).pk == as_read.pk

    with pytest.raises(ActionNotAllowed, match="Review the new version"):
        decide(revision=as_read, moderator=moderator(), verdict="publish")

    article.refresh_from_db()
    assert article.state == Article.State.IN_REVIEW


def test_decide_hide_first_submission_is_refused() -> None:
    article = factories.in_review()
    with pytest.raises(ActionNotAllowed, match="Return it instead"):
        decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Spam.")


def test_correct_is_live_and_recorded() -> None:
    article, user = factories.published(), moderator()

    decision = correct(
        article=article,
        revision_number=latest(article).number,
        moderator=user,
        text=factories.text(title="We counted the lamps"),
        reason="A slip.",
    )

    article.refresh_from_db()
    assert article.live is not None
    assert article.live.title == "We counted the lamps"
    assert (decision.revision, decision.verdict, decision.reason) == (article.live, Verdict.CORRECT, "A slip.")


def test_correct_superseded_revision_is_refused() -> None:
    article = factories.published()
    number, user = latest(article).number, moderator()
    first, second = factories.text(title="First"), factories.text(title="Second")
    correct(article=article, revision_number=number, moderator=user, text=first, reason="A slip.")

    with pytest.raises(ActionNotAllowed, match="Another version"):
        correct(article=article, revision_number=number, moderator=user, text=second, reason="A slip.")

    assert latest(article).title == "First"


@pytest.mark.parametrize("moderator_is_author", [True, False])
def test_correct_needs_reason_and_another_author(moderator_is_author: bool) -> None:
    user = moderator()
    article = factories.published(user if moderator_is_author else None)
    reason, error = ("Mine.", "own article") if moderator_is_author else (" ", "reason")
    with pytest.raises(ActionNotAllowed, match=error):
        correct(article=article, revision_number=1, moderator=user, text=factories.text(), reason=reason)


def test_correct_needs_permission() -> None:
    user = factories.UserFactory.create()
    article = factories.published()
    with pytest.raises(PermissionDenied):
        correct(article=article, revision_number=1, moderator=user, text=factories.text(), reason="Hm.")
