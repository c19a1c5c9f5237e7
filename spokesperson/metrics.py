"""Metrics for Prometheus, at an address of their own (docs/operating.md, Observe).

Each process counts in files of its own (`observe.prepare`); one of the processes of a service answers with the sum of
all, and when it ends another one takes over. What happens is counted from the lines of the log (`core.logs.log_event`).
What is on the path of every reader is counted in plain numbers, which a thread adds up.
"""

import atexit
import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from articles.readership.beacon import group_commit
from core.logs import events
from core.models import PeriodicRun
from core.page_cache import answers
from spokesperson import statistics
from spokesperson.checks import seconds_since_periodic_job

logger = logging.getLogger(__name__)

# Seconds between two times that a process adds up its plain numbers.
INTERVAL = 2
# In seconds, of the response times of Django.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("spokesperson_requests", "Requests that Django answered.", ["route", "status"])
SECONDS = Histogram("spokesperson_request_seconds", "Time in which Django answered.", ["route"], buckets=BUCKETS)
PAGE_CACHE = Counter("spokesperson_page_cache_answers", "Requests that the page cache answered.", ["result"])
BEACONS = Counter("spokesperson_beacons", "Views and reads of readers: written, or refused with 503.", ["result"])
BATCHES = Counter("spokesperson_beacon_batches", "Transactions in which they were written.")
EVENTS = Counter("spokesperson_events", "Lines of the log that say what happened.", ["event"])
RATE_LIMITED = Counter("spokesperson_rate_limited", "Requests over a limit.", ["action"])
TASKS = Counter("spokesperson_tasks", "Tasks that ended.", ["task", "status"])
IMAGES = Counter("spokesperson_images_decoded", "Uploaded images: ok, or why they were refused.", ["result"])
POOL = Gauge(
    "spokesperson_database_pool_connections", "Connections of the pools.", ["state"], multiprocess_mode="livesum"
)
POOL_WAITING = Gauge(
    "spokesperson_database_pool_waiting", "Requests that wait for a connection.", multiprocess_mode="livesum"
)

# Events whose fields are labels of another counter. All values are from a fixed set.
DETAILS = {
    "rate_limited": (RATE_LIMITED, ["action"]),
    "task_finished": (TASKS, ["task", "status"]),
    "image_decoded": (IMAGES, ["result"]),
}
# Counted by others without a lock; each is written by one statement that no other thread interrupts.
PLAIN_NUMBERS: list[tuple[Counter, Callable[[], int]]] = [
    (PAGE_CACHE.labels("hit"), lambda: answers["hit"]),
    (PAGE_CACHE.labels("miss"), lambda: answers["miss"]),
    (PAGE_CACHE.labels("stale"), lambda: answers["stale"]),
    (BEACONS.labels("written"), lambda: group_commit.written),
    (BEACONS.labels("refused"), lambda: group_commit.refused),
    (BATCHES, lambda: group_commit.batches),
]
_added = [0] * len(PLAIN_NUMBERS)
_adding = threading.Lock()


def count_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: count and time what Django answers, by the name of the URL pattern."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started_at = time.perf_counter()
        response = get_response(request)
        # Static files and unknown URLs have no name.
        route = (request.resolver_match.view_name if request.resolver_match else None) or "none"
        REQUESTS.labels(route, str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.perf_counter() - started_at)
        return response

    return middleware


class CountEvents(logging.Handler):
    """Count the lines that `log_event` writes."""

    def emit(self, record: logging.LogRecord) -> None:
        name = record.getMessage()
        EVENTS.labels(name).inc()
        if name in DETAILS:
            counter, labels = DETAILS[name]
            fields = getattr(record, "fields", {})
            counter.labels(*(str(fields.get(label)) for label in labels)).inc()


def add_up() -> None:
    """Add what was counted in plain numbers since the last time, and read the connection pool."""
    with _adding:
        for index, (counter, read) in enumerate(PLAIN_NUMBERS):
            number = read()
            counter.inc(number - _added[index])
            _added[index] = number
    pool = getattr(connection, "pool", None)
    if pool is not None:
        stats = pool.get_stats()
        idle = stats.get("pool_available", 0)
        POOL.labels("idle").set(idle)
        POOL.labels("in_use").set(stats.get("pool_size", 0) - idle)
        POOL_WAITING.set(stats.get("requests_waiting", 0))


class LiveProcesses(MultiProcessCollector):
    """The sum of the files of all processes, without the gauges of those that were killed."""

    def collect(self) -> Iterator[Metric]:
        folder = os.environ["PROMETHEUS_MULTIPROC_DIR"]
        for file in Path(folder).glob("gauge_live*.db"):
            pid = int(file.stem.rpartition("_")[2])
            if not Path(f"/proc/{pid}").exists():
                mark_process_dead(pid)  # type: ignore[no-untyped-call]
        yield from super().collect()  # type: ignore[no-untyped-call]


class SiteState(Collector):
    """What waits and what failed, read from the database when Prometheus asks."""

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering it queries nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        length = GaugeMetricFamily("spokesperson_queue_length", "How much waits.", labels=["queue"])
        oldest = GaugeMetricFamily("spokesperson_queue_oldest_seconds", "How long the oldest waits.", labels=["queue"])
        failed = GaugeMetricFamily("spokesperson_periodic_jobs_failed", "Periodic jobs whose last run failed.")
        idle = GaugeMetricFamily("spokesperson_worker_idle_seconds", "Time since a periodic job started.")
        is_up = GaugeMetricFamily("spokesperson_database_up", "1 if the database answers, otherwise 0.")
        try:
            for name, queue in statistics.queues().items():
                length.add_metric([name], queue.number)
                oldest.add_metric([name], queue.oldest_seconds)
            failed.add_metric([], PeriodicRun.objects.filter(has_failed=True).count())
            if (age := seconds_since_periodic_job()) is not None:
                idle.add_metric([], age)
            is_up.add_metric([], 1)
        except DatabaseError:
            is_up.add_metric([], 0)
        finally:
            connection.close()
        return iter([length, oldest, failed, idle, is_up])


def start(host: str, port: int, *, with_state: bool = False) -> None:
    """Count from now on, and answer Prometheus at this address unless another process of the service does.

    Args:
        with_state: answer with `SiteState` too. Only one service does, so that nothing is counted twice.
    """
    events.addHandler(CountEvents())
    atexit.register(add_up)
    threading.Thread(target=_run, args=(host, port, with_state), name="metrics", daemon=True).start()


def _run(host: str, port: int, with_state: bool) -> None:
    registry = CollectorRegistry()
    LiveProcesses(registry)  # type: ignore[no-untyped-call]
    if with_state:
        registry.register(SiteState())
    is_serving = False
    while True:
        add_up()
        if not is_serving:
            try:
                start_http_server(port, addr=host, registry=registry)
                is_serving = True
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    logger.error("Metrics cannot be answered at %s port %d: %s", host, port, error.strerror)
                    is_serving = True
        time.sleep(INTERVAL)
