"""Publications of trusted authors that are drawn by lot and reviewed afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Revision
from articles.moderation.models import Claim, Decision, Sample, Submission
from articles.moderation.services import claims, decide, sampling, schedule
from articles.moderation.services.appeals import appeal_decision
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from core.models import SiteSettings
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/submission/"


@pytest.fixture(autouse=True)
def _all_are_drawn() -> None:
    draw_one_of(1)


@pytest.fixture
def anna() -> User:
    return moderator(display_name="Anna")


def draw_one_of(interval: int) -> None:
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0, "sampling_interval": interval})
    caches["local"].clear()


def published(title: str = "Out at once", author: User | None = None) -> Article:
    article = factories.in_review(author, title=title)
    assert article.state == Article.State.PUBLISHED
    return article


def publish_again(article: Article, title: str) -> Article:
    publishing.save_draft(article=article, text=factories.text(title=title))
    return publishing.submit(article=article)


def sampled() -> list[str]:
    return list(Submission.objects.sampled().values_list("title", flat=True))


def test_publication_is_drawn_with_the_probability_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_one_of(4)
    lots = iter([3, 0, 1, 2, 0])
    intervals = []

    def randbelow(interval: int) -> int:
        intervals.append(interval)
        return next(lots)

    monkeypatch.setattr(sampling, "randbelow", randbelow)
    for n in range(5):
        published(f"Article {n}")
    assert (sampled(), intervals) == (["Article 1", "Article 4"], [4] * 5)


def test_nothing_is_drawn_if_sampling_is_off_or_a_moderator_publishes() -> None:
    draw_one_of(0)
    published()
    SiteSettings.objects.update(reviewed_before_trusted=3, sampling_interval=1)
    caches["local"].clear()
    factories.published()
    assert not Sample.objects.exists()


def test_publication_that_is_rolled_back_is_not_drawn() -> None:
    with transaction.atomic():
        published()
        assert sampled() == ["Out at once"]
        transaction.set_rollback(True)
    assert not Sample.objects.exists()


def test_next_version_takes_the_place_of_the_drawn_one() -> None:
    article = published()
    draw_one_of(0)
    publish_again(article, "Changed at once")
    assert sampled() == ["Changed at once"]
    assert Sample.objects.count() == 1


def test_scheduled_version_that_was_stopped_can_be_drawn_again(anna: User) -> None:
    article = factories.in_review(publish_at=timezone.now() + timedelta(hours=1))
    schedule.stop(article=article, moderator=anna, reason="A name is wrong.")
    decide(revision=latest(article), moderator=anna, verdict="publish")
    assert Sample.objects.get().reviewed_at is not None
    schedule.stop(article=article, moderator=anna, reason="Still wrong.")
    publishing.withdraw(article=article)
    publishing.submit(article=article)
    assert Sample.objects.get().reviewed_at is None


def test_sample_ends_when_a_moderator_decides_on_what_readers_see(anna: User) -> None:
    for verdict in ("keep", "hide"):
        article = published()
        decide(revision=latest(article), moderator=anna, verdict=verdict, reason="I read it.")
        assert Sample.objects.get(revision=latest(article)).reviewed_at is not None
    article = published("Drawn")
    SiteSettings.objects.update(reviewed_before_trusted=3)
    caches["local"].clear()
    publish_again(article, "In review")
    decide(revision=latest(article), moderator=anna, verdict="return", reason="Not this one.")
    assert sampled() == ["Drawn"]
    publish_again(article, "In review again")
    decide(revision=latest(article), moderator=anna, verdict="publish")
    assert sampled() == []


def test_hidden_article_is_not_in_the_list_of_samples() -> None:
    publishing.hide(article=published())
    assert sampled() == []


def test_take_next_takes_samples_after_what_waits_oldest_first(anna: User) -> None:
    published("Own", anna)
    first, second = published("Drawn first"), published("Drawn second")
    Sample.objects.filter(revision=latest(second)).update(drawn_at=timezone.now() + timedelta(seconds=1))
    SiteSettings.objects.update(reviewed_before_trusted=3)
    caches["local"].clear()
    factories.in_review(title="Waiting")
    taken = [claims.take_next(moderator=anna) for _ in range(3)]
    assert [one and one.title for one in taken] == ["Waiting", "Drawn first", "Waiting"]
    decide(revision=Revision.objects.get(title="Waiting"), moderator=anna, verdict="publish")
    claims.claim(revision=latest(first), moderator=moderator())
    taken = [claims.take_next(moderator=anna) for _ in range(2)]
    assert [one and one.title for one in taken] == ["Drawn second", None]


def test_sample_that_another_moderator_reviews_is_refused(anna: User) -> None:
    article = published()
    claims.claim(revision=latest(article), moderator=anna)
    with pytest.raises(ActionNotAllowed, match="Anna reviews this until"):
        decide(revision=latest(article), moderator=moderator(), verdict="keep")
    decide(revision=latest(article), moderator=anna, verdict="keep")
    assert not Claim.objects.exists()
    with pytest.raises(ActionNotAllowed, match="no longer in review"):
        claims.claim(revision=latest(article), moderator=anna)


def test_trusted_author_sampled(client: Client, anna: User) -> None:
    """The journey: an author publishes, a moderator takes the sample, hides it, and freezes the trust."""
    author = factories.UserFactory.create(username="gayane")
    client.force_login(author)
    article = factories.draft(author, title="Bought praise")
    client.post(reverse("my_article_submit", args=[article.pk]))
    assert client.get(Article.objects.get(pk=article.pk).get_absolute_url()).status_code == 200

    client.force_login(anna)
    index = client.get("/admin/").text
    assert "1 publication to review" in index
    assert "Bought praise" in client.get(f"{QUEUE}?view=sampled").text
    page = client.post(f"{QUEUE}next/", follow=True)
    assert "Bought praise" in page.text
    assert "drawn by lot for a review now" in page.text
    assert "You review this until" in page.text
    form = f"/admin/articles/trust/add/?user=gayane&kind=frozen&submission={latest(article).pk}"
    client.post(form, {"username": "gayane", "kind": "frozen", "reason": "Advertising."})
    url = page.redirect_chain[-1][0]
    decision = {"verdict": "hide", "reason": "Advertising.", "submitted": latest(article).version, "next": "yes"}
    assert "Nothing else waits for you." in client.post(url, decision, follow=True).text
    assert client.get(f"{QUEUE}?view=sampled").context["cl"].result_count == 0

    client.force_login(author)
    mine = client.get("/my/articles/").text
    assert "Your articles are reviewed first: a moderator decided so." in mine
    assert "Submit for review" in client.get("/my/articles/new/").text
    appeal_decision(decision=Decision.objects.get(), user=author, text="It is a review.")
    assert factories.in_review(author).state == Article.State.IN_REVIEW


def test_samples_are_reviewed_from_the_list(client: Client, anna: User) -> None:
    client.force_login(anna)
    pks = [latest(published(f"Article {n}")).pk for n in range(3)]
    form = {"action": "keep_several", "_selected_action": pks, "confirmed": "yes", "shown": [f"{pk}@1" for pk in pks]}
    client.post(f"{QUEUE}?view=sampled", form)
    assert list(Decision.objects.values_list("verdict", flat=True)) == ["keep"] * 3
    assert sampled() == []


def test_list_of_samples_queries_do_not_grow(client: Client, anna: User) -> None:
    client.force_login(anna)

    def queries() -> int:
        client.get(f"{QUEUE}?view=sampled")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{QUEUE}?view=sampled")
        return len(captured)

    published()
    few = queries()
    for _ in range(4):
        published()
    assert queries() == few <= 12
