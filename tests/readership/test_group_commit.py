"""Threads that come together are written together; nobody waits for ever, and somebody always leads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from articles.readership import group_commit
from articles.readership.group_commit import Busy, GroupCommit, NotWritten

PATIENCE = 30


class Book:
    """Writes batches down; the first waits until the test opens the gate."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.is_writing = threading.Event()
        self.gate = threading.Event()
        self.error: Exception | None = None

    def write(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(list(batch))
        self.is_writing.set()
        assert self.gate.wait(PATIENCE)
        if self.error:
            raise self.error
        return [10 * item for item in batch]


class Watched(GroupCommit[int, int]):
    """Says when a thread has taken its place in the queue."""

    queued = threading.Semaphore(0)

    def _wait(self, ticket: object) -> None:
        self.queued.release()
        super()._wait(ticket)  # type: ignore[arg-type]


def all_queue(commit: Watched, pool: ThreadPoolExecutor, book: Book, items: Sequence[int]) -> list[Future[int]]:
    """The first item is being written, the others wait behind it."""
    Watched.queued = threading.Semaphore(0)
    first = pool.submit(commit, items[0])
    assert book.is_writing.wait(PATIENCE)
    others = [pool.submit(commit, item) for item in items[1:]]
    for _ in others:
        assert Watched.queued.acquire(timeout=PATIENCE)
    return [first, *others]


def test_a_lone_writer_waits_for_nobody() -> None:
    book = Book()
    book.gate.set()
    commit = GroupCommit(book.write, most_waiting=1, patience=PATIENCE)
    assert [commit(1), commit(2)] == [10, 20]
    assert book.batches == [[1], [2]]


def test_who_comes_while_one_writes_is_written_together() -> None:
    book = Book()
    commit = Watched(book.write, most_waiting=9, patience=PATIENCE)
    with ThreadPoolExecutor(9) as pool:
        futures = all_queue(commit, pool, book, range(9))
        book.gate.set()
        assert [future.result() for future in futures] == [10 * item for item in range(9)]
    assert book.batches[0] == [0]
    assert sorted(book.batches[1]) == list(range(1, 9))
    assert len(book.batches) == 2


def crowd_is_written(commit: Watched, pool: ThreadPoolExecutor, book: Book) -> None:
    """A leader and eight behind it, so that the next leader knows of nine."""
    futures = all_queue(commit, pool, book, range(9))
    book.gate.set()
    assert [future.result() for future in futures] == [10 * item for item in range(9)]


def test_a_crowd_comes_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", PATIENCE)
    book = Book()
    commit = Watched(book.write, most_waiting=9, patience=2 * PATIENCE)
    with ThreadPoolExecutor(9) as pool:
        crowd_is_written(commit, pool, book)
        assert sorted(pool.map(commit, range(9))) == [10 * item for item in range(9)]
    assert [len(batch) for batch in book.batches] == [1, 8, 9]


def test_nobody_waits_long_for_a_crowd_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 0)
    book = Book()
    commit = Watched(book.write, most_waiting=9, patience=PATIENCE)
    with ThreadPoolExecutor(9) as pool:
        crowd_is_written(commit, pool, book)
    assert commit(7) == 70
    # And it is forgotten: whoever comes now would wait for nobody.
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 10 * PATIENCE)
    assert [commit(8), commit(9)] == [80, 90]
    assert book.batches[2:] == [[7], [8], [9]]


def test_a_batch_has_an_end() -> None:
    book = Book()
    commit = Watched(book.write, most_waiting=9, patience=PATIENCE, most_at_once=3)
    with ThreadPoolExecutor(9) as pool:
        futures = all_queue(commit, pool, book, range(8))
        book.gate.set()
        assert [future.result() for future in futures] == [10 * item for item in range(8)]
    assert [len(batch) for batch in book.batches] == [1, 3, 3, 1]


def test_too_many_are_turned_away_at_once() -> None:
    book = Book()
    commit = Watched(book.write, most_waiting=3, patience=PATIENCE)
    with ThreadPoolExecutor(3) as pool:
        futures = all_queue(commit, pool, book, range(3))
        with pytest.raises(Busy):
            commit(3)
        book.gate.set()
        assert [future.result() for future in futures] == [0, 10, 20]
    assert commit(4) == 40  # there is room again


def test_behind_a_write_that_hangs_nobody_queues() -> None:
    book = Book()
    now = [0.0]
    commit = Watched(book.write, most_waiting=9, patience=PATIENCE, clock=lambda: now[0])
    with ThreadPoolExecutor(1) as pool:
        [future] = all_queue(commit, pool, book, [1])
        now[0] = PATIENCE + 1
        with pytest.raises(Busy):
            commit(2)
        book.gate.set()
        assert future.result() == 10
    assert commit(3) == 30


def test_who_has_waited_enough_goes_and_is_not_written() -> None:
    book = Book()
    commit = Watched(book.write, most_waiting=9, patience=PATIENCE)
    with ThreadPoolExecutor(1) as pool:
        [future] = all_queue(commit, pool, book, [1])
        commit.patience = 0
        with pytest.raises(Busy):
            commit(2)
        commit.patience = PATIENCE
        book.gate.set()
        assert future.result() == 10
    assert commit(3) == 30
    assert book.batches == [[1], [3]]


def test_a_failure_is_everybodys_and_the_next_batch_is_written() -> None:
    book = Book()
    book.error = ValueError("broken")
    commit = Watched(book.write, most_waiting=9, patience=PATIENCE)
    with ThreadPoolExecutor(3) as pool:
        futures = all_queue(commit, pool, book, range(3))
        book.gate.set()
        for future in futures:
            assert isinstance(future.exception(), NotWritten)
    book.error = None
    assert commit(4) == 40


def test_somebody_always_leads_however_short_the_patience() -> None:
    written: list[int] = []

    def write(batch: Sequence[int]) -> Sequence[int]:
        written.extend(batch)
        return batch

    commit = GroupCommit(write, most_waiting=9, patience=1e-6)
    commit._is_stuck = lambda: False  # type: ignore[method-assign]  # the clock is not what is tested

    def insists(thread: int) -> list[int]:
        done = []
        for n in range(300):
            try:
                done.append(commit(1000 * thread + n))
            except Busy:
                continue
        return done

    with ThreadPoolExecutor(8) as pool:
        done = [item for items in pool.map(insists, range(8)) for item in items]
    assert commit(-1) == -1
    assert set(done) <= set(written)
    assert len(written) == len(set(written))
