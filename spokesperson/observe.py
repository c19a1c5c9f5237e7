"""Start what watches a process, if the settings say so: metrics, traces and error reports.

The packages that they need are optional, so their modules are imported here alone (and by the middleware).
"""

import fcntl
import logging
import os
import shutil
from pathlib import Path
from typing import TextIO

from django.conf import settings

logger = logging.getLogger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Bytes of disk without which metrics are off.
MIN_FREE = 32 * 1024 * 1024
# The files in which prometheus_client counts, and their bytes: more than the counters of all routes need.
FILES, FILE_BYTES = ("counter", "gauge_livesum", "histogram"), 1024 * 1024
_locks: list[TextIO] = []


def prepare(service: str) -> None:
    """Choose the folder in which the processes of a service count; call it before Django is set up.

    It is emptied if no other process of the service runs, so that all counters start from zero together, as Prometheus
    expects it.

    Args:
        service: "web" or "worker".
    """
    if not settings.METRICS_ADDRESS:
        return
    folder = settings.DATA_DIR / "metrics" / service
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
        _empty_if_unused(folder, lock)
        if shutil.disk_usage(folder).free < MIN_FREE:
            raise OSError("the disk is full")
        _reserve_space(folder)
    except OSError as error:
        logger.error("Metrics are off: %s", error)
        return
    _locks.append(lock)
    # Read when prometheus_client is imported.
    os.environ[FOLDER] = str(folder)


def _empty_if_unused(folder: Path, lock: TextIO) -> None:
    """Delete the files of processes that ended, and hold a shared lock until this process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        for file in folder.glob("*.db"):
            file.unlink()
    fcntl.flock(lock, fcntl.LOCK_SH)


def _reserve_space(folder: Path) -> None:
    """Allocate the files of this process: one that writes to a mapped file on a full disk is killed.

    Raises:
        OSError: the disk is full.
    """
    files = [folder / f"{kind}_{os.getpid()}.db" for kind in FILES]
    try:
        for file in files:
            with file.open("wb") as target:
                os.posix_fallocate(target.fileno(), 0, FILE_BYTES)
    except OSError:
        for file in files:
            file.unlink(missing_ok=True)
        raise


def start(service: str) -> None:
    """Start what the settings turn on, once Django is set up."""
    if settings.SENTRY_DSN:
        from spokesperson import error_reports  # noqa: PLC0415

        error_reports.start()
    if settings.TRACING:
        from spokesperson import tracing  # noqa: PLC0415

        tracing.start(service)
    if settings.METRICS_ADDRESS and FOLDER in os.environ:
        from spokesperson import metrics  # noqa: PLC0415

        host, port = settings.METRICS_ADDRESS
        if service == "web":
            metrics.start(host, port, with_state=True)
        else:
            metrics.start(host, port + 1)
