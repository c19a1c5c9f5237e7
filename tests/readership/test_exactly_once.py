"""What was answered with 204 is written and counted once, also under parallel load and after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from uuid import UUID
from wsgiref.types import WSGIApplication

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection

from articles.models import Article
from articles.readership import beacon, recount, services
from articles.readership.group_commit import GroupCommit
from articles.readership.models import DailyStats, PageRead, PageView, PendingCount
from articles.readership.salts import daily_salt
from articles.readership.services import Beacon
from articles.readership.visitors import Visitor, classify_hit, today
from articles.readership.wsgi import BeaconApplication
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from tests import factories
from tests.parallel import at_once
from tests.readership.wsgi import FIREFOX, ask, environ_of, group_commit_closed, open_connections

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


@pytest.fixture
def app() -> Iterator[WSGIApplication]:
    with open_connections(), group_commit_closed():
        yield BeaconApplication(get_wsgi_application())


def address(thread: int, n: int) -> str:
    return f"198.{thread}.{n // 256}.{n % 256}"


def visitor(article: Article, address: str) -> UUID:
    one = Visitor(address=address, user_agent=FIREFOX)
    return classify_hit(one, target_id=article.pk, author_ids={0}, day=today(), salt=daily_salt(today())).visitor


def assert_everything_agrees(article: Article, *, views: int, reads: int = 0) -> None:
    article.refresh_from_db()
    stats = DailyStats.objects.get()
    assert (article.views, stats.views, stats.reads) == (views, views, reads)
    assert PageView.objects.filter(kind=PageView.Kind.COUNTED).count() == views
    assert not list(recount.recount(repair=False))


def test_beacon_exact_with_views_reads_votes_and_rollups_at_once(app: WSGIApplication) -> None:
    article = factories.published()
    users = [factories.UserFactory.create() for _ in range(THREADS)]

    def readers(thread: int) -> None:
        for n in range(25):
            for path in (f"/beacon/{article.pk}/", f"/beacon/{article.pk}/read/"):
                # Half of them are also another thread's.
                environ = environ_of(path, REMOTE_ADDR=address(thread if n % 2 else 0, n))
                assert ask(app, environ).status == 204

    def voters() -> None:
        for user in users:
            cast_vote(article=article, user=user, value=1)

    jobs = [partial(readers, thread) for thread in range(THREADS)]
    assert at_once([*jobs, voters, partial(services.rollup, batch=7)]) == [None] * (THREADS + 2)
    services.rollup()
    total = THREADS * 12 + 13
    assert_everything_agrees(article, views=total, reads=total)
    assert article.likes == Vote.objects.count() == len(users)


def test_beacon_one_reader_in_many_tabs_is_one_view(app: WSGIApplication) -> None:
    article = factories.published()

    def reads_on() -> None:
        for _ in range(20):
            assert ask(app, environ_of(f"/beacon/{article.pk}/")).status == 204

    assert at_once([reads_on] * THREADS) == [None] * THREADS
    services.rollup()
    assert_everything_agrees(article, views=1)


def test_beacon_several_processes_at_once() -> None:
    """Two workers, as two group commits with a connection each, get the same readers in another order."""
    article = factories.published()
    workers = [GroupCommit(beacon._write, max_waiting=THREADS, timeout=5) for _ in range(2)]

    def readers(thread: int) -> None:
        order = range(40) if thread % 2 else reversed(range(40))
        for n in order:
            visitor = Visitor(address=address(0, n), user_agent=FIREFOX)
            assert workers[thread % 2].submit(Beacon(PageView, article.pk, visitor))

    assert at_once([partial(readers, thread) for thread in range(THREADS)]) == [None] * THREADS
    for worker in workers:
        worker.close()
    services.rollup()
    assert_everything_agrees(article, views=40)


WORKER = """
import os, sys, threading
import django
django.setup()
from django.core.wsgi import get_wsgi_application
from django.db import connections
from articles.readership import services
from articles.readership.wsgi import BeaconApplication
from tests.readership.wsgi import ask, environ_of

connections["default"].settings_dict["NAME"] = sys.argv[1]
app = BeaconApplication(get_wsgi_application())

def readers(thread):
    for n in range(60000):
        address = f"198.{thread}.{n // 256}.{n % 256}"
        if ask(app, environ_of(sys.argv[2], REMOTE_ADDR=address)).status == 204:
            os.write(1, (address + chr(10)).encode())  # whole lines, also from several threads

def rollups():
    while True:
        services.rollup(batch=7)

for job in (rollups, *[lambda n=n: readers(n) for n in range(6)]):
    threading.Thread(target=job).start()
"""


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
@pytest.mark.parametrize("answers", [1, 150, 400])
def test_beacon_killed_worker_loses_and_doubles_nothing(answers: int) -> None:
    article = factories.published()
    worker = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", WORKER, str(connection.settings_dict["NAME"]), f"/beacon/{article.pk}/"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR), "PGAPPNAME": "killed"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert worker.stdout is not None
    answered = [worker.stdout.readline().strip() for _ in range(answers)]
    worker.kill()
    answered += worker.stdout.read().split()
    assert worker.wait(60) == -signal.SIGKILL
    worker.stdout.close()
    with connection.cursor() as cursor:  # let the server finish what the killed process began
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'killed'"
        )

    written = set(PageView.objects.values_list("visitor", flat=True))
    assert len(answered) >= answers
    assert {visitor(article, address) for address in answered} <= written
    call_command("rollup_views")
    assert not PendingCount.objects.exists()
    assert not PageRead.objects.exists()
    assert_everything_agrees(article, views=len(written))
