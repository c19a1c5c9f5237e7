"""A database that is away, restarted or too slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection
from django.test import Client
from psycopg_pool import ConnectionPool

from core import database

PAGE = "/search/?q=word"
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server")


@pytest.fixture(autouse=True)
def _database_is_there() -> Iterator[None]:
    yield
    database._is_away.clear()


def lost() -> OperationalError:
    error = OperationalError("the connection is lost")
    error.__cause__ = psycopg.OperationalError()
    return error


def canceled() -> OperationalError:
    error = OperationalError("canceling statement due to statement timeout")
    error.__cause__ = psycopg.errors.QueryCanceled()
    return error


@contextmanager
def away() -> Iterator[list[int]]:
    """The database is away; the list has an entry for each attempt to connect."""
    attempts: list[int] = []

    def connect() -> None:
        attempts.append(1)
        raise lost()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "ensure_connection", connect)
        patch.setattr(connection, "cursor", connect)
        yield attempts


@pytest.mark.django_db
def test_requests_are_refused_at_once_while_the_database_is_away(client: Client) -> None:
    database.note_error(lost())
    with away() as attempts:
        response = client.get(PAGE)
        with database._probe:  # Another request waits for the database.
            assert client.get(PAGE).status_code == 503
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "Something went wrong" in response.text
    assert len(attempts) == 1


@pytest.mark.django_db
def test_requests_are_answered_as_soon_as_the_database_is_back(client: Client) -> None:
    database.note_error(lost())
    assert client.get(PAGE).status_code == 200
    assert not database._is_away.is_set()


@pytest.mark.django_db
def test_request_that_loses_the_database_answers_503(client: Client) -> None:
    client.raise_request_exception = False
    with away():
        assert client.get(PAGE).status_code == 503
    assert database._is_away.is_set()


@pytest.mark.parametrize("error", [canceled(), OperationalError("database is locked")])
def test_slow_statement_does_not_mean_that_the_database_is_away(error: OperationalError) -> None:
    assert database.note_error(error)
    assert not database._is_away.is_set()
    assert not database.note_error(ValueError())


def test_read_only_database_is_unavailable() -> None:
    error = InternalError("cannot execute INSERT in a read-only transaction")
    error.__cause__ = psycopg.errors.ReadOnlySqlTransaction()
    assert database.note_error(error)
    assert not database.is_away()
    assert not database.note_error(InternalError())


@only_postgresql
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_requests_after_a_restart_of_postgresql_do_not_fail(client: Client) -> None:
    """A restart breaks all pooled connections, as this does."""
    barrier = threading.Barrier(4)

    def use_a_connection() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            barrier.wait()
        connection.close()

    threads = [threading.Thread(target=use_a_connection) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
    parameters = connection.get_connection_params()
    with psycopg.connect(**{**parameters, "options": None}) as administrator:
        ended = administrator.execute(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert len(ended) >= 4
    for _ in range(6):
        assert client.get(PAGE).status_code == 200


@only_postgresql
@pytest.mark.django_db
@pytest.mark.parametrize("name", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
def test_every_connection_has_time_limits(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setting::integer FROM pg_settings WHERE name = '{name}'")  # noqa: S608
        assert 0 < cursor.fetchone()[0] <= 60_000


# --- Through PgBouncer (tests/system/nodes/test_pgbouncer.py has a real one) ------------------------


@pytest.mark.django_db
def test_database_is_away_while_connections_are_accepted_and_statements_fail(client: Client) -> None:
    def fail() -> None:
        raise lost()

    database.note_error(lost())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        assert client.get(PAGE).status_code == 503
    assert database.is_away()


@only_postgresql
@pytest.mark.django_db
def test_socket_that_the_server_closed_is_found_without_a_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = mock.Mock()
    parameters = {**connection.get_connection_params(), "options": None}
    with psycopg.connect(**parameters, autocommit=True) as administrator, psycopg.connect(**parameters) as pooled:
        pooled.execute("SELECT pg_backend_pid()")
        pooled.rollback()
        monkeypatch.setattr(database, "connections", {"default": mock.Mock(pool=pool)})
        database.check_socket(pooled, alias="default")
        assert not pool.drain.called
        statements = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'ROLLBACK%%' AND pid = %s"
        assert administrator.execute(statements, [pooled.info.backend_pid]).fetchone() == (1,)
        administrator.execute("SELECT pg_terminate_backend(%s, 1000)", [pooled.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            database.check_socket(pooled, alias="default")
    assert pool.drain.called


@pytest.mark.parametrize(("seconds", "checks"), [(0, 1), (database.MAX_CHECK_SECONDS, 0)])
def test_all_connections_are_checked_unless_the_server_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, seconds: float, checks: int
) -> None:
    now = iter([10.0, 10.0 + seconds])
    pool = mock.Mock()
    monkeypatch.setattr("core.database.time.monotonic", lambda: next(now))
    monkeypatch.setattr(database, "connections", {"default": mock.Mock(pool=pool)})
    monkeypatch.setattr(ConnectionPool, "check_connection", mock.Mock(side_effect=psycopg.OperationalError))
    with pytest.raises(psycopg.OperationalError):
        database.check_connection(mock.Mock(), alias="default")
    assert pool.check.call_count == checks
