"""Periodic jobs of the task worker, and the tasks that a killed worker left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.management import CommandError
from django.tasks import TaskResultStatus
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core import periodic
from core.models import PeriodicRun

pytestmark = pytest.mark.django_db

JOB = "tests.core.test_periodic.count"
calls: list[datetime] = []


def count() -> int:
    calls.append(timezone.now())
    return len(calls)


def fail() -> None:
    raise ValueError("the address of a reader")


def fail_as_a_command_does() -> None:
    raise CommandError("2 counters differ.")


@pytest.fixture(autouse=True)
def _jobs(settings: LazySettings) -> None:
    settings.PERIODIC_JOBS = {JOB: timedelta(minutes=10)}
    calls.clear()


def started(minutes_ago: int, *, job: str = JOB, is_running: bool = False) -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    PeriodicRun.objects.update_or_create(pk=job, defaults={"started_at": at, "finished_at": None if is_running else at})


def test_run_due_runs_a_new_job_once_in_its_interval() -> None:
    periodic.run_due()
    periodic.run_due()
    assert len(calls) == 1
    run = PeriodicRun.objects.get()
    assert (run.job, run.outcome, run.has_failed) == (JOB, "1", False)
    assert run.finished_at is not None
    started(minutes_ago=11)
    periodic.run_due()
    assert len(calls) == 2


def test_run_due_does_not_run_what_another_process_runs() -> None:
    started(minutes_ago=11, is_running=True)
    periodic.run_due()
    assert not calls


def test_run_due_runs_a_job_again_whose_worker_was_killed() -> None:
    started(minutes_ago=16, is_running=True)
    periodic.run_due()
    assert len(calls) == 1


def test_run_due_after_a_failure_goes_on_and_stores_no_personal_text(settings: LazySettings) -> None:
    module = "tests.core.test_periodic"
    settings.PERIODIC_JOBS = dict.fromkeys(
        [f"{module}.fail", f"{module}.fail_as_a_command_does", "no_such_command", JOB], timedelta(minutes=10)
    )
    periodic.run_due()
    outcomes = dict(PeriodicRun.objects.filter(has_failed=True).values_list("job", "outcome"))
    assert outcomes[f"{module}.fail"] == "ValueError"
    assert outcomes[f"{module}.fail_as_a_command_does"] == "2 counters differ."
    assert "no_such_command" in outcomes
    assert len(calls) == 1


@pytest.mark.parametrize("job", list(settings.PERIODIC_JOBS))
def test_every_job_of_the_site_runs(settings: LazySettings, job: str) -> None:
    settings.PERIODIC_JOBS = {job: timedelta(minutes=10)}
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    periodic.run_due()
    run = PeriodicRun.objects.get()
    assert not run.has_failed, run.outcome


# --- Lost tasks --------------------------------------------------------------------------------


def task(
    status: TaskResultStatus = TaskResultStatus.RUNNING, *, minutes: int = 16, starts: int = 1
) -> DBTaskResult[Any, Any]:
    started_at = timezone.now() - timedelta(minutes=minutes)
    return DBTaskResult.objects.create(
        status=status,
        started_at=started_at,
        run_after=started_at,
        args_kwargs={"args": ["reader@example.org"], "kwargs": {}},
        task_path="articles.readership.tasks.rollup_views",
        backend_name="default",
        worker_ids=["worker"] * starts,
    )


def test_requeue_lost_tasks_enqueues_what_a_killed_worker_left() -> None:
    lost, running, done = task(), task(minutes=1), task(TaskResultStatus.SUCCESSFUL)
    assert periodic.requeue_lost_tasks() == 1
    assert set(DBTaskResult.objects.ready()) == {lost}
    running.refresh_from_db()
    done.refresh_from_db()
    assert (running.status, done.status) == (TaskResultStatus.RUNNING, TaskResultStatus.SUCCESSFUL)


def test_requeue_lost_tasks_fails_a_task_that_kills_its_workers() -> None:
    lost = task(starts=3)
    periodic.requeue_lost_tasks()
    lost.refresh_from_db()
    assert lost.status == TaskResultStatus.FAILED
    assert lost.exception_class_path == "core.periodic.TaskLost"


# --- Admin -------------------------------------------------------------------------------------


def test_admin_shows_when_each_job_last_ran(admin_client: Client) -> None:
    periodic.run_due()
    page = admin_client.get("/admin/core/periodicrun/").text
    assert JOB in page
    assert "Add periodic job" not in page


def test_admin_of_tasks_shows_no_arguments_and_runs_failed_ones_again(admin_client: Client) -> None:
    failed, running = task(TaskResultStatus.FAILED), task()
    url = "/admin/django_tasks_database/dbtaskresult/"
    for page in (url, f"{url}?status=FAILED", f"{url}{failed.pk}/change/"):
        response = admin_client.get(page)
        assert response.status_code == 200
        assert "rollup_views" in response.text
        assert "reader@example.org" not in response.text
    response = admin_client.post(url, {"action": "run_again", "_selected_action": [str(failed.pk), str(running.pk)]})
    assert response.status_code == 302
    assert list(DBTaskResult.objects.ready()) == [failed]


@pytest.mark.parametrize("pk", ["x", "\x00", "9" * 40])
def test_admin_of_tasks_with_an_invalid_selection_is_no_error(admin_client: Client, pk: str) -> None:
    url = "/admin/django_tasks_database/dbtaskresult/"
    assert admin_client.post(url, {"action": "run_again", "_selected_action": [pk]}).status_code == 302


def test_admin_of_tasks_is_closed_to_moderators(client: Client) -> None:
    from tests.moderation.users import moderator

    client.force_login(moderator())
    assert client.get("/admin/django_tasks_database/dbtaskresult/").status_code == 403
    assert client.get("/admin/core/periodicrun/").status_code == 403
