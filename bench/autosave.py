"""Authors who write while readers request one article: each author's draft is saved every five seconds."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import md5
from http.client import HTTPConnection, HTTPException
from itertools import count
from statistics import median
from threading import Event, Lock, Thread
from typing import Any, Self

from bench import processes
from bench.lists import percentile
from bench.results import Autosaves
from bench.scenarios import BR
from bench.testbed import ORIGIN, TOKEN, Log, Testbed
from bench.verification import query_postgres
from bench.wrk import Load, run_load

AUTHORS = 200
INTERVAL = 5.0
# Before the load of each round.
WARM_UP_SECONDS = 1.0
# Characters of a long text (the form allows 100,000), and how often it is saved.
LONG = 98_000
LONG_SAVES = 30
# Saves that are in progress at a time; more have to wait.
THREADS = 32
_TEXTS = """SELECT json_agg(json_build_array(article.id, text.version, md5(text.body)))
    FROM articles_article AS article JOIN articles_revision AS text ON text.id = article.latest_id
    WHERE article.id IN ({0})"""


class Author:
    """An author's page: it sends what static/js/autosave.js sends, and remembers the last answer."""

    def __init__(self, port: int, draft: dict[str, Any], cookies: tuple[str, str]) -> None:
        session_cookie, csrf_cookie = cookies
        self.connection = HTTPConnection("127.0.0.1", port, timeout=10)
        self.article, self.version = int(draft["article"]), int(draft["version"])
        self.fields: dict[str, str] = draft["fields"]
        self.headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Cookie": f"{session_cookie}={draft['session']}; {csrf_cookie}={TOKEN}",
            "Origin": ORIGIN,
            "X-CSRFToken": TOKEN,
        }
        self.text = self.fields["body"]
        self.first, self.saves = self.version, 0
        # The author is saved by one thread at a time.
        self.lock = Lock()

    def save(self) -> float:
        """Add a paragraph and save the draft; return the milliseconds until the answer.

        Raises:
            HTTPException, OSError: there was no answer.
            ValueError: the save was refused.
        """
        with self.lock:
            text = f"{self.fields['body']}<p>Paragraph {self.saves + 1}</p>"
            fields = self.fields | {"body": text, "version": str(self.version), "save_key": str(uuid.uuid4())}
            began = time.perf_counter()
            self.connection.request(
                "POST", f"/my/articles/{self.article}/autosave/", json.dumps(fields), headers=self.headers
            )
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise ValueError(f"{answer.status}: {content[:200]!r}")
            self.text, self.version = text, json.loads(content)["version"]
            self.saves += 1
            return (time.perf_counter() - began) * 1000


class Authors:
    """All authors, who write until the end of the block `writing`."""

    def __init__(self, authors: list[Author]) -> None:
        self.authors = authors
        self.times: list[float] = []
        self.errors: list[str] = []
        self.seconds = 0.0

    @contextmanager
    def writing(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self._write, args=[stop])
        began = time.monotonic()
        thread.start()
        try:
            yield
        finally:
            stop.set()
            self.seconds += time.monotonic() - began
            thread.join()

    def _write(self, stop: Event) -> None:
        began = time.monotonic()
        with ThreadPoolExecutor(THREADS) as pool:
            for number in count():
                # Evenly spread.
                if stop.wait(max(0.0, began + number * INTERVAL / len(self.authors) - time.monotonic())):
                    break
                pool.submit(self.save, self.authors[number % len(self.authors)])

    def save(self, author: Author) -> None:
        """Save the draft of one author."""
        try:
            self.times.append(author.save())
        except (HTTPException, OSError, ValueError) as error:
            self.errors.append(f"article {author.article}: {error!r}")


class Cpu:
    """The CPU time of the web server and of PostgreSQL in a block, in milliseconds."""

    web = database = 0.0

    def __init__(self, testbed: Testbed) -> None:
        self.testbed = testbed

    def __enter__(self) -> Self:
        self.before = self._seconds()
        return self

    def __exit__(self, *error: object) -> None:
        web, database = self._seconds()
        self.web, self.database = (web - self.before[0]) * 1000, (database - self.before[1]) * 1000

    def _seconds(self) -> tuple[float, float]:
        return self.testbed.servers["site"].cpu_seconds(), processes.cpu_seconds(self.testbed.cluster.pid)


def measure_autosaves(testbed: Testbed, log: Log) -> Autosaves:
    """Measure the cached article page alone and while authors write, in turn; compare the texts with the database."""
    site = testbed.large
    cookies = site.found["session_cookie"], site.found["csrf_cookie"]
    drafts = json.loads(site.inside("authors", str(AUTHORS)))
    port = testbed.servers["site"].port
    authors = Authors([Author(port, draft, cookies) for draft in drafts])
    page = Load(port=port, path=site.found["article"]["path"], headers=BR)
    log("Autosaves without readers")
    with Cpu(testbed) as cpu, authors.writing():
        time.sleep(testbed.scale.autosave_seconds + INTERVAL)
    saves = len(authors.times)
    ratios = []
    for number in range(testbed.scale.autosave_rounds):
        log(f"Autosaves, round {number + 1} of {testbed.scale.autosave_rounds}")
        alone = run_load(page, seconds=testbed.scale.autosave_seconds)
        with authors.writing():
            time.sleep(WARM_UP_SECONDS)
            beside = run_load(page, seconds=testbed.scale.autosave_seconds)
        ratios.append(beside.per_second / alone.per_second)
        authors.errors += [f"{broken} pages failed" for broken in (alone.errors, beside.errors) if broken]
    times = list(authors.times)
    log("Autosaves of a long text")
    author = authors.authors[0]
    author.fields["body"] = author.fields["body"] * (LONG // len(author.fields["body"]))
    with Cpu(testbed) as long:
        for _ in range(LONG_SAVES):
            authors.save(author)
    return Autosaves(
        page_ratio=median(ratios),
        web_cpu_ms=cpu.web / max(saves, 1),
        database_cpu_ms=cpu.database / max(saves, 1),
        long_web_cpu_ms=long.web / LONG_SAVES,
        long_database_cpu_ms=long.database / LONG_SAVES,
        per_second=len(times) / authors.seconds,
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
        errors=authors.errors,
        wrong=lost_texts(testbed, authors.authors),
    )


def lost_texts(testbed: Testbed, authors: list[Author]) -> list[str]:
    """Return sentences about texts that differ from the last one that the server acknowledged."""
    pks = ",".join(str(author.article) for author in authors)
    rows = json.loads(query_postgres(testbed)(_TEXTS.format(pks)))
    stored = {pk: (version, digest) for pk, version, digest in rows}
    found = []
    for author in authors:
        version, digest = stored[author.article]
        if digest != md5(author.text.encode(), usedforsecurity=False).hexdigest():
            found.append(f"article {author.article} does not have the text that was acknowledged last")
        if version != author.version or version != author.first + author.saves:
            found.append(f"article {author.article} has version {version} after {author.saves} saves")
    return found
