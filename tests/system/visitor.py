"""A browser without JavaScript: cookies, forms, and what a page says."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.request import BaseHandler, HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener


@dataclass
class Answer:
    status: int
    text: str
    location: str
    seconds: float


class NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: object, **options: object) -> None:
        return None


class Visitor:
    """One browser, at an address of its own.

    Args:
        handlers: more of urllib's, such as one that connects to another address than that of the name.
    """

    def __init__(self, origin: str, address: str, *handlers: BaseHandler) -> None:
        self.origin, self.address = origin, address
        self.opener = build_opener(NoRedirect, HTTPCookieProcessor(CookieJar()), *handlers)

    def get(self, path: str) -> Answer:
        return self._send(Request(self.origin + path))  # noqa: S310 - http

    def post(self, path: str, fields: dict[str, str], image: bytes = b"") -> Answer:
        """Send a form as multipart/form-data."""
        boundary = uuid.uuid4().hex
        parts = [f'name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
        if image:
            head = b'name="image"; filename="lamp.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            parts.append(head + image + b"\r\n")
        start = f"--{boundary}\r\nContent-Disposition: form-data; ".encode()
        body = b"".join(start + part for part in parts) + f"--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Origin": self.origin}
        return self._send(Request(self.origin + path, body, headers))  # noqa: S310 - http

    def log_in(self, username: str) -> None:
        form = fields_of(self.get("/accounts/login/"))
        answer = self.post("/accounts/login/", {**form, "login": username, "password": "correct horse battery"})
        assert answer.status == 302, answer

    def _send(self, request: Request) -> Answer:
        request.add_header("X-Forwarded-For", self.address)
        started = time.monotonic()
        try:
            response = self.opener.open(request, timeout=40)
        except HTTPError as error:
            response = error
        with response:
            text = response.read().decode(errors="replace")
        return Answer(response.status, text, response.headers.get("Location", ""), time.monotonic() - started)


class _Fields(HTMLParser):
    """The hidden fields of the page's last form with some."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "input" and values.get("type") == "hidden" and values.get("name"):
            self.fields[str(values["name"])] = values.get("value") or ""


def fields_of(page: Answer) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    parser = _Fields()
    parser.feed(page.text)
    return parser.fields
