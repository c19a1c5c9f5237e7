"""What the small scripts of the article page do: one view a reader, votes that say what became of them."""

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

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]


def test_a_page_that_is_looked_at_is_one_view(page: Page) -> None:
    article = factories.published()
    for _ in range(2):
        with page.expect_response(lambda response: "/beacon/" in response.url) as beacon:
            page.goto(article.get_absolute_url())
        assert beacon.value.status == 204
    assert [view.kind for view in PageView.objects.all()] == [PageView.Kind.COUNTED]
    page.reload()
    expect(page.locator("#vote .figures")).to_have_attribute("aria-label", "1 view, 0 likes, 0 dislikes")
    assert page.context.cookies() == []


def test_a_page_that_is_never_shown_is_no_view(page: Page) -> None:
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
    page.clock.pause_at(datetime(2026, 1, 1, 1, tzinfo=UTC))  # From here on time passes only when it is told to.
    for _ in range(3):  # three glances, shorter than a second together
        page.evaluate("show('visible')")
        page.clock.run_for(300)
        page.evaluate("show('hidden')")
        page.clock.run_for(5_000)
    assert not [address for address in asked if "/beacon/" in address]
    with page.expect_request(lambda request: "/beacon/" in request.url):
        page.evaluate("show('visible')")
        page.clock.run_for(150)


def test_readers_without_javascript_are_counted(page_without_javascript: Page) -> None:
    article, page = factories.published(), page_without_javascript
    with page.expect_response(lambda response: response.url.endswith(".gif")) as image:
        page.goto(article.get_absolute_url())
    assert image.value.status == 200
    assert PageView.objects.get().kind == PageView.Kind.COUNTED
    assert page.context.cookies() == []


def standing(article: Article) -> tuple[int, int]:
    article.refresh_from_db()
    return article.likes, article.dislikes


def test_like_dislike_withdraw(page: Page, log_in: LogIn, accessible: Callable[[Page], None]) -> None:
    article = factories.published()
    log_in(page, factories.PersonFactory.create())
    page.goto(article.get_absolute_url())
    like, dislike = page.locator("#vote-like"), page.locator("#vote-dislike")
    like.click()
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(like).to_be_focused()
    expect(page.locator("#vote .figures")).to_have_attribute("aria-label", "0 views, 1 like, 0 dislikes")
    accessible(page)
    assert standing(article) == (1, 0)
    dislike.click()
    expect(dislike).to_have_attribute("aria-pressed", "true")
    assert standing(article) == (0, 1)
    dislike.click()
    expect(dislike).to_have_attribute("aria-pressed", "false")
    assert standing(article) == (0, 0)
    assert not Vote.objects.exists()


def test_a_slow_double_click_is_one_vote(page: Page, log_in: LogIn) -> None:
    article = factories.published()
    log_in(page, factories.PersonFactory.create())
    page.goto(article.get_absolute_url())
    like = page.locator("#vote-like")
    like.scroll_into_view_if_needed()
    box = like.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 20, box["y"] + 10)
    expect(like).to_have_attribute("aria-pressed", "true")  # the button means "take it back" by now
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.wait_for_load_state("networkidle")
    expect(like).to_have_attribute("aria-pressed", "true")
    assert standing(article) == (1, 0)


def test_a_vote_without_javascript(page_without_javascript: Page, log_in: LogIn) -> None:
    article, page = factories.published(), page_without_javascript
    log_in(page, factories.PersonFactory.create())
    page.goto(article.get_absolute_url())
    page.locator("#vote-dislike").click()
    expect(page).to_have_url(f"{article.get_absolute_url()}#vote")
    expect(page.locator("#vote-dislike")).to_have_attribute("aria-pressed", "true")
    assert standing(article) == (0, 1)


def test_a_vote_that_does_not_arrive_says_so(page: Page, log_in: LogIn, problems: Problems) -> None:
    article = factories.published()
    log_in(page, factories.PersonFactory.create())
    page.goto(article.get_absolute_url())
    page.route("**/vote/", lambda route: route.abort())
    page.locator("#vote-like").click()
    expect(page.get_by_role("status").filter(has_text="was not sent")).to_be_visible()
    page.unroute("**/vote/")
    page.locator("#vote-like").click()
    expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "true")
    problems[:] = [one for one in problems if "htmx:" not in one]  # htmx's own words for the failure provoked here


def test_a_session_that_ended_leads_to_log_in_and_back(page: Page, log_in: LogIn) -> None:
    article = factories.published()
    log_in(page, factories.PersonFactory.create(username="ani"))
    page.goto(article.get_absolute_url())
    page.context.clear_cookies(name="session")
    page.locator("#vote-like").click()
    page.wait_for_url("**/accounts/login/**")
    page.locator("input[name=login]").fill("ani")
    page.locator("input[name=password]").fill("correct horse battery")
    page.locator("input[name=password]").press("Enter")
    expect(page).to_have_url(f"{article.get_absolute_url()}#vote")
    expect(page.locator("#vote-like")).to_have_attribute("aria-pressed", "false")
    assert not Vote.objects.exists()


def test_the_author_reads_why_the_control_is_closed(
    page: Page, log_in: LogIn, accessible: Callable[[Page], None]
) -> None:
    article = factories.published()
    log_in(page, article.author)
    page.goto(article.get_absolute_url())
    expect(page.get_by_text("This is your own article")).to_be_visible()
    expect(page.get_by_role("button", name="Like", exact=False).first).to_be_disabled()
    accessible(page)
