"""A moderator who is a co-author of an article does not decide on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Revision
from articles.moderation.services import alerts, claims, decide, schedule
from articles.moderation.services.appeals import appeal_decision, decide_appeal
from articles.promotion.models import Promotion
from articles.services import coauthors, publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.users import moderator
from tests.promotion import actions

pytestmark = pytest.mark.django_db


def written_with(article: Article, user: User) -> Revision:
    coauthors.accept(invitation=coauthors.invite(article=article, username=user.username), user=user)
    return Revision.objects.get(latest_for=article)


def test_coauthor_does_not_decide(client: Client) -> None:
    user = moderator(username="judge")
    revision = written_with(factories.in_review(title="Ours"), user)
    with pytest.raises(ActionNotAllowed, match="own article"):
        decide(revision=revision, moderator=user, verdict="publish")
    with pytest.raises(ActionNotAllowed, match="own article"):
        claims.claim(revision=revision, moderator=user)
    assert claims.take_next(moderator=user) is None
    other = factories.in_review(title="Another")
    taken = claims.take_next(moderator=user)
    assert taken is not None
    assert taken.article_id == other.pk
    client.force_login(user)
    page = client.get(reverse("admin:moderation_submission_change", args=[revision.pk])).text
    assert 'name="verdict"' not in page


def test_coauthor_gets_no_alert_and_decides_on_no_appeal(client: Client) -> None:
    user = moderator(username="judge")
    revision = written_with(factories.in_review(title="Ours"), user)
    assert (alerts.waiting_for(user).submissions, alerts.waiting_for(moderator()).submissions) == (0, 1)
    returned = decide(revision=revision, moderator=moderator(), verdict="return", reason="Too thin.")
    appeal = appeal_decision(decision=returned, user=revision.article.author, text="It is not.")
    for outcome in ("granted", "refused"):
        with pytest.raises(ActionNotAllowed, match="own article"):
            decide_appeal(appeal=appeal, moderator=user, outcome=outcome, answer="Because.")
    client.force_login(user)
    page = client.get(reverse("admin:moderation_appeal_change", args=[appeal.pk])).text
    assert "Another moderator must decide on it." in page
    assert 'name="outcome"' not in page


def test_coauthor_does_not_change_the_schedule(client: Client) -> None:
    user = moderator(username="judge")
    at = timezone.now() + timedelta(hours=1)
    article = factories.published(title="Ours", publish_at=at)
    written_with(article, user)
    with pytest.raises(ActionNotAllowed, match="own article"):
        schedule.reschedule(article=article, moderator=user, at=None)
    with pytest.raises(ActionNotAllowed, match="own article"):
        schedule.stop(article=article, moderator=user, reason="Not yet.")
    article.refresh_from_db()
    assert (article.published_at, article.is_scheduled) == (at, True)
    client.force_login(user)
    page = client.get(reverse("admin:articles_article_schedule", args=[article.pk])).text
    assert "your own article" in page
    assert 'name="action"' not in page


def test_coauthor_does_not_decide_on_a_promotion() -> None:
    user = actions.moderator()
    article = factories.published()
    written_with(article, user)
    made = actions.requested(article=article)
    made.article.refresh_from_db()
    assert made.is_own_of(user)
    assert not made.is_own_of(actions.moderator())


def test_public_sponsor_of_a_hidden_article_is_no_coauthor() -> None:
    user = factories.UserFactory.create(display_name="Boris")
    article = factories.published()
    written_with(article, user)
    article.refresh_from_db()
    made = actions.requested(article=article, sponsor=user)
    assert made.public_sponsor == "Boris"
    publishing.hide(article=article)
    assert Promotion.objects.get().public_sponsor == ""
