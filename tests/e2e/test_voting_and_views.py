"""The scripts of the article page: views and votes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from accounts.models import User
from articles.models import Article
from articles.readership.models import PageView
from articles.voting.models import Vote
from tests import factories
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.e2e.steps import log_in_with_form
from tests.production import wait_for_tasks

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]


def test_view_of_visible_page_is_counted_once(page: Page) -> None:
    article = factories.published()
    for _ in range(2):
        with page.expect_response(lambda response: "/beacon/" in response.url) as beacon:
            page.goto(article.get_absolute_url())
        assert beacon.value.status == 204
    assert [view.kind for view in PageView.objects.all()] == [PageView.Kind.COUNTED]
    wait_for_tasks()
    page.reload()
    expect(page.locator("#vote .figures")).to_have_attribute("aria-label", "1 view, 0 likes, 0 dislikes")
    assert page.context.cookies() == []


def test_view_needs_one_second_of_visibility(page: Page) -> None:
    article = factories.published()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install(time=datetime(2026, 1, 1, tzinfo=UTC))
    page.add_init_script(
        "let shown = 'hidden';"
        "Object.defineProperty(document, 'visibilityState', { get: () => shown });"
        "window.show = (state) => { shown = state; document.dispatchEvent(new Event('visibilitychange')); };"
    )
    page.goto(article.get_absolute_url())
    page.clock.pause_at(datetime(2026, 1, 1, 1, tzinfo=UTC))  # The test controls the clock from here on.
    for _ in range(3):  # visible three times, together less than a second
        page.evaluate("show('visible')")
        page.clock.run_for(300)
        page.evaluate("show('hidden')")
        page.clock.run_for(5_000)
    assert not [address for address in asked if "/beacon/" in address]
    with page.expect_request(lambda request: "/beacon/" in request.url):
        page.evaluate("show('visible')")
        page.clock.run_for(150)


def test_view_without_javascript_is_counted(page_without_javascript: Page) -> None:
    article, page = factories.published(), page_without_javascript
    with page.expect_response(lambda response: response.url.endswith(".gif")) as image:
        page.goto(article.get_absolute_url())
    assert image.value.status == 200
    assert PageView.objects.get().kind == PageView.Kind.COUNTED
    assert page.context.cookies() == []


def vote_counts(article: Article) -> tuple[int, int]:
    article.refresh_from_db()
    return article.likes, article.dislikes


def test_vote_like_dislike_withdraw(page: Page, log_in: LogIn, accessible: Callable[[Page], None]) -> None:
    article = factories.published()
    log_in(page, factories.UserFactory.create())
    page.goto(article.get_absolute_url())
    like, dislike = page.locator("#vote-like"), page.locator("#vote-dislike")
    like.click()
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(like).to_be_focused()
    expect(page.locator("#vote .figures")).to_have_attribute("aria-label", "0 views, 1 like, 0 dislikes")
    accessible(page)
    assert vote_counts(article) == (1, 0)
    dislike.click()
    expect(dislike).to_have_attribute("aria-pressed", "true")
    assert vote_counts(article) == (0, 1)
    dislike.click()
    expect(dislike).to_have_attribute("aria-pressed", "false")
    assert vote_counts(article) == (0, 0)
    assert not Vote.objects.exists()


def test_vote_slow_double_click_is_one_vote(page: Page, log_in: LogIn) -> None:
    article = factories.published()
    log_in(page, factories.UserFactory.create())
    page.goto(article.get_absolute_url())
    like = page.locator("#vote-like")
    like.scroll_into_view_if_needed()
    box = like.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 20, box["y"] + 10)
    expect(like).to_have_attribute("aria-pressed", "true")  # the next click would withdraw the vote
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.wait_for_load_state("networkidle")
    expect(like).to_have_attribute("aria-pressed", "true")
    assert vote_counts(article) == (1, 0)


def test_vote_without_javascript(page_without_javascript: Page, log_in: LogIn) -> None:
    article, page = factories.published(), page_without_javascript
    log_in(page, factories.UserFactory.create())
    page.goto(article.get_absolute_url())
    page.locator("#vote-dislike").click()
    expect(page).to_have_url(f"{article.get_absolute_url()}#vote")
    expect(page.locator("#vote-dislike")).to_have_attribute("aria-pressed", "true")
    assert vote_counts(article) == (0, 1)


def test_vote_network_failure_shows_message(page: Page, log_in: LogIn, problems: Problems) -> None:
    article = factories.published()
    log_in(page, factories.UserFactory.create())
    page.goto(article.get_absolute_url())
    page.route("**/vote/", lambda route: route.abort())
    page.locator("#vote-like").click()
    expect(page.get_by_role("status").filter(has_text="was not sent")).to_be_visible()
    page.unroute("**/vote/")
    page.locator("#vote-like").click()
    expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "true")
    problems[:] = [one for one in problems if "htmx:" not in one]  # htmx logs the failure


def test_vote_with_expired_session_redirects_to_login(page: Page, log_in: LogIn) -> None:
    article = factories.published()
    log_in(page, factories.UserFactory.create(username="ani"))
    page.goto(article.get_absolute_url())
    page.context.clear_cookies(name="session")
    page.locator("#vote-like").click()
    page.wait_for_url("**/accounts/login/**")
    log_in_with_form(page, "ani")
    expect(page).to_have_url(f"{article.get_absolute_url()}?vote=1#vote")
    expect(page.get_by_text("You are logged in. Press the button to vote.")).to_be_visible()
    assert not Vote.objects.exists()
    page.locator(".wanted").click()
    expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "true")
    assert Vote.objects.get().value == 1


def test_vote_on_own_article_shows_reason(page: Page, log_in: LogIn, accessible: Callable[[Page], None]) -> None:
    article = factories.published()
    log_in(page, article.author)
    page.goto(article.get_absolute_url())
    expect(page.get_by_text("This is your own article")).to_be_visible()
    expect(page.get_by_role("button", name="Like", exact=False).first).to_be_disabled()
    accessible(page)
