"""Reviewing submissions in the admin: preview, return, publish, bulk decisions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Decision, WatchWord
from articles.moderation.passages import Quote
from articles.moderation.services import decide
from articles.moderation.services.appeals import appeal_decision
from articles.moderation.services.notes import add_note
from articles.moderation.services.passage_notes import write_note
from articles.moderation.services.screening import screen
from articles.services import publishing
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
LogIn = Callable[[Page, User], None]
Check = Callable[[Page], None]


def test_review_return_and_publish(page: Page, log_in: LogIn, accessible: Check) -> None:
    factories.in_review(title="The lamps of our district")
    log_in(page, moderator())

    page.goto("/admin/")
    accessible(page)
    page.get_by_role("link", name="1 submission waiting").click()
    page.wait_for_url("**/submission/**")
    accessible(page)
    page.get_by_role("link", name="The lamps of our district").click()
    framed = page.frame_locator("iframe")
    expect(framed.get_by_role("heading", level=1)).to_have_text("The lamps of our district")
    expect(framed.get_by_text("Nobody had asked for the map").first).to_be_visible()

    page.get_by_label("Return to the author").check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("Enter a reason. The user can read it.")).to_be_visible()
    accessible(page)
    page.get_by_label("Reason").fill("Say who counted.")
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("was returned to its author")).to_be_visible()
    assert Article.objects.get().state == "returned"

    article = Article.objects.get()
    publishing.save_draft(article=article, text=factories.text(title="The lamps, and who counted them"))
    publishing.submit(article=article)
    page.goto("/admin/moderation/submission/")
    page.get_by_role("link", name="The lamps, and who counted them").click()
    expect(page.get_by_role("heading", name="What changed since it was returned")).to_be_visible()
    accessible(page)
    page.get_by_label("Publish", exact=True).check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("“The lamps, and who counted them” is published.")).to_be_visible()
    assert Article.objects.get().state == "published"


def test_bulk_decision(page: Page, log_in: LogIn, accessible: Check) -> None:
    for title in ("One", "Two", "Three"):
        factories.in_review(title=title)
    log_in(page, moderator())
    page.goto("/admin/moderation/submission/")
    for title in ("One", "Three"):
        page.get_by_role("row", name=title).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("return_several")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("each of these 2 versions")).to_be_visible()
    accessible(page)
    page.get_by_label("Reason").fill("Too short for us.")
    page.get_by_role("button", name="Return to the author").click()
    expect(page.get_by_text("2 decisions made")).to_be_visible()
    assert Decision.objects.count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_admin_pages_have_no_errors(scheme: str, page: Page, log_in: LogIn, accessible: Check) -> None:
    article = factories.published()
    assert article.live is not None
    decision = decide(revision=article.live, moderator=moderator(), verdict="hide", reason="Copied.", rule="copy")
    appeal = appeal_decision(decision=decision, user=article.author, text="I wrote it myself.")
    waiting = factories.in_review(factories.UserFactory.create())
    assert waiting.latest is not None
    add_note(moderator=moderator(), text="Ask for the source.", article=waiting)
    quote = Quote("yet on a Saturday", "the map, and ", " in October")
    write_note(revision=waiting.latest, moderator=moderator(), quote=quote, text="Which one?")
    WatchWord.objects.create(word="map")
    screen(waiting.latest.pk)
    shown = factories.published(factories.UserFactory.create())
    log_in(page, moderator())
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in [
        "admin/articles/article/",
        f"admin/articles/article/{article.pk}/change/",
        f"admin/articles/article/{shown.pk}/correct/",
        "admin/",
        "admin/moderation/submission/?view=hinted",
        f"admin/moderation/submission/{waiting.latest.pk}/change/",
        "admin/moderation/appeal/",
        f"admin/moderation/appeal/{appeal.pk}/change/",
        "admin/moderation/rule/",
        "admin/moderation/rule/add/",
        "admin/moderation/reason/",
        "admin/moderation/watchword/",
        "admin/moderation/decision/",
        "admin/moderation/suspension/",
        "admin/moderation/suspension/add/",
        "admin/articles/section/",
        "admin/articles/tag/",
        "admin/core/sitesettings/1/change/",
        "admin/promotion/promotion/",
        f"articles/{shown.pk}/promote/",
        "moderation/",
        "moderation/appeals/",
        "corrections/",
        "rules/",
        "rules/copy/",
    ]:
        page.goto(f"/{path}")
        page.wait_for_load_state("load")
        accessible(page)


def test_return_and_appeal(page: Page, log_in: LogIn, accessible: Check) -> None:
    article = factories.in_review(title="The lamps of our district")
    decision = decide(
        revision=latest(article), moderator=moderator(), verdict="return", reason="Too thin.", rule="sources"
    )
    log_in(page, article.author)
    page.goto("/my/articles/")
    page.get_by_role("link", name="Appeal against this decision").click()
    page.wait_for_url(f"**/my/decisions/{decision.pk}/appeal/")
    accessible(page)
    page.get_by_label("Why is the decision wrong?").fill("There are five sources.")
    page.get_by_role("button", name="Send the appeal").click()
    expect(page.get_by_text("Waiting for another moderator")).to_be_visible()
    accessible(page)
