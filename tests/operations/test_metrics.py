"""Metrics for Prometheus, and the dashboard and the alerts that query them."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock, patch

import pytest
import yaml
from django.conf import LazySettings, settings
from django.core.checks import run_checks
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch, resolve
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from core.logs import events
from core.models import PendingEmail, PeriodicRun
from core.page_cache.middleware import HIT, answers, respond
from core.page_cache.store import Page
from spokesperson import metrics, observe
from tests import factories
from tests.operations.observed import run, start

pytestmark = pytest.mark.django_db
ROOT = Path(settings.BASE_DIR)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


# --- Several processes -------------------------------------------------------------------------

SERVE = """
for path in ("/accounts/login/", "/accounts/login/", "/nothing", "/nothing", "/nothing"):
    get(path)
print("served", flush=True)
sys.stdin.read()
"""


def scrape(port: int) -> dict[tuple[str, tuple[str, ...]], float] | None:
    """Return the samples by name and values of labels; None if no process answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            text = response.read().decode()
    except OSError:
        return None
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}


def wait_for(port: int, name: str, *labels: str, number: float) -> None:
    """Wait until the sample has this value."""
    deadline = time.monotonic() + 30
    while ((scrape(port) or {}).get((name, labels))) != number:
        assert time.monotonic() < deadline, scrape(port)
        time.sleep(0.1)


def test_metrics_are_the_sum_of_all_processes_and_survive_the_one_that_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {"METRICS_ADDRESS": f"127.0.0.1:{port}"}
    processes = [start(SERVE, tmp_path, **variables) for _ in range(2)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "served\n", process.stderr and process.stderr.read()
        wait_for(port, "spokesperson_requests_total", "account_login", "200", number=4)
        wait_for(port, "spokesperson_page_cache_answers_total", "hit", number=4)
        wait_for(port, "spokesperson_page_cache_answers_total", "miss", number=2)
        # Their space is allocated, because a write to a mapped file on a full disk kills the process.
        files = list((tmp_path / "metrics" / "web").glob("*.db"))
        assert len(files) == 6
        assert all(file.stat().st_blocks * 512 >= observe.FILE_BYTES for file in files)
        first = processes.pop(0)
        first.send_signal(signal.SIGKILL)
        first.wait()
        wait_for(port, "spokesperson_requests_total", "account_login", "200", number=4)
        # When no process runs any more, the next one starts from zero.
        processes[0].communicate("")
        assert scrape(port) is None
        processes.append(start(SERVE, tmp_path, **variables))
        wait_for(port, "spokesperson_requests_total", "account_login", "200", number=2)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_metrics_are_not_on_the_port_of_the_site(client: Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics/").status_code == 404


@pytest.fixture
def _metrics_are_on(settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.METRICS_ADDRESS, settings.DATA_DIR = ("127.0.0.1", 9100), tmp_path
    monkeypatch.setattr(os, "environ", dict(os.environ))
    yield
    while observe._locks:
        observe._locks.pop().close()


@pytest.mark.usefixtures("_metrics_are_on")
def test_prepare_empties_the_folder_if_no_other_process_counts(tmp_path: Path) -> None:
    folder = tmp_path / "metrics" / "web"
    observe.prepare("web")
    assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(folder)
    assert folder.stat().st_mode & 0o077 == 0
    (folder / "counter_1.db").touch()
    observe.prepare("worker")
    observe.prepare("web")
    assert (folder / "counter_1.db").exists()
    while observe._locks:
        observe._locks.pop().close()
    observe.prepare("web")
    assert not (folder / "counter_1.db").exists()
    with (folder / "lock").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.usefixtures("_metrics_are_on")
@pytest.mark.parametrize("fault", ["full", "full meanwhile", "read-only"])
def test_prepare_without_space_for_files_leaves_metrics_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    if fault == "full":
        monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=1_000_000))
    elif fault == "full meanwhile":
        full = OSError(errno.ENOSPC, "No space left on device")
        monkeypatch.setattr("os.posix_fallocate", Mock(side_effect=[None, full]))
    else:
        (tmp_path / "metrics").touch()
    with patch("spokesperson.metrics.start") as started:
        observe.prepare("web")
        observe.start("web")
    assert not started.called
    assert "Metrics are off: " in caplog.text
    # A file of which no block is allocated kills the process that writes to it.
    assert list(tmp_path.rglob("*.db")) == []


def test_site_answers_while_metrics_are_off(tmp_path: Path) -> None:
    (tmp_path / "metrics").touch()
    script = 'print(get("/accounts/login/"), [one.name for one in threading.enumerate() if one.name == "metrics"])'
    printed = run(f"import threading; {script}", tmp_path, METRICS_ADDRESS="127.0.0.1:9100")
    assert printed == "200 OK []\n"


@pytest.mark.usefixtures("_metrics_are_on")
def test_check_deploy_warns_of_an_address_that_others_can_reach(settings: LazySettings) -> None:
    def found() -> list[str]:
        return [str(one.id) for one in run_checks(include_deployment_checks=True)]

    assert "spokesperson.metrics" not in found()
    settings.METRICS_ADDRESS = ("0.0.0.0", 9100)  # noqa: S104
    assert "spokesperson.metrics" in found()


# --- What is counted ---------------------------------------------------------------------------


@pytest.fixture
def _counting() -> Iterator[None]:
    handler = metrics.CountEvents()
    events.addHandler(handler)
    yield
    events.removeHandler(handler)


@pytest.mark.usefixtures("_counting")
def test_log_events_are_counted_with_their_details() -> None:
    before = value("spokesperson_events_total", event="vote_cast")
    for name, fields in (
        ("vote_cast", {"article_id": 1}),
        ("rate_limited", {"action": "search"}),
        ("task_finished", {"task": "a.b", "status": "FAILED"}),
        ("image_decoded", {"result": "damaged"}),
    ):
        events.info(name, extra={"fields": fields})
    assert value("spokesperson_events_total", event="vote_cast") == before + 1
    assert value("spokesperson_rate_limited_total", action="search") == 1
    assert value("spokesperson_tasks_total", task="a.b", status="FAILED") == 1
    assert value("spokesperson_images_decoded_total", result="damaged") == 1


@pytest.mark.parametrize(("path", "route"), [("/articles/7/x/", "article"), ("/nothing/secret", "none")])
def test_requests_are_counted_by_the_name_of_their_route(path: str, route: str) -> None:
    def get_response(request: HttpRequest) -> HttpResponse:
        request.resolver_match = resolve(path) if route != "none" else None
        assert request.resolver_match is None or isinstance(request.resolver_match, ResolverMatch)
        return HttpResponse(status=418)

    metrics.count_requests(get_response)(RequestFactory().get(path))
    assert value("spokesperson_requests_total", route=route, status="418") == 1
    assert value("spokesperson_request_seconds_count", route=route) == 1


def test_plain_numbers_are_added_once() -> None:
    metrics.add_up()
    before = value("spokesperson_page_cache_answers_total", result="stale")
    answers["stale"] += 3
    metrics.add_up()
    metrics.add_up()
    assert value("spokesperson_page_cache_answers_total", result="stale") == before + 3


def test_page_cache_answers_of_many_threads_are_counted_exactly() -> None:
    page = Page("200 OK", [], b"x", rendered_at=0)
    before = answers["hit"]

    def request() -> None:
        for _ in range(5_000):
            respond(page, "", HIT, {"REQUEST_METHOD": "GET"}, lambda *_: lambda _: None)

    threads = [threading.Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers["hit"] == before + 40_000


def state() -> dict[tuple[str, ...], float]:
    with patch("spokesperson.metrics.connection"):
        samples = [sample for family in metrics.SiteState().collect() for sample in family.samples]
    return {(one.name.removeprefix("spokesperson_"), *one.labels.values()): one.value for one in samples}


def test_state_has_length_and_age_of_what_waits() -> None:
    hour = timezone.now() - timedelta(hours=1)
    for next_attempt_at in (hour, timezone.now(), None):
        PendingEmail.objects.create(to="a@b.c", created_at=hour, next_attempt_at=next_attempt_at)
    submission = factories.in_review().latest
    assert submission is not None
    submission.submitted_at = hour
    submission.save(update_fields=["submitted_at"])
    PeriodicRun.objects.create(pk="job", started_at=hour, has_failed=True)
    found = state()
    assert found["queue_length", "emails"] == 2
    assert found["queue_length", "emails_given_up"] == 1
    assert found["queue_length", "submissions"] == 1
    assert found["queue_oldest_seconds", "submissions"] == pytest.approx(3600, abs=60)
    assert found["queue_length", "tasks"] == 0
    assert found["worker_idle_seconds",] == pytest.approx(3600, abs=60)
    assert found["periodic_jobs_failed",] == 1
    assert found["database_up",] == 1


def test_state_without_a_database_says_so() -> None:
    with patch("spokesperson.statistics.queues", side_effect=DatabaseError):
        assert state() == {("database_up",): 0}


def test_pool_is_read_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool:
        def get_stats(self) -> dict[str, int]:
            return {"pool_size": 5, "pool_available": 2, "requests_waiting": 3}

    monkeypatch.setattr(metrics, "connection", type("Connection", (), {"pool": Pool()}))
    metrics.add_up()
    assert value("spokesperson_database_pool_connections", state="in_use") == 3
    assert value("spokesperson_database_pool_connections", state="idle") == 2
    assert value("spokesperson_database_pool_waiting") == 3


# --- The files in deploy/ ----------------------------------------------------------------------


def known_metrics() -> dict[str, set[str]]:
    """Return the labels of each sample by its name, after something of each kind has happened."""
    PeriodicRun.objects.create(pk="job", started_at=timezone.now())
    metrics.count_requests(lambda _request: HttpResponse())(RequestFactory().get("/"))
    for name in metrics.DETAILS:
        metrics.CountEvents().handle(logging.makeLogRecord({"msg": name}))
    metrics.POOL.labels("idle")
    with patch("spokesperson.metrics.connection"):
        families = [*REGISTRY.collect(), *metrics.SiteState().collect()]
    samples = [sample for family in families for sample in family.samples]
    return {
        one.name: set(one.labels)
        for one in samples
        if one.name.startswith("spokesperson_") and not one.name.endswith("_created")
    }


def expressions() -> Iterator[tuple[str, str]]:
    """Yield where a query is, and the query."""
    dashboard = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target["expr"]
    rules = yaml.safe_load((ROOT / "deploy/prometheus-rules.yaml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


def logged_events() -> set[str]:
    """Return the names that the code gives to `log_event`."""
    from spokesperson import log_events

    files = [
        path for folder in ("core", "accounts", "articles", "spokesperson") for path in (ROOT / folder).rglob("*.py")
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    names = set(re.findall(r'log_event\(\s*"(\w+)"', text)) | set(log_events.SIGNALS)
    return names | {f"{model._meta.model_name}_created" for model in log_events.CREATED}


def test_every_query_names_metrics_and_labels_that_exist() -> None:
    known = known_metrics()
    of_prometheus = {"job", "instance"}
    all_labels, all_events = set.union(of_prometheus, *known.values()), logged_events()
    used: set[str] = set()
    for where, query in expressions():
        for name, matchers in re.findall(r"(spokesperson_\w+)(?:\{([^}]*)\})?", query):
            used.add(name)
            assert name in known, where
            assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= known[name] | of_prometheus, where
            assert set(re.findall(r'event="(\w+)"', matchers)) <= all_events, where
        for labels in re.findall(r"by \(([^)]*)\)", query):
            assert set(labels.split(", ")) <= all_labels, where
    # The dashboard shows everything there is.
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in used}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in known} - shown == set()


def test_alerts_say_what_to_do() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus-rules.yaml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in found}) == len(found) > 5
    for rule in found:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_dashboard_panels_do_not_overlap() -> None:
    dashboard = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text(encoding="utf-8"))
    cells: set[tuple[int, int]] = set()
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        columns = range(place["x"], place["x"] + place["w"])
        own = {(x, y) for x in columns for y in range(place["y"], place["y"] + place["h"])}
        assert not own & cells, panel["title"]
        assert columns.stop <= 24
        cells |= own
