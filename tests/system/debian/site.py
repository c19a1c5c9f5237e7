"""The site on the machine, as its visitors use it: over https, from another machine."""

from __future__ import annotations

import quopri
import re
import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse, HTTPSConnection
from urllib.request import HTTPSHandler, Request

from articles.models.disclosure import NOTHING_TO_DISCLOSE
from tests.e2e.steps import PASSWORD, photograph
from tests.readership.wsgi import FIREFOX
from tests.smtp_server import SmtpServer
from tests.system.debian.machine import Machine
from tests.system.visitor import Answer, Visitor, fields_of

HOST, ORIGIN = "news.example.org", "https://news.example.org"
ADMINISTRATOR, AUTHOR = "chief", "ani"
TITLE = "We counted every street lamp"
WAIT_TIMEOUT = 90  # seconds


class SiteConnection(HTTPSConnection):
    """A connection to the machine, under the name of the site."""

    def __init__(self, address: str, authority: ssl.SSLContext, host: str = HOST, timeout: float = 30) -> None:
        super().__init__(host, timeout=timeout, context=authority)
        self.address, self.authority = address, authority

    def connect(self) -> None:
        plain = socket.create_connection((self.address, 443), self.timeout)
        self.sock = self.authority.wrap_socket(plain, server_hostname=self.host)


class SiteHandler(HTTPSHandler):
    """Opens URLs with such connections."""

    def __init__(self, address: str, authority: ssl.SSLContext) -> None:
        super().__init__()
        self.connection = partial(SiteConnection, address, authority)

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self.connection, request)


def wait_until[Found](found: Callable[[], Found | None]) -> Found:
    """Return what a function returns as soon as that is true."""
    deadline = time.monotonic() + WAIT_TIMEOUT
    while not (value := found()):
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return value


class Site:
    """The site, and the mail server that it uses.

    Attributes:
        authority: trusts the certificate of the site.
        article: the path of the first article.
    """

    def __init__(self, machine: Machine, mail: SmtpServer) -> None:
        self.machine, self.mail = machine, mail
        self.authority = ssl.create_default_context()
        self.article = ""

    def trust(self, certificate: str) -> None:
        """Trust the authority of a certificate, here and on the machine; the site has no name that others know."""
        self.authority = ssl.create_default_context(cadata=certificate)
        (self.machine.root / "usr/local/share/ca-certificates/site.crt").write_text(certificate)
        self.machine.run("update-ca-certificates --fresh")

    def visitor(self) -> Visitor:
        return Visitor(ORIGIN, "192.0.2.9", SiteHandler(self.machine.address, self.authority))

    def publish_first_article(self) -> None:
        """Sign up, confirm the address, write and submit; decide in the admin as another user."""
        author = self.visitor()
        form = fields_of(author.get("/accounts/signup/"))
        email = f"{AUTHOR}@example.org"
        fields = {"username": AUTHOR, "email": email, "password1": PASSWORD, "rules": "on"}
        expect(author.post("/accounts/signup/", {**form, **fields}), 302)
        link = wait_until(lambda: self._confirmation(email))
        expect(author.post(link, fields_of(author.get(link))), 302)
        page = author.get("/my/articles/new/")
        [section] = re.findall(r'<option value="(\d+)"', page.text)
        article = {
            "title": TITLE,
            "summary": "A weekend and 2,340 lamps.",
            "body": f"<p>{'Eleven of us counted on the second weekend of October, street by street. ' * 20}</p>",
            "section": section,
            "language": "en",
            "alternative_text": "A lamp at dusk",
            **NOTHING_TO_DISCLOSE,
            "action": "submit",
        }
        expect(author.post("/my/articles/new/", {**fields_of(page), **article}, photograph()["buffer"]), 302)

        moderator = self.visitor()
        log_in(moderator, ADMINISTRATOR)
        queue = moderator.get("/admin/moderation/submission/")
        [path] = set(re.findall(r"/admin/moderation/submission/\d+/change/", queue.text))
        review = moderator.get(path)
        expect(moderator.post(path, {**fields_of(review), "verdict": "publish"}), 302)
        [self.article] = wait_until(lambda: set(re.findall(r"/articles/\d+/[\w-]+/", self.visitor().get("/").text)))

    def _confirmation(self, email: str) -> str:
        for recipient, message in zip(self.mail.recipients, self.mail.messages, strict=True):
            text = quopri.decodestring(message).decode(errors="replace")
            if recipient == email and (found := re.search(rf"{ORIGIN}(/accounts/confirm-email/\S+/)", text)):
                return found[1]
        return ""

    def view_and_like(self) -> None:
        """View the article as a reader without an account, and like it as the administrator."""
        assert self.request("POST", f"/beacon/{self.article.split('/')[2]}/") == 204
        user = self.visitor()
        log_in(user, ADMINISTRATOR)
        path = f"/articles/{self.article.split('/')[2]}/vote/"
        assert user.post(path, {**fields_of(user.get("/my/articles/new/")), "vote": "1"}).status in {302, 303}

    def request(self, method: str, path: str, user_agent: str = FIREFOX) -> int:
        """Send what a browser without a session sends; return the status."""
        connection = SiteConnection(self.machine.address, self.authority)
        headers = {"User-Agent": user_agent, "Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def expect_article(self, figures: str) -> None:
        """Check that readers see the article with its image and these figures, as soon as they are counted."""
        page = wait_until(lambda: self._page_with(figures))
        assert TITLE in page.text
        [image] = re.findall(rf'<meta property="og:image" content="{ORIGIN}(/media/[^"]+)"', page.text)
        expect(self.visitor().get(image), 200)

    def _page_with(self, figures: str) -> Answer | None:
        page = expect(self.visitor().get(self.article), 200)
        return page if f'aria-label="{figures}"' in page.text else None


def log_in(browser: Visitor, username: str) -> None:
    form = fields_of(browser.get("/accounts/login/"))
    expect(browser.post("/accounts/login/", {**form, "login": username, "password": PASSWORD}), 302)


def expect(answer: Answer, status: int) -> Answer:
    """Return an answer that has this status.

    Raises:
        AssertionError: it has another one.
    """
    assert answer.status == status, f"{answer.status} {answer.location}\n{answer.text[:4000]}"
    return answer
