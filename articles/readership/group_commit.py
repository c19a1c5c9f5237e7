"""Write what parallel requests have to store in one transaction: group commit, as databases do it for their log.

Requests put items into a queue and wait. One thread per process takes everything in the queue, writes it, and wakes
the requests. A single request waits for no other; the more arrive at once, the fewer commits there are
(docs/decisions/0012-view-beacon.md). Nothing is acknowledged before it is committed.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from core.exceptions import ActionNotAllowed

MAX_BATCH = 500
# After a batch of this size, the thread waits this long for the requests that follow those it has just answered.
# Otherwise two half crowds take turns. PostgreSQL's commit_delay does the same.
CROWD = 8
GATHER_SECONDS = 0.004
# An outage is logged once in this many seconds, not once per batch.
LOG_INTERVAL = 30

logger = logging.getLogger(__name__)


class NotWritten(Exception):
    """The item was not stored. If that took too long, it can be stored later all the same."""


class _Ticket[Item, Result]:
    """One request's place in the queue."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | Exception | None = None  # None until it is written or has failed
        self.is_abandoned = False
        # A lock that the writer releases: an Event or a Future costs five times the CPU of the whole queue.
        self.done = threading.Lock()
        self.done.acquire()


class GroupCommit[Item, Result]:
    """Collect items of parallel threads and write them together.

    Args:
        write: writes a batch and returns one result per item, in order. It must be possible to call it again with the
            same items. It is never called twice at the same time.
        max_waiting: threads that can wait at once.
        timeout: seconds that a thread waits, and that a write can take before new items are refused at once.
    """

    def __init__(
        self, write: Callable[[Sequence[Item]], Sequence[Result]], *, max_waiting: int, timeout: float
    ) -> None:
        self.write = write
        self.timeout = timeout
        self.slots = threading.BoundedSemaphore(max_waiting)
        self.queue: SimpleQueue[_Ticket[Item, Result] | None] = SimpleQueue()
        self.start_lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.writing_since: float | None = None
        self.last_size = 0
        self.logged_at = float("-inf")
        # Since the process started, for metrics.
        self.batches = self.written = self.refused = 0

    def submit(self, item: Item) -> Result:
        """Return the result of `item` when it is written; NotWritten: too many wait, too slow, or `write` failed."""
        since = self.writing_since
        is_hanging = since is not None and time.monotonic() - since > self.timeout
        if is_hanging or not self.slots.acquire(blocking=False):
            raise NotWritten
        try:
            ticket: _Ticket[Item, Result] = _Ticket(item)
            self.queue.put(ticket)
            self._ensure_thread()
            if not ticket.done.acquire(timeout=self.timeout):
                ticket.is_abandoned = True
                raise NotWritten
        finally:
            self.slots.release()
        if isinstance(ticket.result, Exception):
            raise NotWritten from ticket.result
        return ticket.result  # type: ignore[return-value]  # a written ticket has a result

    def close(self) -> None:
        """End the thread and its database connection. The next item starts another."""
        if self.thread is not None:
            self.queue.put(None)
            self.thread.join()

    def _ensure_thread(self) -> None:
        if self.thread and self.thread.is_alive():  # Not in the child of a fork.
            return
        with self.start_lock:
            if not self.thread or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        try:
            while self._write_batch():
                pass
        finally:
            connection.close()

    def _write_batch(self) -> bool:
        """Wait for items and write them. Returns False after `close`."""
        tickets = [self.queue.get()]
        if self.last_size >= CROWD:
            time.sleep(GATHER_SECONDS)
        while len(tickets) < MAX_BATCH and not self.queue.empty():
            tickets.append(self.queue.get())
        batch = [ticket for ticket in tickets if ticket is not None and not ticket.is_abandoned]
        self.last_size = len(batch)
        if batch:
            self.writing_since = time.monotonic()
            try:
                results = self._write([ticket.item for ticket in batch])
                for ticket, result in zip(batch, results, strict=True):
                    ticket.result = result
                self.batches += 1
                self.written += len(batch)
            except Exception as error:
                self._log(error)
                for ticket in batch:
                    ticket.result = error
            finally:
                self.writing_since = None
                for ticket in batch:
                    ticket.done.release()
        return None not in tickets

    def _write(self, items: Sequence[Item]) -> Sequence[Result]:
        # The connection stays open between batches, so that views do not wait for those of slow pages.
        is_reused = connection.connection is not None
        try:
            return self.write(items)
        except (InterfaceError, OperationalError):
            close_old_connections()
            if not is_reused:
                raise
        # It was lost since the last batch.
        return self.write(items)

    def _log(self, error: Exception) -> None:
        if time.monotonic() - self.logged_at >= LOG_INTERVAL:
            self.logged_at = time.monotonic()
            is_known = isinstance(error, (InterfaceError, OperationalError, ActionNotAllowed))
            logger.error("Views cannot be written: %s", error, exc_info=None if is_known else error)
