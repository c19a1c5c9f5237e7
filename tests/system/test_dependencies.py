"""What users see while a dependency is away, slow or full, and once it is back (docs/operating.md has the table).

The site runs in processes of its own, on a real PostgreSQL, Redis, disk and worker, and on small servers that speak
SMTP and answer as Stripe does.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from articles.models.disclosure import NOTHING_TO_DISCLOSE
from tests.e2e.steps import photograph
from tests.production import QUEUE_TIMEOUT
from tests.system.conftest import Site
from tests.system.dependencies import AWAY, DEPENDENCIES, FULL, SLOW, STATES, wait_until
from tests.system.visitor import Answer, Visitor, fields_of

pytestmark = [pytest.mark.production, pytest.mark.xdist_group("dependencies")]
# Seconds in which the site works again.
BACK_WITHIN = 5
# Seconds for which a dependency stays frozen.
FROZEN = 7
# Seconds for the requests that notice that the database is away: they wait 5 for a connection.
MAX_WAIT = 9
Action = Callable[[], Answer]

# Answers: the action is done; a page that holds what was typed and can be sent again; the form with a sentence.
DONE, LATER, SENTENCE = "done", "send again", "sentence"
EVERYTHING = ("read", "my articles", "log in", "sign up", "save", "submit", "vote", "upload", "pay")
# What differs from "done". While the database is slow or full, an action may also be done.
EXPECTED: dict[tuple[str, str], dict[str, str]] = {
    ("database", AWAY): dict.fromkeys(EVERYTHING[1:], LATER),
    ("database", SLOW): dict.fromkeys(EVERYTHING[1:], LATER),
    ("database", FULL): dict.fromkeys(EVERYTHING[2:], LATER),
    **{("payments", state): {"pay": SENTENCE} for state in STATES},
    **{("images", state): {"upload": SENTENCE} for state in (AWAY, FULL)},
}


class Case:
    """Users who have loaded their pages, and now act."""

    def __init__(self, site: Site, name: str, number: int) -> None:
        self.site, self.name = site, name
        self.address = f"192.0.2.{number}"
        self.reader, self.user, self.sponsor = (Visitor(site.origin, self.address) for _ in range(3))
        # Two browsers of the same user, because messages are stored in the session.
        for browser in (self.user, self.sponsor):
            browser.log_in(name)
        self.email = f"new-{name}@example.org"
        self.text = f"<p>{' '.join(secrets.token_hex(5) for _ in range(3000))}</p>"
        self.promotion, self.article = site.database.row(
            "SELECT p.id, p.article_id FROM promotion_promotion p JOIN accounts_user u ON u.id = p.sponsor_id"
            " WHERE u.username = %s",
            name,
        )
        self.path = self.reader.get(f"/articles/{self.article}/").location
        assert self.reader.get(self.path).status == 200
        self.load_account_forms()
        self.article_forms = [fields_of(self.user.get("/my/articles/new/")) for _ in range(3)]
        self.section = str(site.database.row("SELECT id FROM articles_section")[0])
        self.vote_form = {**self.article_forms[0], "vote": "1"}
        self.payment_form = fields_of(self.sponsor.get(f"/promotions/{self.promotion}/pay/"))
        self.image = photograph(size=(960, 640))["buffer"]

    def load_account_forms(self) -> None:
        """Open new browsers on the forms that nobody is logged in for."""
        self.newcomer, self.returning = (Visitor(self.site.origin, self.address) for _ in range(2))
        self.log_in_form = fields_of(self.returning.get("/accounts/login/"))
        self.sign_up_form = fields_of(self.newcomer.get("/accounts/signup/"))

    def actions(self) -> dict[str, Action]:
        log_in = {**self.log_in_form, "login": self.name, "password": "correct horse battery"}
        sign_up = {
            **self.sign_up_form,
            "username": f"new-{self.name}",
            "email": self.email,
            "password1": "correct horse battery",
            "rules": "on",
        }
        return {
            "read": lambda: self.reader.get(self.path),
            "my articles": lambda: self.user.get("/my/articles/"),
            "log in": lambda: self.returning.post("/accounts/login/", log_in),
            "sign up": lambda: self.newcomer.post("/accounts/signup/", sign_up),
            "save": lambda: self._write(0, "save"),
            "submit": lambda: self._write(1, "submit"),
            "upload": lambda: self._write(2, "upload", self.image),
            "vote": lambda: self.user.post(f"/articles/{self.article}/vote/", self.vote_form),
            "pay": lambda: self.sponsor.post(f"/promotions/{self.promotion}/pay/", self.payment_form),
        }

    def _write(self, number: int, action: str, image: bytes = b"") -> Answer:
        fields = {
            "title": f"{self.name} {action}",
            "body": self.text,
            "summary": "A summary",
            "section": self.section,
            "language": "en",
            "alternative_text": "A lamp" if image else "",
            **NOTHING_TO_DISCLOSE,
            "action": "save" if action == "upload" else action,
        }
        return self.user.post("/my/articles/new/", {**self.article_forms[number], **fields}, image)

    def outcome(self, action: str, answer: Answer) -> str:
        """Return which kind of answer this is.

        Raises:
            AssertionError: it is none of them; nothing answers 500 or loses a text.
        """
        if answer.status == 503:
            if action in {"save", "submit", "upload"}:
                assert fields_of(answer)["body"] == self.text
                assert fields_of(answer)["title"] == f"{self.name} {action}"
            assert ("Send again" in answer.text) == (action not in {"read", "my articles", "log in", "sign up"})
            return LATER
        if action == "upload" and answer.status == 200:
            assert "The image cannot be stored at the moment." in answer.text
            assert self.text in answer.text.replace("&lt;", "<").replace("&gt;", ">")
            return SENTENCE
        if action == "sign up" and "This username is already taken." in answer.text:
            # The first attempt failed after the user was saved. The email comes with the first log-in.
            form = fields_of(self.newcomer.get("/accounts/login/"))
            self.newcomer.post("/accounts/login/", {**form, "login": self.email, "password": "correct horse battery"})
            return DONE
        if action == "pay" and answer.location.endswith("/pay/"):
            assert answer.status == 302
            assert "you have not been charged. Try again." in self.sponsor.get(answer.location).text
            return SENTENCE
        assert answer.status == (200 if action in {"read", "my articles"} else 303 if action == "vote" else 302), (
            f"{action}: {answer.status} {answer.text}"
        )
        return DONE


CASES = [(dependency, state) for dependency in DEPENDENCIES for state in STATES]


@pytest.mark.parametrize(("dependency", "state"), CASES)
def test_users_while_a_dependency_fails(site: Site, dependency: str, state: str) -> None:
    case = Case(site, f"{dependency}-{state}", CASES.index((dependency, state)) + 1)
    actions, failing = case.actions(), getattr(site, dependency)
    expected = {**dict.fromkeys(EVERYTHING, DONE), **EXPECTED.get((dependency, state), {})}
    with ThreadPoolExecutor(len(actions) + 1) as pool:
        failing.fail(state)
        try:
            answers = {name: pool.submit(action) for name, action in actions.items()}
            health = pool.submit(Visitor(site.origin, "192.0.2.1").get, "/health/")
            if state == SLOW and dependency in {"database", "images"}:
                time.sleep(FROZEN)
            else:
                wait([*answers.values(), health])
            waiting = {name for name, answer in answers.items() if not answer.done()}
            if dependency == "images" and state == SLOW:
                assert waiting == {"upload"}
                assert health.done()  # It says so, and occupies no thread.
        finally:
            failing.restore(state)
        outcomes = {name: case.outcome(name, answer.result()) for name, answer in answers.items()}
        slowest = max(answer.result().seconds for answer in answers.values())
        check_health(health.result(), dependency, state)
        if dependency == "database" and state in {SLOW, FULL}:
            # Those that already had a connection, or found some space, are done.
            outcomes = {name: expected[name] if found == DONE else found for name, found in outcomes.items()}
        assert outcomes == expected
        if dependency == "database" and state == AWAY:
            assert slowest < MAX_WAIT
        wait_until(lambda: case.outcome("my articles", actions["my articles"]()) == DONE, BACK_WITHIN)
        # Forms with a password are filled in again.
        case.load_account_forms()
        refused = {name: action for name, action in case.actions().items() if outcomes[name] != DONE}
        again = {name: pool.submit(action) for name, action in refused.items()}
        assert {case.outcome(name, answer.result()) for name, answer in again.items()} <= {DONE}
    titles = site.database.row(
        "SELECT array_agg(title ORDER BY title) FROM articles_revision WHERE title LIKE %s", f"{case.name} %"
    )
    assert titles[0] == [f"{case.name} {action}" for action in ("save", "submit", "upload")]
    check_email(site, case, dependency)


def check_health(health: Answer, dependency: str, state: str) -> None:
    """Check what load balancers and operators are told."""
    words = json.loads(health.text)
    if dependency in {"database", "images"} and (dependency, state) != ("database", FULL):
        assert (health.status, words[dependency]) == (503, "failed")
    else:
        assert health.status == 200
    if dependency == "cache" and state != FULL:
        assert words["cache"] == "failed"


def check_email(site: Site, case: Case, dependency: str) -> None:
    """Check that the email of the sign-up arrives."""
    if dependency == "mail":
        # It is tried again within a minute; that the minute has passed:
        site.database.execute("UPDATE core_pendingemail SET next_attempt_at = next_attempt_at - interval '1 minute'")
        reader = Visitor(site.origin, case.address)
        form = fields_of(reader.get("/accounts/password/reset/"))
        reader.post("/accounts/password/reset/", {**form, "email": f"{case.name}@example.org"})

    def has_arrived() -> bool:
        site.worker.restart_if_ended()
        return case.email in site.mail.received

    wait_until(has_arrived, QUEUE_TIMEOUT)
