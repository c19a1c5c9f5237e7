"""Scheduled articles and moderators: the decision, the list, the change of the time, and the stop."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from articles.moderation.models import Submission
from articles.moderation.services import allowed_verdicts, decide, schedule, suspend
from articles.moderation.services.appeals import appeal_decision, decide_appeal
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.articles.test_schedule import HOUR, NOW, clock, scheduled, trusted, utc
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "utc")]
__all__ = ["clock", "utc"]
LIST = reverse("admin:articles_article_scheduled")


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator())
    return client


def review_page(article: Article) -> str:
    return reverse("admin:moderation_submission_change", args=[latest(article).pk])


def schedule_page(article: Article) -> str:
    return reverse("admin:articles_article_schedule", args=[article.pk])


def decision(article: Article, **fields: str) -> dict[str, str]:
    return {"submitted": str(latest(article).version), "verdict": "publish", "rule": "", "reason": "", **fields}


def test_review_page_publishes_when_the_author_asks_for_it(admin_client: Client) -> None:
    article = factories.in_review(title="Lamps", publish_at=NOW + HOUR)
    queue = admin_client.get(reverse("admin:moderation_submission_changelist")).text
    assert "Nov. 28, 2026, 1 p.m." in queue or "28 November 2026" in queue
    page = admin_client.get(review_page(article)).text
    assert "The author asks for publication on" in page
    assert 'value="2026-11-28T13:00"' in page
    mail.outbox.clear()
    page = admin_client.post(review_page(article), decision(article, publish_at="2026-11-28T13:00"), follow=True).text
    assert "“Lamps” is scheduled for 28 November 2026, 13:00 UTC." in page
    article.refresh_from_db()
    assert article.is_scheduled
    assert [message.subject for message in mail.outbox] == ["Scheduled: Lamps"]
    body = str(mail.outbox[0].body)
    assert "It is published on 28 November 2026, 13:00 UTC." in body
    assert article.get_absolute_url() not in body
    page = admin_client.get(review_page(article)).text
    assert f'href="{schedule_page(article)}"' in page
    assert allowed_verdicts(latest(article)) == []
    assert admin_client.get(f"{reverse('admin:articles_article_changelist')}").text.count("Scheduled</td>") == 1


def test_review_page_publishes_at_another_time_or_at_once(admin_client: Client) -> None:
    article = factories.in_review(publish_at=NOW + HOUR)
    answer = admin_client.post(review_page(article), decision(article, publish_at="2026-11-28T09:00"))
    assert "This time has passed." in answer.text
    # It matters for a publication only.
    returned = decision(article, publish_at="2026-11-28T09:00", verdict="return", reason="Too thin.")
    assert admin_client.post(review_page(article), returned).status_code == 302
    article = factories.in_review(publish_at=NOW + HOUR)
    admin_client.post(review_page(article), decision(article, publish_at=""))
    article.refresh_from_db()
    assert (article.published_at, article.is_public) == (NOW, True)
    # A page without the field, and the decision on several.
    article = factories.in_review(publish_at=NOW + HOUR)
    admin_client.post(review_page(article), decision(article))
    article.refresh_from_db()
    assert article.published_at == NOW + HOUR


def test_review_page_of_an_edit_has_no_time(admin_client: Client) -> None:
    article = scheduled()
    publishing.save_draft(article=article, text=factories.text(title="Better"))
    publishing.submit(article=article)
    page = admin_client.get(review_page(article)).text
    assert 'name="publish_at"' not in page
    assert 'value="hide"' not in page  # Nothing is public.


def test_schedule_page_changes_the_time_and_tells_the_author(admin_client: Client) -> None:
    article = scheduled(title="Lamps")
    mail.outbox.clear()
    data = {"action": "save", "publish_at": "2026-11-28T15:00", "reason": "After the election."}
    page = admin_client.post(schedule_page(article), data, follow=True).text
    assert "is scheduled for 28 November 2026, 15:00 UTC" in page
    assert "2026-11-28T15:00" in page  # The list.
    body = str(mail.outbox[0].body)
    assert "It is published on 28 November 2026, 15:00 UTC." in body
    assert "After the election." in body
    assert LogEntry.objects.get().object_repr == "Lamps"
    for value, sentence in [("2026-11-28T09:00", "This time has passed."), ("", "Choose a time.")]:
        assert sentence in admin_client.post(schedule_page(article), {"action": "save", "publish_at": value}).text
    page = admin_client.post(schedule_page(article), {"action": "now"}, follow=True).text
    assert "“Lamps” is published." in page
    assert mail.outbox[1].subject == "Published: Lamps"
    assert "This article is not scheduled any more." in admin_client.get(schedule_page(article), follow=True).text


def test_stopped_publication_is_in_review_again_with_its_time(admin_client: Client) -> None:
    article = scheduled(title="Lamps")
    answer = admin_client.post(schedule_page(article), {"action": "stop", "reason": ""})
    assert "Enter a reason." in answer.text
    mail.outbox.clear()
    admin_client.post(schedule_page(article), {"action": "stop", "reason": "A name is wrong."})
    article.refresh_from_db()
    revision = latest(article)
    assert (article.state, article.live, revision.state, revision.number) == ("in_review", None, "in_review", 1)
    assert revision.publish_at == NOW + HOUR
    assert mail.outbox[0].subject == "Not published: Lamps"
    assert "A name is wrong." in str(mail.outbox[0].body)
    decide(revision=revision, moderator=moderator(), verdict="publish")
    assert Article.objects.scheduled().get() == article


def test_own_article_and_missing_permission_are_refused(client: Client) -> None:
    own = moderator()
    article = scheduled(own)
    with pytest.raises(ActionNotAllowed, match="own article"):
        schedule.stop(article=article, moderator=own, reason="Mine.")
    with pytest.raises(PermissionDenied):
        schedule.reschedule(article=article, moderator=factories.UserFactory.create(), at=None)
    client.force_login(own)
    assert 'name="publish_at"' not in client.get(schedule_page(article)).text
    client.force_login(factories.UserFactory.create(is_staff=True))
    for address in (LIST, schedule_page(article)):
        assert client.get(address).status_code == 403


def test_suspended_authors_articles_are_not_published(client: Client, clock: time_machine.Traveller) -> None:
    article, other = scheduled(), scheduled(title="Of another author")
    waiting = factories.in_review(article.author, publish_at=NOW + HOUR)
    suspend(user=article.author, moderator=moderator(), until=NOW + timedelta(days=2), reason="Threats.")
    assert "Scheduled articles go back to review." in str(mail.outbox[-1].body)
    with pytest.raises(ActionNotAllowed, match="suspended"):
        decide(revision=latest(waiting), moderator=moderator(), verdict="publish")
    clock.shift(HOUR)
    article.refresh_from_db()
    assert (article.state, latest(article).publish_at) == ("in_review", NOW + HOUR)
    assert list(Article.objects.published()) == [other]
    # A moderator can still decide that it is published, at once.
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    assert article in Article.objects.published()


def test_granted_appeal_publishes_at_the_authors_time() -> None:
    article = factories.in_review(publish_at=NOW + HOUR)
    refusal = decide(revision=latest(article), moderator=moderator(), verdict="return", reason="Too thin.")
    appeal = appeal_decision(decision=refusal, user=article.author, text="It is not.")
    decide_appeal(appeal=appeal, moderator=moderator(), outcome="granted", answer="You are right.")
    assert Article.objects.scheduled().get() == article
    assert "Your article is published on 28 November 2026, 13:00 UTC." in str(mail.outbox[-1].body)


def test_unreviewed_articles_are_listed_from_their_time_on(clock: time_machine.Traveller) -> None:
    author = trusted()
    article = scheduled(author)
    unreviewed = Submission.objects.unreviewed().filter(article=article)
    assert not unreviewed.exists()
    clock.shift(HOUR)
    assert unreviewed.exists()


@pytest.mark.parametrize("count", [1, 5])
def test_scheduled_list_by_day_query_count(
    admin_client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(count):
        scheduled(title=f"Article {n}", after=HOUR + n * timedelta(hours=10))
    admin_client.get(LIST)
    # Session, user, permissions, articles.
    with django_assert_num_queries(5):
        page = admin_client.get(LIST).text
    places = [page.index(f"Article {n}") for n in range(count)]
    assert places == sorted(places)
    assert page.count("<h2>") == (1 if count == 1 else 3)  # 13:00 and 23:00 on the first day, the last at 5:00.
    assert reverse("admin:promotion_promotion_timeline") in page
