"""The checks of `spokesperson doctor`: each yields levels and sentences, with the remedy unless the level is "ok"."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.files.storage import default_storage
from django.core.mail import mailers, send_mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone
from django.utils.timesince import timesince

from articles.image_selectors import image_file_paths
from core import maintenance
from core.models import PendingEmail, PeriodicRun
from core.periodic import RUN_TIMEOUT
from spokesperson import checks
from spokesperson.operations.progress import Progress
from spokesperson.operations.site_requests import (
    FAILED,
    OK,
    WARNING,
    Check,
    Result,
    check_clock,
    check_files,
    check_proxies,
)

# Free bytes.
DISK_WARNING, DISK_FAILED = 2 * 1024**3, 200 * 1024**2
TASK_TIMEOUT = timedelta(minutes=10)
MAX_BACKUP_AGE = timedelta(days=2)
MAX_VERIFY_AGE = timedelta(days=31)
IMAGE_SAMPLE = 200


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found; `message` ends with the remedy, unless `level` is "ok"."""

    check: str
    level: str
    message: str


def findings(name: str, options: argparse.Namespace, progress: Progress) -> Iterator[Finding]:
    """Run one of `CHECKS`."""
    try:
        for level, message in CHECKS[name](options, progress):
            yield Finding(check=name, level=level, message=message)
    except DatabaseError as error:
        yield Finding(check=name, level=FAILED, message=checks.database() or str(error).partition("\n")[0])
    except Exception as error:  # One check must not end the others.
        message = f"This could not be examined ({type(error).__name__}: {str(error).partition('\n')[0]})."
        yield Finding(check=name, level=FAILED, message=message)


def check_settings(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    is_fine = True
    # With an http origin there is nothing to deploy.
    for message in run_checks(include_deployment_checks=settings.HTTPS):
        if not message.is_silenced():
            is_fine = False
            yield FAILED if message.level >= ERROR else WARNING, f"{message.msg} {message.hint or ''}".strip()
    if is_fine:
        yield OK, f"They are valid; the site is {settings.ORIGIN}."


def check_running_site(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    """Report what `/health/` reports."""
    logging.getLogger(checks.__name__).disabled = True  # It logs the same sentences.
    problems = {name: sentence for name, sentence in checks.problems().items() if sentence}
    for name, sentence in problems.items():
        yield WARNING if name in checks.OTHERS else FAILED, sentence
    if not problems:
        yield OK, "Database, migrations, static files, images, cache and worker are in order."
    elif "database" in problems:
        return
    if maintenance.is_on():
        yield WARNING, "The site is read-only: end that with `spokesperson maintenance off`."


def check_email(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    if settings.EMAIL_URL.startswith("console"):
        yield WARNING if settings.HTTPS else OK, "Emails are only printed: set EMAIL_URL."
        return
    try:
        if options.email:
            text = f"This is a test message of {settings.ORIGIN}, from `spokesperson doctor`."
            send_mail("Test message", f"{text}\n", None, [options.email])
            yield OK, f"A test message was sent to {options.email}: look whether it arrives, and not as spam."
        else:
            mailers.default.open()
            mailers.default.close()
            yield OK, "The mail server answers; --email ADDRESS sends a test message."
    except OSError as error:  # Also smtplib's.
        yield FAILED, f"The mail server does not take emails ({error}): check EMAIL_URL."
    unsent = PendingEmail.objects.filter(next_attempt_at=None).count()
    if unsent:
        yield WARNING, f"Emails that were given up: {unsent}. Unsent emails in the admin can send them again."


# --- The machine and the worker --------------------------------------------------------------


def check_disk(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    for folder in (settings.DATA_DIR, settings.MEDIA_ROOT):
        free = shutil.disk_usage(folder).free if folder.is_dir() else DISK_WARNING
        if free < DISK_WARNING:
            level = FAILED if free < DISK_FAILED else WARNING
            yield level, f"Only {free // 1024**2} MB are free for {folder}: make room."
            return
    yield OK, "There is enough room."


def check_worker(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    """Report periodic jobs that failed or did not run, and tasks that wait."""
    problems = []
    now = timezone.now()
    runs = PeriodicRun.objects.in_bulk()
    for job, interval in settings.PERIODIC_JOBS.items():
        run = runs.get(job)
        if run and run.has_failed:
            problems.append(f"The periodic job {job} failed ({run.outcome}): the log says why.")
        elif run and run.started_at < now - interval - RUN_TIMEOUT and not maintenance.is_on():
            problems.append(f"The periodic job {job} has not run for {timesince(run.started_at)}: does the worker run?")
    waits = checks.ages()["seconds_oldest_task_waits"] or 0
    if waits > TASK_TIMEOUT.total_seconds() and not maintenance.is_on():
        problems.append(
            f"A task has waited for {waits // 60} minutes: start a worker (`spokesperson serve worker`), or more."
        )
    for problem in problems:
        yield WARNING, problem
    if not problems:
        yield OK, "Tasks and periodic jobs run." if runs else "No periodic job has run yet."


def check_backup(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    """Read when `spokesperson backup` last succeeded."""
    try:
        last = json.loads((settings.DATA_DIR / "backups" / "last.json").read_text(encoding="utf-8"))
        finished_at = datetime.fromisoformat(last["finished_at"])
        verified_at = datetime.fromisoformat(last["verified_at"]) if last.get("verified_at") else None
    except (OSError, ValueError, KeyError, TypeError):
        yield WARNING, "There is no backup: run `spokesperson backup` every day."
        return
    if timezone.now() - finished_at > MAX_BACKUP_AGE:
        yield FAILED, f"The last backup is {timesince(finished_at)} old: run `spokesperson backup` every day."
    elif verified_at is None or timezone.now() - verified_at > MAX_VERIFY_AGE:
        yield WARNING, "No backup was restored for a month: run `spokesperson backup --verify`."
    else:
        yield OK, f"The last backup is {timesince(finished_at)} old, and was verified: {last.get('path')}."


# --- The data --------------------------------------------------------------------------------


def _command(*arguments: str, remedy: str) -> Check:
    """Return a check that runs a management command which fails if something is wrong."""

    def check(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
        output = StringIO()
        try:
            call_command(*arguments, stdout=output)
        except CommandError as error:
            yield FAILED, f"{str(error).rstrip('.')}: {remedy}."
        else:
            yield OK, output.getvalue().strip()

    return check


def check_images(options: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    """Look for the files of images and avatars."""
    count, lost = 0, []
    for count, path in enumerate(image_file_paths(sample=None if options.all else IMAGE_SAMPLE), start=1):
        if not default_storage.exists(path):
            lost.append(path)
        if progress.is_terminal:
            progress.status(f"images: {count} files, {len(lost)} lost")
    if lost:
        names = ", ".join(lost[:3])
        yield FAILED, f"{len(lost)} of {count} files of images are lost, such as {names}: restore them from a backup."
    else:
        yield OK, f"{count} files are there{'' if options.all else '; --all looks for every one'}."


CHECKS: dict[str, Check] = {
    "settings": check_settings,
    "running": check_running_site,
    "proxies": check_proxies,
    "clock": check_clock,
    "files": check_files,
    "email": check_email,
    "disk": check_disk,
    "worker": check_worker,
    "backup": check_backup,
    "counters": _command("recount", "--check", remedy="run `spokesperson manage recount`"),
    "ledger": _command("verify_ledger", remedy="restore it from a backup, and find out who changed the database"),
    "search": _command("rebuild_search", "--check", remedy="run `spokesperson manage rebuild_search`"),
    "images": check_images,
}
