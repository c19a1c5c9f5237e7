"""Items of parallel threads are written together; no thread waits forever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import OperationalError

from articles.readership import group_commit
from articles.readership.group_commit import GroupCommit, NotWritten

TIMEOUT = 30


class Writer:
    """Records batches; each waits until the test opens the gate."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.is_writing = threading.Event()
        self.gate = threading.Event()
        self.errors: list[Exception] = []

    def write(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(list(batch))
        self.is_writing.set()
        assert self.gate.wait(TIMEOUT)
        if self.errors:
            raise self.errors.pop(0)
        return [10 * item for item in batch]


@contextmanager
def commit_of(writer: Writer, *, max_waiting: int = 9, timeout: float = TIMEOUT) -> Iterator[GroupCommit[int, int]]:
    commit = GroupCommit(writer.write, max_waiting=max_waiting, timeout=timeout)
    try:
        yield commit
    finally:
        writer.gate.set()
        commit.close()


@pytest.fixture
def writer() -> Writer:
    return Writer()


def submit_all(
    commit: GroupCommit[int, int], pool: ThreadPoolExecutor, writer: Writer, items: Sequence[int]
) -> list[Future[int]]:
    """Submit items: the first is being written, the others are in the queue."""
    first = pool.submit(commit.submit, items[0])
    assert writer.is_writing.wait(TIMEOUT)
    others = [pool.submit(commit.submit, item) for item in items[1:]]
    deadline = time.monotonic() + TIMEOUT
    while commit.queue.qsize() < len(others) and time.monotonic() < deadline:
        time.sleep(0.001)
    return [first, *others]


def test_submit_single_item_waits_for_no_other(writer: Writer) -> None:
    writer.gate.set()
    with commit_of(writer, max_waiting=1) as commit:
        assert [commit.submit(1), commit.submit(2)] == [10, 20]
    assert writer.batches == [[1], [2]]


def test_submit_during_a_write_is_written_together(writer: Writer) -> None:
    with commit_of(writer) as commit, ThreadPoolExecutor(9) as pool:
        futures = submit_all(commit, pool, writer, range(9))
        writer.gate.set()
        assert [future.result() for future in futures] == [10 * item for item in range(9)]
    assert [sorted(batch) for batch in writer.batches] == [[0], list(range(1, 9))]


def test_submit_gathers_a_crowd_again(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GATHER_SECONDS", 2)
    with commit_of(writer) as commit, ThreadPoolExecutor(9) as pool:
        futures = submit_all(commit, pool, writer, range(9))
        writer.gate.set()
        assert [future.result() for future in futures] == [10 * item for item in range(9)]
        assert sorted(pool.map(commit.submit, range(9))) == [10 * item for item in range(9)]
    assert [len(batch) for batch in writer.batches] == [1, 8, 9]


def test_submit_limits_the_batch(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MAX_BATCH", 3)
    with commit_of(writer) as commit, ThreadPoolExecutor(9) as pool:
        futures = submit_all(commit, pool, writer, range(8))
        writer.gate.set()
        assert [future.result() for future in futures] == [10 * item for item in range(8)]
    assert [len(batch) for batch in writer.batches] == [1, 3, 3, 1]


def test_submit_over_max_waiting_is_refused_at_once(writer: Writer) -> None:
    with commit_of(writer, max_waiting=3) as commit, ThreadPoolExecutor(3) as pool:
        futures = submit_all(commit, pool, writer, range(3))
        with pytest.raises(NotWritten):
            commit.submit(3)
        writer.gate.set()
        assert [future.result() for future in futures] == [0, 10, 20]
        assert commit.submit(4) == 40


def test_submit_behind_a_hanging_write_is_refused_at_once(writer: Writer) -> None:
    with commit_of(writer) as commit, ThreadPoolExecutor(1) as pool:
        [future] = submit_all(commit, pool, writer, [1])
        commit.timeout = 0
        with pytest.raises(NotWritten):
            commit.submit(2)
        assert commit.queue.empty()
        commit.timeout = TIMEOUT
        writer.gate.set()
        assert future.result() == 10
        assert commit.submit(3) == 30
    assert writer.batches == [[1], [3]]


def test_submit_that_timed_out_is_not_written(writer: Writer) -> None:
    with commit_of(writer, timeout=0.2) as commit, ThreadPoolExecutor(2) as pool:
        futures = submit_all(commit, pool, writer, [1, 2])
        assert [type(future.exception()) for future in futures] == [NotWritten] * 2
        commit.timeout = TIMEOUT
        writer.gate.set()
        assert commit.submit(3) == 30
    assert writer.batches == [[1], [3]]


def test_submit_fails_for_the_whole_batch_and_continues(writer: Writer) -> None:
    writer.errors = [ValueError("broken"), ValueError("broken")]
    with commit_of(writer) as commit, ThreadPoolExecutor(3) as pool:
        futures = submit_all(commit, pool, writer, range(3))
        writer.gate.set()
        for future in futures:
            assert isinstance(future.exception(), NotWritten)
        assert commit.submit(4) == 40


def test_write_is_not_repeated_on_a_new_connection(writer: Writer) -> None:
    writer.errors = [OperationalError()]
    writer.gate.set()
    with commit_of(writer) as commit:
        with pytest.raises(NotWritten):
            commit.submit(1)
        assert commit.submit(2) == 20
    assert writer.batches == [[1], [2]]


def test_submit_after_close_starts_another_thread(writer: Writer) -> None:
    writer.gate.set()
    with commit_of(writer) as commit:
        assert commit.submit(1) == 10
        commit.close()
        assert commit.submit(2) == 20


def test_submit_from_many_threads_writes_each_item_once() -> None:
    written: list[int] = []

    def write(batch: Sequence[int]) -> Sequence[int]:
        written.extend(batch)
        return batch

    commit = GroupCommit(write, max_waiting=9, timeout=TIMEOUT)

    def submits(thread: int) -> list[int]:
        return [commit.submit(1000 * thread + n) for n in range(300)]

    with ThreadPoolExecutor(8) as pool:
        done = [item for items in pool.map(submits, range(8)) for item in items]
    commit.close()
    assert sorted(done) == sorted(written)
