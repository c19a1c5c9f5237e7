"""Processes that generate and write rows, each on its own connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import psycopg

from bench.benchmark_data import django_process
from bench.benchmark_data.database import copy_rows
from bench.benchmark_data.plan import Plan
from bench.benchmark_data.rows import BLOCK, RowFactory, Rows

# ("articles", first, last): a block of the work.
Job = tuple[str, int, int]
_READY = "ready"


class WorkerFailed(Exception):
    """A process has failed; `str(error)` says why."""


def jobs_of(plan: Plan) -> list[Job]:
    """Return the jobs, one per block."""
    sizes = plan.sizes
    return [
        ("tags", 0, sizes.tags),
        *(("users", first, min(first + BLOCK, sizes.users)) for first in range(0, sizes.users, BLOCK)),
        *(("articles", first, min(first + BLOCK, sizes.articles)) for first in range(0, sizes.articles, BLOCK)),
    ]


def rows_of(factory: RowFactory, job: Job) -> Rows:
    """Generate the rows of one block."""
    what, first, last = job
    if what == "tags":
        return factory.tags()
    return factory.users(first, last) if what == "users" else factory.articles(first, last)


def in_processes(
    plan: Plan, *, connect: dict[str, Any], processes: int, on_progress: Callable[[int, int], None]
) -> None:
    """Generate and write all rows in several processes, which commit when all of them are done.

    Args:
        connect: parameters of psycopg.connect.
        on_progress: called with the numbers of articles and rows of each block.

    Raises:
        WorkerFailed: a process failed; none of the others commits.
    """
    jobs = iter(jobs_of(plan))
    spawn = get_context("spawn")
    pipes: dict[Connection, SpawnProcess] = {}
    try:
        for _ in range(processes):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(
                target=django_process.call, args=(f"{__name__}.work", plan, connect, theirs), daemon=True
            )
            process.start()
            theirs.close()
            pipes[ours] = process
        _hand_out(jobs, list(pipes), on_progress)
        for pipe in pipes:
            pipe.send("commit")
        for pipe in pipes:
            _received(pipe)
    finally:
        for pipe, process in pipes.items():
            pipe.close()
            process.join(timeout=60)
            process.terminate()


def _hand_out(jobs: Iterator[Job], pipes: list[Connection], on_progress: Callable[[int, int], None]) -> None:
    working = set(pipes)
    while working:
        for pipe in wait(list(working)):
            assert isinstance(pipe, Connection)
            job, rows = _received(pipe)
            if job:
                on_progress(job[2] - job[1] if job[0] == "articles" else 0, rows)
            following = next(jobs, None)
            if following:
                pipe.send(following)
            else:
                working.discard(pipe)


def _received(pipe: Connection) -> Any:
    try:
        answer = pipe.recv()
    except EOFError as error:
        raise WorkerFailed("A process that generated rows was killed.") from error
    if isinstance(answer, str) and answer != _READY:
        raise WorkerFailed(answer)
    return answer


def work(plan: Plan, connect: dict[str, Any], pipe: Connection) -> None:
    """Generate and write the blocks that come through the pipe, until "commit" comes."""
    try:
        factory = RowFactory(plan)
        with psycopg.connect(**connect, options="-c timezone=UTC -c synchronous_commit=off") as database:
            pipe.send((None, 0))
            while (job := pipe.recv()) != "commit":
                with database.cursor() as cursor:
                    pipe.send((job, copy_rows(cursor, rows_of(factory, job))))
        pipe.send(_READY)
    except (EOFError, OSError, KeyboardInterrupt):
        pass  # Interrupted, or the parent has ended: nothing is committed.
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
