"""A mail server that stores what it receives; it can also accept connections and say nothing."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile


class SmtpServer:
    """What the server has received.

    Attributes:
        recipients: of each email.
        messages: the emails, as they were sent.
        asked: set by a connection.
        is_up: while it is not set, the server accepts connections and says nothing.
    """

    def __init__(self) -> None:
        self.port = 0
        self.recipients: list[str] = []
        self.messages: list[bytes] = []
        self.asked = threading.Event()
        self.is_up = threading.Event()
        self.is_up.set()


@contextmanager
def serve(server: SmtpServer, host: str = "127.0.0.1") -> Iterator[SmtpServer]:
    """Run the server on a free port; it is `server.port`."""

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            server.asked.set()
            server.is_up.wait(60)
            try:
                self.talk()
            except ConnectionError:  # The client is gone.
                return

        def talk(self) -> None:
            self.say("220 ready")
            recipient = ""
            for line in self.rfile:
                command = line[:4].upper()
                if command == b"RCPT":
                    recipient = line.decode().split("<")[1].split(">")[0]
                if command == b"DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    server.messages.append(b"".join(takewhile(bool, lines)))
                    server.recipients.append(recipient)
                self.say("221 bye" if command == b"QUIT" else "250 ok")
                if command == b"QUIT":
                    return

    with socketserver.ThreadingTCPServer((host, 0), Handler) as tcp:
        tcp.daemon_threads = True
        tcp.block_on_close = False
        server.port = tcp.server_address[1]
        thread = threading.Thread(target=tcp.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.is_up.set()
            tcp.shutdown()
            thread.join()
