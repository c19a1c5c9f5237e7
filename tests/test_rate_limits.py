"""Every rate limit: the answer, its Retry-After, and what is counted together."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings, settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.views import account, invitations, login, signup
from articles.models import Article
from articles.promotion import public_ledger
from articles.promotion import views as promotions
from articles.search import views as search
from articles.views import coauthors, edit, images, imports, preview_links, tags
from articles.voting import views as voting
from core import ratelimit
from tests import factories
from tests.accounts.conftest import SIGNUP_DATA, image
from tests.promotion import actions

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 28, 12, 0, 13, tzinfo=UTC)
PAGE = "Too many requests"


class Sender:
    """A browser, of a user or of a stranger, whose address is another one for each request."""

    def __init__(self, user: User | None, network: int) -> None:
        self.client, self.user, self.network, self.sent = Client(), user, network, 0
        self.article = Article.objects.earliest("pk")
        if user is not None:
            self.client.force_login(user)
            self.promotion = actions.awaiting(sponsor=user)

    def get(self, path: str, data: Any = None) -> HttpResponse:
        return self._send(self.client.get, path, data)

    def post(self, path: str, data: Any = None, **headers: str) -> HttpResponse:
        return self._send(self.client.post, path, data, **headers)

    def _send(self, send: Callable[..., Any], path: str, data: Any, **headers: str) -> HttpResponse:
        self.sent += 1
        # A user is another network each time, a stranger another address of one /64 network.
        address = f"2001:db8:{self.network}:{self.sent if self.user else 0}::{self.sent}"
        response: HttpResponse = send(path, data or {}, REMOTE_ADDR=address, **headers)
        return response


def correct_email(sender: Sender) -> HttpResponse:
    if not sender.sent:
        name = f"new{sender.network}"
        sender.post("/accounts/signup/", {**SIGNUP_DATA, "username": name, "email": f"{name}@example.org"})
    return sender.post("/accounts/confirm-email/", {"email": "no address"})


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit of `counted` actions, which a test makes small, in `seconds`."""

    act: Callable[[Sender], HttpResponse]
    seconds: int
    constant: tuple[Any, str] | None = None  # none for allauth's limits
    counted: int = 3
    by: str = "account"
    sentence: str = PAGE


def new_article(sender: Sender, **changes: Any) -> HttpResponse:
    section = sender.article.live.section_id if sender.article.live else 0
    return sender.post("/my/articles/new/", {"title": "Ours", "section": section, "language": "en", **changes})


def invite(sender: Sender) -> HttpResponse:
    if not sender.sent:
        new_article(sender)
    own = Article.objects.filter(author=sender.user).latest("pk")
    return sender.post(f"/my/articles/{own.pk}/coauthors/", {"username": "nobody"})


SEARCHES = (settings, "SEARCHES_PER_MINUTE")
LIMITS = {
    "vote": Limit(
        act=lambda sender: sender.post(f"/articles/{sender.article.pk}/vote/", {"vote": "1"}),
        constant=(voting, "MAX_PER_MINUTE"),
        seconds=60,
    ),
    "vote with htmx": Limit(
        act=lambda sender: sender.post(f"/articles/{sender.article.pk}/vote/", {"vote": "1"}, HTTP_HX_REQUEST="true"),
        constant=(voting, "MAX_PER_MINUTE"),
        seconds=60,
        sentence="You are voting too often. Try again in a minute.",
    ),
    "article": Limit(
        act=new_article,
        constant=(edit, "MAX_ARTICLES_PER_HOUR"),
        seconds=3600,
        sentence="You have started too many articles in a short time. Try again later.",
    ),
    "upload": Limit(
        act=lambda sender: new_article(sender, title="", image=image()),
        constant=(images, "MAX_UPLOADS_PER_HOUR"),
        seconds=3600,
        sentence="You have uploaded too many images in a short time. Try again later.",
    ),
    "import": Limit(
        act=lambda sender: sender.post("/my/articles/import/"),
        constant=(imports, "MAX_IMPORTS_PER_HOUR"),
        seconds=3600,
        sentence="You have imported too many files in a short time. Try again later.",
    ),
    "tag_suggestions": Limit(
        act=lambda sender: sender.get("/my/tags/", {"q": "la"}),
        constant=(tags, "MAX_SUGGESTIONS_PER_MINUTE"),
        seconds=60,
    ),
    "autosave": Limit(
        act=lambda sender: sender.post("/my/articles/new/autosave/"),
        constant=(edit, "MAX_AUTOSAVES_PER_HOUR"),
        seconds=3600,
        sentence="You have saved too often in a short time.",
    ),
    "avatar": Limit(
        act=lambda sender: sender.post("/accounts/profile/", {"avatar": image()}),
        constant=(account, "MAX_AVATARS_PER_HOUR"),
        seconds=3600,
    ),
    "promote": Limit(
        act=lambda sender: sender.post(f"/articles/{sender.article.pk}/promote/"),
        constant=(promotions, "MAX_REQUESTS_PER_HOUR"),
        seconds=3600,
    ),
    "promotion-pay": Limit(
        act=lambda sender: sender.post(f"/promotions/{sender.promotion.pk}/pay/"),
        constant=(promotions, "MAX_PAYMENTS_PER_HOUR"),
        seconds=3600,
    ),
    "create-preview-link": Limit(
        act=lambda sender: sender.post("/my/articles/1/preview/link/"),
        constant=(preview_links, "MAX_CREATED_PER_HOUR"),
        seconds=3600,
    ),
    "invite-coauthor": Limit(
        act=invite,
        constant=(coauthors, "MAX_INVITATIONS_PER_HOUR"),
        seconds=3600,
        sentence="You have invited too many users in a short time. Try again later.",
    ),
    "correct-email": Limit(
        act=correct_email, constant=(signup, "MAX_EMAIL_CORRECTIONS_PER_HOUR"), seconds=3600, by="address"
    ),
    "login-code": Limit(
        act=lambda sender: sender.post("/accounts/login/code/"),
        constant=(login, "MAX_CODES_PER_HOUR"),
        seconds=3600,
        by="address",
    ),
    "passkey-login": Limit(
        act=lambda sender: sender.get("/accounts/2fa/webauthn/login/"),
        constant=(login, "MAX_CHALLENGES_PER_HOUR"),
        seconds=3600,
        by="address",
    ),
    "invitation": Limit(
        act=lambda sender: sender.get("/accounts/invitations/x/"),
        constant=(invitations, "MAX_INVITATION_PAGES_PER_HOUR"),
        seconds=3600,
        by="address",
    ),
    **{
        f"preview-link by {by}": Limit(
            act=lambda sender: sender.get("/preview/x/"),
            constant=(preview_links, "MAX_READS_PER_HOUR"),
            seconds=3600,
            by=by,
        )
        for by in ("account", "address")
    },
    **{
        f"{action} by {by}": Limit(act=act, constant=constant, seconds=60, by=by, counted=counted)
        for by in ("account", "address")
        for action, act, constant, counted in (
            ("search", lambda sender: sender.get("/search/", {"q": "lamps"}), SEARCHES, 3),
            ("suggestions", lambda sender: sender.get("/search/suggestions/", {"q": "la"}), SEARCHES, 6),
            ("export", lambda sender: sender.get("/promotions.csv"), (public_ledger, "MAX_EXPORTS"), 3),
            ("export as JSON", lambda sender: sender.get("/promotions.json"), (public_ledger, "MAX_EXPORTS"), 3),
        )
    },
    "allauth login": Limit(
        act=lambda sender: sender.post("/accounts/login/", {"login": f"x{sender.sent}", "password": ""}),
        seconds=60,
        counted=30,
        by="address",
    ),
    "allauth signup": Limit(
        act=lambda sender: sender.post("/accounts/signup/"), seconds=3600, counted=20, by="address"
    ),
    "allauth reset_password": Limit(
        act=lambda sender: sender.post(
            "/accounts/password/reset/", {"email": f"{sender.network}-{sender.sent}@example.org"}
        ),
        seconds=3600,
        counted=20,
        by="address",
    ),
}


@pytest.fixture(autouse=True)
def _real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the limits see the clock of time-machine."""
    monkeypatch.setattr(ratelimit, "time", time)


@pytest.fixture(autouse=True)
def _article(settings: LazySettings) -> None:
    settings.PAYMENTS = "dummy"
    variants = {**settings.PAYMENT_VARIANTS, "dummy": ("articles.promotion.payments.DummyProvider", {})}
    settings.PAYMENT_VARIANTS = variants
    factories.published()


def is_refused(response: HttpResponse) -> bool:
    return response.status_code == 429


@pytest.mark.parametrize("name", LIMITS)
def test_limit_ends_when_its_answer_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = LIMITS[name]
    if limit.constant is not None:
        monkeypatch.setattr(*limit.constant, 3)
    with time_machine.travel(START, tick=False) as clock:
        sender, other = (
            Sender(factories.UserFactory.create() if limit.by == "account" else None, network) for network in (1, 2)
        )
        assert [is_refused(limit.act(sender)) for _ in range(limit.counted)] == [False] * limit.counted
        refused = limit.act(sender)
        assert refused.status_code == 429
        assert limit.sentence in refused.content.decode()
        seconds = int(refused["Retry-After"])
        assert 0 < seconds <= limit.seconds
        if limit.sentence == PAGE:
            assert f"Try again in {seconds} seconds." in refused.content.decode()
        assert not is_refused(limit.act(other)), "Others are not affected."
        clock.shift(seconds - 1)
        assert is_refused(limit.act(sender))
        clock.shift(1)
        assert not is_refused(limit.act(sender))


@pytest.mark.parametrize("act", [LIMITS["search by address"].act, LIMITS["suggestions by address"].act])
def test_limit_of_all_strangers_together(
    act: Callable[[Sender], HttpResponse], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEARCHES_PER_MINUTE = 2
    monkeypatch.setattr(search, "CLIENTS_AT_THE_LIMIT", 2)
    with time_machine.travel(START, tick=False) as clock:
        strangers = (Sender(None, network) for network in range(1, 100))
        answers = [act(next(strangers)) for _ in range(10)]
        refused = next(answer for answer in answers if is_refused(answer))
        assert answers.index(refused) in {4, 8}
        assert not is_refused(act(Sender(factories.UserFactory.create(), 200))), "Users are not affected."
        clock.shift(int(refused["Retry-After"]) - 1)
        assert is_refused(act(next(strangers)))
        clock.shift(1)
        assert not is_refused(act(next(strangers)))


def test_password_reset_limit_of_a_recipient() -> None:
    """However many networks ask for it."""
    with time_machine.travel(START, tick=False) as clock:
        senders = (Sender(None, network) for network in range(1, 100))

        def ask() -> HttpResponse:
            return next(senders).post("/accounts/password/reset/", {"email": "anna@example.org"})

        assert [is_refused(ask()) for _ in range(6)] == [False] * 5 + [True]
        clock.shift(3599)
        refused = ask()
        assert PAGE in refused.content.decode()
        clock.shift(1)
        assert not is_refused(ask())


def test_every_limit_is_tested() -> None:
    apps = [
        path
        for app in ("accounts", "articles", "core", "spokesperson")
        for path in settings.BASE_DIR.glob(f"{app}/**/*.py")
    ]
    sources = "".join(path.read_text() for path in apps)
    found = set(re.findall(r'(?:check_rate_limit|_limit|_seconds_to_wait)\(request, "([\w-]+)"', sources))
    assert found == {name.split(" ")[0] for name in LIMITS} - {"allauth"}
