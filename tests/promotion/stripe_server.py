"""A server with the part of Stripe's API that the site uses; it can hang, and answer nonsense."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

JSON = "application/json"


class Answer(NamedTuple):
    """A raw answer."""

    body: str
    status: int = 200
    content_type: str = JSON


class StripeServer:
    """What the server has made, and how it answers.

    Attributes:
        refunds: idempotency key → refund.
        refund_status: of new refunds.
        sessions: id → checkout session.
        session_ids: idempotency key → id of the session.
        calls: method and path of each request.
        odd: the beginning of a path, or a payment intent → the answer to requests about it.
    """

    def __init__(self) -> None:
        self.url = ""
        self.refunds: dict[str, dict[str, Any]] = {}
        self.refund_status = "succeeded"
        self.sessions: dict[str, dict[str, Any]] = {}
        self.session_ids: dict[str, str] = {}
        self.calls: list[str] = []
        self.odd: dict[str, Answer] = {}
        self.asked = threading.Event()
        self.is_up = threading.Event()
        self.is_up.set()

    def answer(self, method: str, path: str, form: dict[str, str], key: str) -> Answer:
        """Answer a request, while the server is up."""
        self.calls.append(f"{method} {path}")
        self.asked.set()
        self.is_up.wait(60)
        for about, odd in self.odd.items():
            if path.endswith(about) or form.get("payment_intent") == about:
                return odd
        return Answer(json.dumps(self._make(method, path, form, key)))

    def forget_keys(self) -> None:
        """Forget the idempotency keys, as Stripe does after a day."""
        self.refunds = {f"expired {key}": refund for key, refund in self.refunds.items()}

    def _make(self, method: str, path: str, form: dict[str, str], key: str) -> dict[str, Any]:
        kind, _, pk = path.removeprefix("/v1/").rpartition("/")
        if method == "GET" and kind == "payment_intents":
            refunds = [refund for refund in self.refunds.values() if refund["payment_intent"] == pk]
            total = sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded")
            charge = {"id": "ch_1", "amount_refunded": total, "currency": "eur", "refunds": {"data": refunds}}
            return {"id": pk, "latest_charge": charge}
        if method == "GET":
            return self.sessions[pk]
        if pk == "sessions":
            pk = self.session_ids.setdefault(key, f"cs_{len(self.session_ids)}")
            session = {
                "id": pk,
                "url": "https://checkout.stripe.com/c/pay",
                "client_reference_id": form["client_reference_id"],
                "status": "open",
                "payment_status": "unpaid",
                "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
                "currency": form["line_items[0][price_data][currency]"],
            }
            return self.sessions.setdefault(pk, session)
        if pk == "refunds":
            new = {**form, "amount": int(form["amount"]), "currency": "eur", "status": self.refund_status}
            return self.refunds.setdefault(key, {"id": f"re_{len(self.refunds)}", **new})
        raise AssertionError(path)


@contextmanager
def serve(server: StripeServer) -> Iterator[StripeServer]:
    """Run the server on a free port; its address is `server.url`."""

    class Handler(BaseHTTPRequestHandler):
        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            key = self.headers.get("Idempotency-Key", "")
            answer = server.answer(self.command, urlsplit(self.path).path, form, key)
            content = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_request  # noqa: N815 - the names that the class looks for

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # The client is gone.
                self.close_connection = True

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.is_up.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()
