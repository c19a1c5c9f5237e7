"""A task worker that starts while the database is away."""

from __future__ import annotations

import itertools
import threading
from unittest import mock

import pytest
from django.db import OperationalError
from django_tasks_db.management.commands import db_worker as library

from core import maintenance
from spokesperson import observe
from spokesperson.management.commands import db_worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
    """Each look at the clock is a second later; nothing sleeps."""
    seconds = itertools.count()
    clock = mock.Mock(monotonic=lambda: next(seconds))
    monkeypatch.setattr(db_worker, "time", clock)
    return clock


def test_worker_waits_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch, clock: mock.Mock) -> None:
    answers = mock.Mock(side_effect=[OperationalError, OperationalError, True, False])
    monkeypatch.setattr(maintenance, "is_on", answers)
    assert db_worker._wait_for_maintenance(on=False)
    assert answers.call_count == 4
    assert clock.sleep.call_count == 3


def test_worker_gives_up_waiting_after_a_minute(monkeypatch: pytest.MonkeyPatch, clock: mock.Mock) -> None:
    monkeypatch.setattr(maintenance, "is_on", mock.Mock(side_effect=OperationalError))
    assert not db_worker._wait_for_maintenance(on=False)
    assert clock.sleep.call_count == db_worker.DATABASE_TIMEOUT - 1


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> mock.Mock:
    """What the worker of the library does, in the command's place for the periodic jobs and signals."""
    run = mock.Mock()
    monkeypatch.setattr(library.Command, "handle", run)
    monkeypatch.setattr(db_worker, "threading", mock.Mock(Event=threading.Event))
    monkeypatch.setattr(db_worker, "signal", mock.Mock())
    monkeypatch.setattr(observe, "start", mock.Mock())
    return run


def test_worker_that_loses_its_database_goes_on(monkeypatch: pytest.MonkeyPatch, run: mock.Mock) -> None:
    monkeypatch.setattr(maintenance, "is_on", mock.Mock(side_effect=[False, OperationalError, False]))
    run.side_effect = [OperationalError("the connection is lost"), None]
    db_worker.Command().handle(batch=False, no_periodic=True)
    assert run.call_count == 2


def test_worker_ends_with_the_reason_if_the_database_stays_away(
    monkeypatch: pytest.MonkeyPatch, run: mock.Mock
) -> None:
    monkeypatch.setattr(maintenance, "is_on", mock.Mock(side_effect=OperationalError))
    run.side_effect = OperationalError("the connection is refused")
    with pytest.raises(OperationalError, match="refused"):
        db_worker.Command().handle(batch=False, no_periodic=True)
    assert run.call_count == 1
