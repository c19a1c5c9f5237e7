"""A constant load of reads, views, votes and new drafts, and what was acknowledged of it."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

READERS, BEACONS = 6, 2
# Seconds between two requests of a thread.
PAUSES = {"read": 0.3, "view": 0.15, "vote": 0.3, "article": 1.5}
TIMEOUT = 20
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TOKEN = "t" * 32
DONE = {"read": 200, "view": 204, "vote": 303, "article": 302}


@dataclass(frozen=True)
class Site:
    """What the load needs to know of the site (`content.create`)."""

    origin: str
    articles: dict[str, str]
    voters: dict[str, str]
    writers: list[str]
    section: int
    plan: int


@dataclass(frozen=True)
class Attempt:
    kind: str
    # By the monotonic clock.
    began: float
    ended: float
    status: int

    @property
    def is_done(self) -> bool:
        return self.status == DONE[self.kind]


@dataclass
class Load:
    """Threads that use the site until `stop`.

    Attributes:
        views: (article, address) of each view that was answered with 204.
        votes: for each (voter, article) the values that can be stored: after an answer only its own.
        titles: of the drafts whose storage was answered.
    """

    site: Site
    attempts: list[Attempt] = field(default_factory=list)
    views: list[tuple[str, str]] = field(default_factory=list)
    votes: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._must_stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(kind, action, number), daemon=True)
            for kind, action, count in (
                ("read", self._read, READERS),
                ("view", self._view, BEACONS),
                ("vote", self._vote, 1),
                ("article", self._write, 1),
            )
            for number in range(count)
        ]
        ids = list(self.site.articles)
        self._pairs = itertools.cycle(
            [(voter, article, value) for value in (1, -1) for article in ids for voter in self.site.voters]
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._must_stop.set()
        for thread in self._threads:
            thread.join(TIMEOUT + 5)

    def _repeat(self, kind: str, action: Callable[[int, int], int], number: int) -> None:
        for turn in itertools.count():
            began = time.monotonic()
            try:
                status = action(number, turn)
            except (OSError, HTTPException):
                status = 0
            self.attempts.append(Attempt(kind, began, time.monotonic(), status))
            if self._must_stop.wait(PAUSES[kind]):
                return

    def _read(self, number: int, turn: int) -> int:
        paths = ["/", "/search/?q=lamp", *self.site.articles.values()]
        return self._request("GET", paths[(turn * READERS + number) % len(paths)], f"127.1.0.{number + 1}")

    def _view(self, number: int, turn: int) -> int:
        """Send the view of a reader at an address that has sent none before."""
        article = list(self.site.articles)[turn % len(self.site.articles)]
        address = f"127.{10 + number}.{turn // 250 % 250}.{turn % 250 + 1}"
        status = self._request("POST", f"/beacon/{article}/", address, Origin=self.site.origin)
        if status == DONE["view"]:
            self.views.append((article, address))
        return status

    def _vote(self, number: int, turn: int) -> int:
        voter, article, value = next(self._pairs)
        self.votes.setdefault((voter, article), {0}).add(value)
        status = self._submit(f"/articles/{article}/vote/", self.site.voters[voter], {"vote": str(value)})
        if status == DONE["vote"]:
            self.votes[voter, article] = {value}
        return status

    def _write(self, number: int, turn: int) -> int:
        title = f"Draft {uuid.uuid4().hex}"
        fields = {
            "title": title,
            "body": "<p>Written under load.</p>",
            "section": str(self.site.section),
            "language": "en",
            "form_key": str(uuid.uuid4()),
            "action": "save",
        }
        status = self._submit("/my/articles/new/", self.site.writers[turn % len(self.site.writers)], fields)
        if status == DONE["article"]:
            self.titles.append(title)
        return status

    def _submit(self, path: str, session: str, fields: dict[str, str]) -> int:
        body = urlencode({**fields, "csrfmiddlewaretoken": TOKEN})
        headers = {"Cookie": f"session={session}; csrf={TOKEN}", "Content-Type": "application/x-www-form-urlencoded"}
        return self._request("POST", path, "127.2.0.1", body, **headers)

    def _request(self, method: str, path: str, address: str, body: str | None = None, **headers: str) -> int:
        host = self.site.origin.removeprefix("http://")
        connection = HTTPConnection(host, timeout=TIMEOUT, source_address=(address, 0))
        try:
            connection.request(method, path, body, {"User-Agent": USER_AGENT, **headers})
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()


@dataclass(frozen=True)
class Figures:
    """What readers and writers met in a span of time; all times are seconds."""

    requests: int
    reads: int
    failed_reads: int
    slowest_read: float
    longest_gap: float
    writes: int
    refused_writes: int


def figures(attempts: list[Attempt], since: float, until: float) -> Figures:
    """Summarize the attempts that began in a span of time; a gap is the time in which no read ended well."""
    inside = [one for one in attempts if since <= one.began < until]
    reads = [one for one in inside if one.kind == "read"]
    writes = [one for one in inside if one.kind != "read"]
    return Figures(
        requests=len(inside),
        reads=len(reads),
        failed_reads=sum(not one.is_done for one in reads),
        slowest_read=max((one.ended - one.began for one in reads), default=0),
        longest_gap=max(_gaps(reads, since, until)),
        writes=sum(one.is_done for one in writes),
        refused_writes=sum(not one.is_done for one in writes),
    )


def _gaps(reads: list[Attempt], since: float, until: float) -> Iterator[float]:
    ended = sorted(one.ended for one in reads if one.is_done and one.ended < until)
    for one, other in itertools.pairwise([since, *ended, until]):
        yield other - one
