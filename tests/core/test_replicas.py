"""Which requests read from a replica (core/replicas.py). tests/system/replicas/test_replicas.py has real ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import RequestFactory
from django.urls import ResolverMatch

from articles.models import Article
from core import replicas
from core.http_cache import public_page
from core.replicas import LagMonitor, ReplicaMiddleware, ReplicaRouter

router = ReplicaRouter()


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> LagMonitor:
    """A monitor whose only replica keeps up."""
    found = LagMonitor(["replica1"], 2)
    monkeypatch.setattr(found, "choose", lambda: next(iter(found._usable), None))
    found._usable = ["replica1"]
    monkeypatch.setattr(replicas, "monitor", lambda: found)
    return found


def alias_of(request: HttpRequest, view: Callable[..., HttpResponseBase]) -> str:
    """Return where a request reads from."""
    seen: list[str] = []

    def get_response(request: HttpRequest) -> HttpResponse:
        middleware.process_view(request, view, (), {})
        seen.append(router.db_for_read(Article))
        return HttpResponse()

    middleware = ReplicaMiddleware(get_response)
    middleware(request)
    assert router.db_for_read(Article) == "default"
    return seen[0]


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@pytest.mark.usefixtures("monitor")
def test_only_public_pages_read_from_a_replica() -> None:
    factory = RequestFactory()
    public = public_page(page)
    assert alias_of(factory.get("/"), public) == "replica1"
    assert alias_of(factory.head("/"), public) == "replica1"
    assert alias_of(factory.post("/"), public) == "default"
    assert alias_of(factory.get("/"), page) == "default"
    just_written = factory.get("/")
    just_written.COOKIES[replicas.WROTE_COOKIE] = "1"
    assert alias_of(just_written, public) == "default"


@pytest.mark.parametrize(
    ("method", "has_session", "is_marked"), [("POST", True, True), ("GET", True, False), ("POST", False, False)]
)
def test_only_writes_of_users_with_a_session_set_a_cookie(
    settings: LazySettings, method: str, has_session: bool, is_marked: bool
) -> None:
    request = RequestFactory().generic(method, "/")
    if has_session:
        request.COOKIES[settings.SESSION_COOKIE_NAME] = "key"
    response = ReplicaMiddleware(page)(request)
    assert (replicas.WROTE_COOKIE in response.cookies) == is_marked


def test_writes_and_migrations_go_to_the_primary() -> None:
    assert router.db_for_write(Article) == "default"
    assert router.allow_migrate("default", "articles")
    assert not router.allow_migrate("replica1", "articles")


def test_page_is_rendered_again_from_the_primary_if_its_replica_fails(monitor: LagMonitor) -> None:
    aliases = []

    def view(request: HttpRequest) -> HttpResponse:
        aliases.append(router.db_for_read(Article))
        return HttpResponse("page")

    def get_response(request: HttpRequest) -> HttpResponse:
        middleware.process_view(request, public_page(view), (), {})
        assert middleware.process_exception(request, ValueError()) is None
        response = middleware.process_exception(request, OperationalError())
        assert isinstance(response, HttpResponse)
        assert middleware.process_exception(request, OperationalError()) is None
        return response

    middleware = ReplicaMiddleware(get_response)
    request = RequestFactory().get("/")
    request.resolver_match = ResolverMatch(view, (), {})
    response = middleware(request)
    assert isinstance(response, HttpResponse)
    assert response.content == b"page"
    assert aliases == ["default"]
    assert monitor.choose() is None


def test_replica_is_used_while_it_is_at_most_max_lag_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    positions: dict[str, int | None] = {"default": 100, "replica1": 100, "replica2": None}
    now = 0.0
    monkeypatch.setattr(replicas, "_query", lambda alias, _sql: positions[alias])
    monkeypatch.setattr("core.replicas.time.monotonic", lambda: now)
    monitor = LagMonitor(["replica1", "replica2"], 2)
    monitor._thread = object()  # type: ignore[assignment]

    def usable(after: float, **changes: int | None) -> set[str | None]:
        nonlocal now
        now += after
        positions.update(changes)
        monitor.check()
        return {monitor.choose(), monitor.choose()}

    assert usable(0) == {"replica1"}
    assert usable(1, default=200, replica2=200) == {"replica1", "replica2"}
    assert usable(1, default=300) == {"replica1", "replica2"}
    assert usable(1, default=300) == {"replica2"}  # The first has not replayed what was written two seconds ago.
    assert usable(0, replica1=300, replica2=150) == {"replica1"}
    # Nothing is written while the primary is away.
    assert usable(60, default=None) == {"replica1"}
    assert usable(1, replica1=None) == {None}
    assert usable(1, default=300, replica1=300, replica2=300) == {"replica1", "replica2"}
