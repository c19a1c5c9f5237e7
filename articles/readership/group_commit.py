"""Threads that come together are written together: one of them writes for all who wait, then the next.

There is no thread in the background. Whoever comes while nobody writes, leads: it writes what waits, its own with it.
Whoever comes meanwhile waits for the next leader, who is the first of them. So a lone writer waits for nobody, and the
more arrive at once, the fewer the commits.

In a crowd, those who were written are followed by the next readers a moment later, when the next leader has begun
already: two half crowds would take turns for ever. So a leader gives a crowd a moment to come together, as PostgreSQL's
`commit_delay` does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

# Where so many were here at once, a leader waits for as many, so many seconds at most.
CROWD = 8
GATHER_SECONDS = 0.004


class NotWritten(Exception):
    """What was handed over may be lost; where it only took too long, it may be written all the same."""


class Busy(NotWritten):
    """Too many wait, or it took too long."""


class _Ticket[Item, Result]:
    """One thread's place in the queue."""

    __slots__ = ("error", "gate", "is_done", "item", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.is_done = False
        # A plain lock, shut until somebody opens it: the cheapest thing that a thread can wait for.
        self.gate = threading.Lock()
        self.gate.acquire()


class GroupCommit[Item, Result]:
    """Collects what parallel threads have to write.

    Args:
        write: writes a batch and returns one result for each item, in their order. Never runs twice at once.
        most_waiting: threads that may wait (or write) at once.
        patience: seconds that a thread waits, and that a write may take before new arrivals are turned away at once.
        most_at_once: items of one batch.
        clock: seconds that only go on.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        most_waiting: int,
        patience: float,
        most_at_once: int = 500,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.write = write
        self.most_waiting = most_waiting
        self.patience = patience
        self.most_at_once = most_at_once
        self.clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket[Item, Result]] = deque()
        self._inside = 0
        self._writing_since: float | None = None
        # The most that were here when somebody came, since the last batch and before it.
        self._peak = self._crowd = 0
        # Shut while a leader gathers a crowd: opened by the last of it.
        self._gathering: threading.Lock | None = None

    def __call__(self, item: Item) -> Result:
        """Hand over `item`; its result once it is written.

        Raises:
            Busy: too many wait, or it took too long.
            NotWritten: `write` raised; its error is the cause.
        """
        ticket: _Ticket[Item, Result] = _Ticket(item)
        with self._lock:
            if self._inside >= self.most_waiting or self._is_stuck():
                raise Busy
            self._inside += 1
            self._peak = max(self._peak, self._inside)
            self._waiting.append(ticket)
            if self._gathering is not None and len(self._waiting) >= self._crowd:
                self._gathering.release()
                self._gathering = None
            leads = self._writing_since is None
            if leads:
                self._writing_since = self.clock()
        try:
            if not leads:
                self._wait(ticket)
            if not ticket.is_done:
                self._lead()
        finally:
            with self._lock:
                self._inside -= 1
        if ticket.error is not None:
            raise NotWritten from ticket.error
        return ticket.result  # type: ignore[return-value]  # a ticket that is done without an error has one

    def _is_stuck(self) -> bool:
        return self._writing_since is not None and self.clock() - self._writing_since > self.patience

    def _wait(self, ticket: _Ticket[Item, Result]) -> None:
        if ticket.gate.acquire(timeout=self.patience):
            return
        with self._lock:
            # At the last moment it may have been written, or called to lead: then it must.
            if ticket.gate.acquire(blocking=False):
                return
            with suppress(ValueError):  # it is in the batch that is being written
                self._waiting.remove(ticket)
        raise Busy

    def _gather(self) -> None:
        with self._lock:
            if self._crowd < CROWD or len(self._waiting) >= self._crowd:
                return
            gate = self._gathering = threading.Lock()
            gate.acquire()
        gate.acquire(timeout=GATHER_SECONDS)

    def _lead(self) -> None:
        self._gather()
        with self._lock:
            self._gathering = None
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self.most_at_once))]
            self._crowd, self._peak = self._peak, 0
        try:
            for ticket, result in zip(batch, self.write([ticket.item for ticket in batch]), strict=True):
                ticket.result = result
        except BaseException as error:
            for ticket in batch:
                ticket.error = error
            if not isinstance(error, Exception):
                raise
        finally:
            with self._lock:
                heir = self._waiting[0] if self._waiting else None
                self._writing_since = None if heir is None else self.clock()
                if heir is not None:
                    heir.gate.release()
            for ticket in batch:
                ticket.is_done = True
                ticket.gate.release()
