"""What a site needs to serve: reported by `/health/`, and by `check --deploy --database default` in sentences."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max, Min
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core import maintenance
from core.models import PeriodicRun

logger = logging.getLogger(__name__)

# A worker that runs does something every minute.
WORKER_TIMEOUT = timedelta(minutes=5)
DISK_TIMEOUT = 3  # seconds
_disk = ThreadPoolExecutor(max_workers=1)
_complete: set[str] = set()


def database() -> str:
    """Return why the database cannot be used, or ""."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"The database cannot be used: {_reason(error)}"
    return ""


def _reason(error: Exception) -> str:
    """Return the first line of an error; a pool only says that it has no connection, so try to make one."""
    if connection.vendor == "postgresql":
        parameters = connection.get_connection_params()
        try:
            psycopg.connect(**{**parameters, "connect_timeout": 3}).close()
        except psycopg.Error as refused:
            error = refused
    return str(error).strip().partition("\n")[0]


def migrations() -> str:
    """Return that migrations are missing, or ""."""
    # Once complete, they are complete for this version of the code.
    if "migrations" not in _complete:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return f"{len(missing)} migrations are not applied: run `manage.py migrate`."
        _complete.add("migrations")
    return ""


def static_files() -> str:
    """Return that the static files were not collected, or ""."""
    name = getattr(staticfiles_storage, "manifest_name", "")
    if name and not (Path(settings.STATIC_ROOT) / name).is_file():
        return f"There are no static files in {settings.STATIC_ROOT}: run `manage.py collectstatic`."
    return ""


def images() -> str:
    """Return why images cannot be stored, or "". A disk that hangs does not occupy the threads of the server."""
    if settings.MEDIA_STORAGE_URL:
        try:
            default_storage.check()  # type: ignore[attr-defined]
        except OSError as error:
            return f"Images cannot be stored: {error}."
        return ""
    attempt = _disk.submit(_store_bytes, Path(settings.MEDIA_ROOT))
    try:
        attempt.result(timeout=DISK_TIMEOUT)
    except TimeoutError:
        attempt.cancel()
        return f"Images cannot be stored in {settings.MEDIA_ROOT}: the disk does not answer."
    except OSError as error:
        return f"Images cannot be stored in {settings.MEDIA_ROOT}: {error.strerror}."
    return ""


def _store_bytes(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x" * 4096)


def shared_cache() -> str:
    """Return that the shared cache fails, or ""; the site works without it."""
    cache.get("health")
    return "The shared cache (CACHE_URL) fails." if getattr(cache, "is_failing", False) else ""


def seconds_since_periodic_job() -> int | None:
    """Return how long ago the last periodic job started; None if none ever did."""
    last_run = PeriodicRun.objects.aggregate(last=Max("started_at"))["last"]
    return int((timezone.now() - last_run).total_seconds()) if last_run else None


def worker() -> str:
    """Return that no task worker runs, or ""; in maintenance it waits."""
    if maintenance.is_on():
        return ""
    age = seconds_since_periodic_job()
    if age is None or age > WORKER_TIMEOUT.total_seconds():
        return "No task worker runs: start `spokesperson serve worker`."
    return ""


def pgbouncer() -> str:
    """Return why the database cannot be used through PgBouncer, or that its sessions have no timeouts, or ""."""
    unlimited = "SELECT string_agg(name, ', ') FROM pg_settings WHERE setting = '0' AND name IN"
    names = "('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')"
    try:
        with psycopg.connect(settings.PGBOUNCER_URL, connect_timeout=3, prepare_threshold=None) as session:
            row = session.execute(f"{unlimited} {names}".encode()).fetchone()
    except psycopg.Error as error:
        return f"The database cannot be used through PgBouncer: {str(error).strip().partition('\n')[0]}"
    missing = row and row[0]
    return f"PgBouncer sets no {missing}: set connect_query as in deploy/pgbouncer.ini." if missing else ""


type Checks = dict[str, Callable[[], str]]

# Without these, pages fail; without the others, something waits.
REQUIRED: Checks = {"database": database, "migrations": migrations, "static_files": static_files, "images": images}
OTHERS: Checks = {"cache": shared_cache, "worker": worker}
if settings.PGBOUNCER_URL:
    OTHERS["pgbouncer"] = pgbouncer
if settings.MEDIA_STORAGE_URL:
    # Away for all servers at once: pages go on without images.
    OTHERS["images"] = REQUIRED.pop("images")


def problems(selected: Checks | None = None) -> dict[str, str]:
    """Return for each check "" or a sentence. Without a database, the checks that need it are left out."""
    found: dict[str, str] = {}
    for name, check in (selected or REQUIRED | OTHERS).items():
        if not found.get("database") or name not in {"migrations", "worker"}:
            try:
                found[name] = check()
            except DatabaseError as error:
                found[name] = str(error).partition("\n")[0]
    for sentence in filter(None, found.values()):
        logger.warning("%s", sentence)
    return found


def ages() -> dict[str, int | None]:
    """Return how many seconds ago the last periodic job and the oldest task that is due should have started."""
    due = DBTaskResult.objects.ready().aggregate(oldest=Min("enqueued_at"))["oldest"]
    return {
        "seconds_since_periodic_job": seconds_since_periodic_job(),
        "seconds_oldest_task_waits": int((timezone.now() - due).total_seconds()) if due else 0,
    }


@checks.register(checks.Tags.database, deploy=True)
def check_running_site(databases: Sequence[str] | None = None, **options: Any) -> Iterable[checks.CheckMessage]:
    """Report what `/health/` reports, and that emails are only printed."""
    if not databases:
        return
    for name, sentence in problems().items():
        if sentence:
            yield checks.Error(sentence, id=f"spokesperson.{name}")
    if settings.HTTPS and settings.EMAIL_URL.startswith("console"):
        yield checks.Warning("Emails are only printed: set EMAIL_URL.", id="spokesperson.email")


@checks.register(deploy=True)
def check_environment(**options: Any) -> Iterable[checks.CheckMessage]:
    """Report misspelt variables, and a secret key that other users can read."""
    known = settings.ENVIRONMENT_VARIABLES
    for name in sorted(set(os.environ) - known):
        if not name.startswith("OTEL_") and (similar := get_close_matches(name, known, n=1, cutoff=0.85)):
            yield checks.Warning(f"{name} is not a setting. Is {similar[0]} meant?", id="spokesperson.variable")
    if settings.METRICS_ADDRESS and not ip_address(settings.METRICS_ADDRESS[0]).is_loopback:
        yield checks.Warning(
            "METRICS_ADDRESS is not 127.0.0.1: let only your Prometheus reach its port.", id="spokesperson.metrics"
        )
    key_file = os.environ.get("SECRET_KEY_FILE")
    if key_file and Path(key_file).stat().st_mode & 0o007:
        yield checks.Warning(f"Every user can read {key_file}: run `chmod 600 {key_file}`.", id="spokesperson.key")
