"""Every page: status, layout, accessibility, and no errors in the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from accounts.models import User
from articles.moderation.services import figures
from articles.promotion.services import requests
from tests.e2e import IN_BROWSER
from tests.e2e.conftest import Problems
from tests.e2e.inspector import Inspector
from tests.e2e.site import Site, create_site, latest_revision
from tests.e2e.steps import log_in_with_form, use_a_password
from tests.factories import UserFactory

pytestmark = IN_BROWSER
LogIn = Callable[[Page, User], None]
DUMMY_PAYMENTS: dict[str, tuple[str, dict[str, str]]] = {"dummy": ("articles.promotion.payments.DummyProvider", {})}


@pytest.fixture
def inspector(page: Page, problems: Problems) -> Iterator[Inspector]:
    """Fail the test at its end with all faults."""
    found = Inspector(page, problems)
    yield found
    assert not found.faults, "\n".join(found.faults)


@pytest.fixture
def site(settings: LazySettings, db: None) -> Site:
    """A site with content on more than one page of a list."""
    settings.PAGE_SIZE = 4
    return create_site()


def test_pages_of_empty_site(inspector: Inspector) -> None:
    for address in ("/", "/moderation/", "/about/", "/rules/"):
        inspector.open(address)


def test_pages_for_anonymous_users(site: Site, inspector: Inspector) -> None:
    article = site.full.get_absolute_url()
    inspector.open("/", dark=True)
    inspector.open_more()
    inspector.open(article, dark=True)
    for one in (site.series, site.plain, site.long, site.russian, site.armenian):
        inspector.open(one.get_absolute_url())
    assert site.full.live
    assert site.full.section
    for address in (
        site.full.section.get_absolute_url(),
        "/sections/sport/",
        "/tags/street-lamps/",
        site.author.get_absolute_url(),
        site.long.author.get_absolute_url(),
        "/about/",
        "/rules/",
        "/moderation/",
    ):
        inspector.open(address)


@pytest.mark.parametrize("language", ["ru", "hy"])
def test_pages_in_other_languages(site: Site, inspector: Inspector, log_in: LogIn, language: str) -> None:
    assert site.full.section
    addresses = ["/", site.full.get_absolute_url(), site.full.section.get_absolute_url(), "/accounts/signup/"]
    for address in addresses:
        inspector.open(f"/{language}{address}")
        assert inspector.page.locator("html").get_attribute("lang") == language
    log_in(inspector.page, site.author)
    for address in (
        "/my/articles/",
        "/my/articles/new/",
        f"/my/articles/{site.returned.pk}/",
        "/accounts/",
        site.full.get_absolute_url(),
    ):
        inspector.open(f"/{language}{address}")


def test_login_and_signup_pages(inspector: Inspector) -> None:
    page = inspector.page
    inspector.open("/accounts/login/", dark=True)
    log_in_with_form(page, "nobody", "not the password")
    expect(page.get_by_text("The username or password is incorrect.")).to_be_visible()
    inspector.check()
    inspector.open("/accounts/signup/", dark=True)
    use_a_password(page)
    inspector.check()
    page.locator("main details form").evaluate("form => form.noValidate = true")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("Accept the rules")).to_be_visible()
    inspector.check(dark=True)
    for address in (
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/1-set-password/",
        "/accounts/password/reset/key/done/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/used-up/",
        "/accounts/inactive/",
        "/accounts/waiting/",
        "/accounts/3rdparty/login/cancelled/",
    ):
        inspector.open(address)


def test_account_pages(inspector: Inspector) -> None:
    page, user = inspector.page, UserFactory.create(username="anna", biography="Reads.")
    page.goto("/accounts/login/")
    log_in_with_form(page, "anna")
    expect(page).to_have_url("/my/articles/")
    inspector.open("/accounts/", dark=True)
    for address in (
        "/accounts/profile/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/3rdparty/",
        "/accounts/invitations/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/sessions/",
        "/accounts/logout/",
        "/accounts/reauthenticate/",
    ):
        inspector.open(address)
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    for name in ("", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"):
        inspector.open(f"/accounts/2fa/{name}")
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    log_in_with_form(page, "anna")
    expect(page).to_have_url("/accounts/2fa/authenticate/")
    inspector.check()


def test_pages_for_signed_in_readers(site: Site, inspector: Inspector, log_in: LogIn) -> None:
    log_in(inspector.page, site.reader)
    article = site.full.get_absolute_url()
    for address in (article, f"/articles/{site.full.pk}/promote/"):
        inspector.open(address, dark=True)
    inspector.open("/")
    inspector.open(f"/articles/{site.long.pk}/promote/")
    log_in(inspector.page, site.author)
    for address in (article, f"/articles/{site.full.pk}/promote/"):
        inspector.open(address)


def test_promotion_pages_for_sponsors_and_authors(
    site: Site, inspector: Inspector, log_in: LogIn, settings: LazySettings
) -> None:
    page = inspector.page
    log_in(page, site.reader)
    promote = f"/articles/{site.plain.pk}/promote/"
    inspector.open(promote, dark=True)
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("Read and accept the terms of the plan.")).to_be_visible()
    inspector.check(dark=True)
    inspector.open(f"/promotions/{site.promotion.pk}/", dark=True)
    for promotion in (site.unpaid, site.requested):
        inspector.open(f"/promotions/{promotion.pk}/")
    page.locator("summary").last.click()
    inspector.check()
    pay = f"/promotions/{site.unpaid.pk}/pay/"
    inspector.open(pay, dark=True)
    settings.PAYMENTS, settings.PAYMENT_VARIANTS = "dummy", DUMMY_PAYMENTS
    inspector.open(pay, dark=True)
    inspector.open(f"/promotions/{site.promotion.pk}/results/", dark=True)
    log_in(page, site.author)
    inspector.open(f"/promotions/{site.requested.pk}/author/", dark=True)
    inspector.open(f"/promotions/{site.promotion.pk}/author/")
    settings.PAYMENTS = "manual"
    requests.cancel(promotion=site.unpaid, sponsor=site.reader)
    page.context.clear_cookies()
    inspector.open("/promotions/", dark=True)
    page.locator("summary").first.click()
    inspector.check()
    inspector.open("/promotions/?kind=paid&state=cancelled")


def test_author_pages(site: Site, inspector: Inspector, log_in: LogIn) -> None:
    page = inspector.page
    log_in(page, site.reader)
    inspector.open("/my/articles/")
    log_in(page, site.author)
    inspector.open("/my/articles/", dark=True)
    inspector.open_more()
    inspector.open("/my/articles/new/", dark=True)
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("Not saved.")).to_be_visible()
    inspector.check(dark=True)
    page.locator("form.write").evaluate("form => form.remove()")  # Otherwise the browser asks for confirmation.
    page.on("dialog", lambda dialog: dialog.accept())
    for article in (site.draft, site.returned, site.hidden, site.full):
        inspector.open(f"/my/articles/{article.pk}/")
    inspector.open(f"/my/articles/{site.draft.pk}/preview/", dark=True)
    inspector.open(f"/my/articles/{site.draft.pk}/checklist/")
    inspector.open("/my/images/", dark=True)
    for address in ("/my/series/", f"/my/series/{site.series.pk}/", f"/my/articles/{site.plain.pk}/coauthors/"):
        inspector.open(address)
    for article in (site.waiting, site.changed, site.full):
        inspector.open(f"/my/articles/{article.pk}/preview/")
    log_in(page, site.long.author)  # suspended
    for address in ("/my/articles/", "/my/articles/new/", f"/my/articles/{site.long.pk}/preview/"):
        inspector.open(address)
    log_in(page, UserFactory.create(confirmation=False))
    for address in ("/my/articles/", "/my/articles/new/"):
        inspector.open(address)


def test_moderator_admin_pages(site: Site, inspector: Inspector, log_in: LogIn) -> None:
    page = inspector.page
    log_in(page, site.moderator)
    queue, texts = "/admin/moderation/submission/", (site.waiting, site.changed, site.hidden, site.returned)
    for address in ("/admin/", queue, f"{queue}{latest_revision(site.waiting).pk}/change/"):
        inspector.open(address, dark=True)
    page.get_by_label("Return to the author").check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("Enter a reason. The user can read it.")).to_be_visible()
    inspector.check(dark=True)
    for article in texts[1:]:
        inspector.open(f"{queue}{latest_revision(article).pk}/change/")
    inspector.open(f"{queue}{latest_revision(site.waiting).pk}/preview/")
    page.goto(queue)
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(index=2)
    page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).click()
    expect(page.locator(".several")).to_be_visible()
    inspector.check()
    for address in (
        f"{queue}?view=unreviewed",
        f"{queue}?view=returned",
        "/admin/articles/",
        "/admin/articles/article/",
        f"/admin/articles/article/{site.full.pk}/change/",
        f"/admin/articles/article/{site.full.pk}/correct/",
        f"/admin/articles/article/{site.full.pk}/history/",
        "/admin/articles/image/",
        "/admin/articles/section/",
        f"/admin/articles/section/{site.full.section_id}/change/",
        "/admin/articles/section/add/",
        "/admin/articles/tag/",
        "/admin/articles/tag/add/",
        "/admin/core/sitesettings/1/change/",
        "/admin/moderation/decision/",
        f"/admin/moderation/decision/{site.decision.pk}/change/",
        "/admin/moderation/suspension/",
        "/admin/moderation/suspension/add/",
        f"/admin/moderation/suspension/{site.suspension.pk}/change/",
        "/admin/moderation/submission/alerts/",
        "/admin/articles/trust/",
        f"/admin/articles/trust/add/?user={site.author.username}&kind=frozen",
    ):
        inspector.open(address)
    figures.record()
    inspector.open("/admin/statistics/moderation/", dark=True)


def test_promotion_admin_pages(site: Site, inspector: Inspector, log_in: LogIn) -> None:
    page, queue = inspector.page, "/admin/promotion/promotion/"
    log_in(page, site.moderator)
    for address in (queue, f"{queue}{site.requested.pk}/change/", f"{queue}timeline/", f"{queue}results/"):
        inspector.open(address, dark=True)
    requests.author_agrees(promotion=site.requested, author=site.author)
    inspector.open(f"{queue}{site.requested.pk}/change/")
    page.get_by_label("Decline").check()
    page.get_by_role("button", name="Save decision").click()
    expect(page.get_by_text("Enter a reason.")).to_be_visible()
    inspector.check(dark=True)
    for promotion in (site.promotion, site.unpaid, site.editorial):
        inspector.open(f"{queue}{promotion.pk}/change/")
    inspector.open(f"{queue}add/?article={site.plain.pk}")
    page.get_by_role("textbox", name="Article").fill("none")
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_text("No published article")).to_be_visible()
    inspector.check()
    entry = site.promotion.ledger.all().first()
    assert entry
    for address in (
        f"{queue}{site.requested.pk}/preview/",
        f"{queue}?view=all",
        "/admin/promotion/ledgerentry/",
        f"/admin/promotion/ledgerentry/{entry.pk}/change/",
        "/admin/promotion/placement/",
        f"/admin/promotion/placement/{site.promotion.placement_id}/change/",
        "/admin/promotion/plan/",
        "/admin/promotion/plan/add/",
        f"/admin/promotion/plan/{site.promotion.plan_id}/change/",
    ):
        inspector.open(address)


def test_administrator_admin_pages(site: Site, inspector: Inspector, log_in: LogIn) -> None:
    log_in(inspector.page, site.administrator)
    for address in (
        "/admin/",
        "/admin/accounts/user/",
        f"/admin/accounts/user/{site.author.pk}/change/",
        "/admin/accounts/user/add/",
        "/admin/auth/group/",
        "/admin/account/emailaddress/",
        "/admin/django_tasks_database/dbtaskresult/",
    ):
        inspector.open(address)


def test_error_pages(site: Site, inspector: Inspector, log_in: LogIn, settings: LazySettings) -> None:
    page = inspector.page
    inspector.open("/nothing/here/", 404, dark=True)
    inspector.open("/ru/nothing/here/", 404)
    inspector.open(site.hidden.get_absolute_url(), 404)
    inspector.open("/?after=%00", 400)
    log_in(page, site.moderator)
    inspector.open("/admin/accounts/user/", 403)
    page.goto("/")
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This form has expired")
    inspector.check()
    page.context.clear_cookies()
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    inspector.problems.expect(429)
    for _ in range(2):
        page.goto("/accounts/login/")
        log_in_with_form(page, "reader", "not the password")
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many requests")
    inspector.check()


def test_pages_are_valid_html(
    site: Site,
    page: Page,
    page_without_javascript: Page,
    log_in: LogIn,
    valid_html: Callable[..., None],
) -> None:
    assert site.full.section
    addresses = {
        "front": "/",
        "article": site.full.get_absolute_url(),
        "long": site.long.get_absolute_url(),
        "armenian": f"/hy{site.armenian.get_absolute_url()}",
        "section": site.full.section.get_absolute_url(),
        "author": site.author.get_absolute_url(),
        "about": "/about/",
        "log": "/moderation/",
        "ledger": "/promotions/",
        "sign_up": "/accounts/signup/",
        "log_in": "/accounts/login/",
        "not_found": "/nothing/",
    }
    documents = {name: page.request.get(address).text() for name, address in addresses.items()}
    log_in(page, site.author)
    own = {
        "my_articles": "/my/articles/",
        "writing": "/my/articles/new/",
        "editing": f"/my/articles/{site.returned.pk}/",
        "checklist": f"/my/articles/{site.draft.pk}/checklist/",
        "preview": f"/my/articles/{site.draft.pk}/preview/",
        "voting": site.russian.get_absolute_url(),
        "promoting": f"/articles/{site.russian.pk}/promote/",
        "requested": f"/promotions/{site.requested.pk}/author/",
        "account": "/accounts/",
        "passkeys": "/accounts/2fa/webauthn/",
        "invitations": "/accounts/invitations/",
        "profile": "/accounts/profile/",
    }
    documents |= {name: page.request.get(address).text() for name, address in own.items()}
    log_in(page, site.reader)
    sponsor_pages = {
        "sponsoring": f"/promotions/{site.promotion.pk}/",
        "results": f"/promotions/{site.promotion.pk}/results/",
        "paying": f"/promotions/{site.unpaid.pk}/pay/",
    }
    documents |= {name: page.request.get(address).text() for name, address in sponsor_pages.items()}
    plain = page_without_javascript
    log_in(plain, site.author)
    plain.goto("/my/articles/new/")
    with plain.expect_response(lambda response: response.request.method == "POST") as refused:
        plain.get_by_role("button", name="Submit for review").click()
    documents["refused"] = refused.value.text()
    assert "Not saved." in documents["refused"]
    valid_html(**documents)
