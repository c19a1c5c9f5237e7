"""Corrections: authors and moderators tell readers what was wrong in a published article."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from articles.models import Article, Correction, Revision
from articles.models.content import MAX_CORRECTION
from articles.moderation.services import correct, decide
from articles.moderation.services.corrections import add_correction, remove_correction
from articles.services import drafts, publishing
from articles.services.revisions import PageState
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.articles.author_form import errors, filled
from tests.moderation.test_decide import latest
from tests.moderation.test_review_page import form, page_of
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db
SUM = "The bridge has 12 arches, not 21."


def edited(article: Article, correction: str = SUM) -> Article:
    """Submit an edit with a correction."""
    text = factories.text(title=f"Edited {Revision.objects.count()}", language=article.language, correction=correction)
    publishing.save_draft(article=article, text=text)
    return publishing.submit(article=article)


def corrected(article: Article | None = None, correction: str = SUM) -> Article:
    article = edited(article or factories.published(), correction)
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    article.refresh_from_db()
    return article


@pytest.fixture
def author(client: Client) -> Any:
    user = factories.UserFactory.create()
    client.force_login(user)
    return user


def test_form_asks_for_a_correction_of_a_published_article_only(client: Client, author: Any) -> None:
    article = factories.published(author)
    address = f"/my/articles/{article.pk}/"
    for other in ("/my/articles/new/", f"/my/articles/{factories.draft(author).pk}/"):
        assert 'name="correction"' not in client.get(other).text
    assert 'name="correction"' in client.get(address).text

    answer = client.post(address, filled(article, correction="x" * (MAX_CORRECTION + 1)))
    assert errors(answer, "correction")
    client.post(address, filled(article, correction=" The bridge\nhas 12 arches,\u202e not 21. "))
    assert latest(article).correction == SUM
    # It is in the draft until it is published, and the next edit begins without it.
    assert SUM in client.get(address).text
    publishing.submit(article=article)
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    assert Correction.objects.get().text == SUM
    assert SUM not in client.get(address).text
    client.post(address, filled(article, title="Another edit"))
    assert latest(article).correction == ""
    publishing.submit(article=article)
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    assert Correction.objects.count() == 1


def test_versions_show_the_correction_of_the_newer_one(client: Client, author: Any) -> None:
    article = corrected(factories.published(author))
    edited(article, "")
    one, two, three = Revision.objects.order_by("number").values_list("version", flat=True)
    page = reverse("my_article_versions", args=[article.pk])
    assert f"<ins>{SUM}</ins>" in client.get(page, {"from": one, "to": two}).text
    assert SUM not in client.get(page, {"from": two, "to": three}).text


def test_correction_is_not_published_before_the_edit(client: Client) -> None:
    article = edited(factories.published())
    assert not Correction.objects.exists()
    assert SUM not in client.get(article.get_absolute_url(), follow=True).text
    # Moderators read it in the preview.
    client.force_login(moderator())
    assert SUM in client.get(reverse("admin:moderation_submission_preview", args=[latest(article).pk])).text
    decide(revision=latest(article), moderator=moderator(), verdict="return", reason="No.", rule="sources")
    assert not Correction.objects.exists()
    # The author submits the returned text again, with the correction.
    publishing.save_draft(article=article, text=drafts.content_of(latest(article)))
    assert latest(article).correction == SUM


def test_correction_of_a_first_publication_is_none() -> None:
    factories.published(correction=SUM)
    assert not Correction.objects.exists()


def test_correction_alone_is_a_change() -> None:
    article = factories.published()
    text = drafts.content_of(latest(article))
    assert publishing.save_draft(article=article, text=text).latest == latest(article)
    publishing.save_draft(article=article, text=factories.text(correction=SUM))
    assert latest(article).correction == SUM
    assert latest(article).state == "draft"


def test_correction_is_autosaved_and_restored_with_its_text() -> None:
    article = factories.published()
    page = PageState(version=latest(article).version)
    saved = drafts.autosave(article=article, text=factories.text(correction=SUM), page=page)
    assert saved.correction == SUM
    live = Article.objects.select_related("live").get().live
    assert live is not None
    drafts.restore_version(article=article, version=live.version)
    assert latest(article).correction == ""
    drafts.restore_version(article=article, version=saved.version)
    assert latest(article).correction == SUM


def test_published_correction_does_not_return_with_an_old_version() -> None:
    article = corrected()
    old = latest(article).version
    drafts.restore_version(article=article, version=old)
    assert latest(article).state == "published"
    publishing.save_draft(article=article, text=factories.text(title="Newer"))
    drafts.restore_version(article=article, version=old)
    assert latest(article).correction == ""


def test_correction_of_a_trusted_author_is_published_at_once() -> None:
    article = factories.published()
    other = factories.published(article.author)
    for one in (article, other, factories.in_review(article.author)):
        if latest(one).state == "in_review":
            decide(revision=latest(one), moderator=moderator(), verdict="publish")
    edited(article)
    assert Correction.objects.get().article == article


def test_article_page_shows_corrections_and_tells_search_engines(client: Client) -> None:
    with time_machine.travel(datetime(2026, 5, 3, 9, tzinfo=UTC), tick=False):
        article = corrected(correction="The <sum> was 40 & not 400. </script>")
    with time_machine.travel(datetime(2026, 5, 4, 9, tzinfo=UTC), tick=False):
        add_correction(article=article, moderator=moderator(), text="The second.")
    page = client.get(article.get_absolute_url()).text
    assert page.index("4 May 2026") < page.index("3 May 2026")
    assert "The &lt;sum&gt; was 40 &amp; not 400. &lt;/script&gt;</span>" in page
    assert f'href="{reverse("corrections")}"' in page
    data = json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert data["correction"] == [
        {"@type": "CorrectionComment", "text": "The second.", "datePublished": "2026-05-04T09:00:00+00:00"},
        {
            "@type": "CorrectionComment",
            "text": "The <sum> was 40 & not 400. </script>",
            "datePublished": "2026-05-03T09:00:00+00:00",
        },
    ]


def test_article_page_needs_a_query_for_corrections_only_if_there_are_some(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plain = factories.published()
    article = corrected(factories.published(section=plain.section))
    # Nothing that is cached for some seconds expires in between.
    with time_machine.travel(timezone.now(), tick=False):
        for one in (plain, article):
            client.get(one.get_absolute_url())
        with django_assert_num_queries(2):
            assert "corrections-title" not in client.get(plain.get_absolute_url()).text
        with django_assert_num_queries(3):
            assert SUM in client.get(article.get_absolute_url()).text


def test_corrections_page_and_feeds_list_public_articles_only(client: Client) -> None:
    shown, hidden = corrected(), corrected(correction="Of a hidden article.")
    pages = [reverse(name) for name in ("corrections", "feed_corrections_rss", "feed_corrections_atom")]
    for page in pages:
        text = client.get(page).text
        assert SUM in text
        assert "Of a hidden article." in text
    publishing.hide(article=hidden)
    for page in pages:
        text = client.get(page).text
        assert SUM in text
        assert shown.get_absolute_url() in text
        assert "Of a hidden article." not in text
        assert hidden.get_absolute_url() not in text
    publishing.restore(article=hidden)
    assert "Of a hidden article." in client.get(pages[0]).text
    assert f'href="{pages[0]}"' in client.get("/").text


def test_feeds_of_corrections_are_well_formed(client: Client) -> None:
    article = corrected(factories.published(language="ru"), "Fish & <b>chips</b>, not\u00a0tea")
    for name in ("rss", "atom"):
        answer = client.get(reverse(f"feed_corrections_{name}"))
        root = ET.fromstring(answer.content)  # noqa: S314 - our own
        text = "".join(root.itertext())
        assert "Исправление: Edited" in text
        assert "Fish &amp; &lt;b&gt;chips" in text
        assert article.canonical_path in text or f"{settings.ORIGIN}{article.canonical_path}#corrections" in answer.text
        assert "s-maxage" in answer["Cache-Control"]


def test_corrections_page_has_each_correction_once(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    article, start = factories.published(), timezone.now() - timedelta(days=9)
    count = 2 * settings.PAGE_SIZE + 3
    Correction.objects.bulk_create(
        # Two at each time: the cursor has to tell them apart.
        Correction(article=article, text=f"Number {number:03}.", published_at=start + timedelta(minutes=number // 2))
        for number in range(count)
    )
    seen: list[str] = []
    address = reverse("corrections")
    client.get(address)
    while address:
        with django_assert_num_queries(1):
            page = client.get(address).context["page"]
        seen += [correction.text for correction in page.object_list]
        address = f"/corrections/?after={page.next_cursor}" if page.next_cursor else ""
    assert seen == [f"Number {number:03}." for number in reversed(range(count))]
    assert client.get("/corrections/?after=x").status_code == 404


def test_moderator_adds_and_removes_a_correction(client: Client) -> None:
    article = factories.published()
    client.force_login(moderator())
    page = client.post(page_of(article), form(article, add_correction="", correction=" ", reason="typed")).text
    assert "Write what was wrong." in page
    assert "typed" in page
    page = client.post(page_of(article), form(article, add_correction="", correction=SUM)).text
    assert "The correction is published." in page
    (message,) = mail.outbox
    assert message.to == [article.author.email]
    assert SUM in message.body
    assert SUM in client.get(article.get_absolute_url()).text
    client.post(page_of(article), form(article, add_correction="", correction=SUM))
    correction = Correction.objects.get()
    page = client.post(page_of(article), form(article, remove_correction=str(correction.pk))).text
    assert "The correction is removed." in page
    assert not Correction.objects.exists()
    client.post(page_of(article), form(article, remove_correction=str(correction.pk)))


def test_correction_of_a_moderator_needs_permission_and_a_published_article() -> None:
    article = factories.published()
    correction = Correction.objects.create(article=article, text="x")
    suspended = moderator(suspended_until=timezone.now() + timedelta(days=1))
    for user, error in ((article.author, PermissionDenied), (suspended, ActionNotAllowed)):
        with pytest.raises(error):
            add_correction(article=article, moderator=user, text=SUM)
        with pytest.raises(error):
            remove_correction(correction=correction, moderator=user)
    own = factories.published(moderator())
    with pytest.raises(ActionNotAllowed, match="your own article"):
        add_correction(article=own, moderator=own.author, text=SUM)
    for text in ("\u3164", "x" * (MAX_CORRECTION + 1)):
        with pytest.raises(ActionNotAllowed) as refused:
            add_correction(article=article, moderator=moderator(), text=text)
        assert refused.value.field == "correction"
    for other in (factories.hidden(), factories.published(publish_at=timezone.now() + timedelta(hours=1))):
        with pytest.raises(ActionNotAllowed, match="not published"):
            add_correction(article=other, moderator=moderator(), text=SUM)


def test_correction_of_a_text_by_a_moderator_can_be_told_to_readers(client: Client) -> None:
    article = factories.published()
    client.force_login(moderator())
    assert 'name="correction"' in client.get(reverse("admin:articles_article_correct", args=[article.pk])).text
    correct(
        article=article,
        revision_number=1,
        moderator=moderator(),
        text=factories.text(title="Right", correction=SUM),
        reason="A wrong sum.",
    )
    assert Correction.objects.get().text == SUM
