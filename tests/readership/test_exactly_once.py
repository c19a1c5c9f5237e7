"""Whatever dies, and however much happens at once: what was answered with 204 is written, and counted once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection

from articles.models import Article
from articles.readership import recount, services
from articles.readership.beacon import Beacon
from articles.readership.models import DailyStats, Read, Tally, View
from articles.readership.salts import salt_of
from articles.readership.visitors import Reader, sighting, today
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from tests import factories
from tests.parallel import at_once
from tests.readership.wsgi import FIREFOX, ask, environ_of, open_connections

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


@pytest.fixture
def app() -> Iterator[Beacon]:
    app = Beacon(get_wsgi_application(), most_waiting=3 * THREADS)
    with open_connections():
        yield app
    app.connection.close()


def address(thread: int, n: int) -> str:
    return f"198.{thread}.{n // 256}.{n % 256}"


def visitor(article: Article, address: str) -> bytes:
    reader = Reader(address=address, user_agent=FIREFOX)
    return sighting(article_id=article.pk, author_id=0, reader=reader, day=today(), salt=salt_of(today())).visitor


def assert_everything_agrees(article: Article, *, views: int, reads: int = 0) -> None:
    article.refresh_from_db()
    stats = DailyStats.objects.get()
    assert (article.views, stats.views, stats.reads) == (views, views, reads)
    assert View.objects.filter(kind=View.Kind.COUNTED).count() == views
    assert not list(recount.recount(repair=False))


def test_views_reads_votes_and_roll_ups_at_the_same_moment(app: Beacon) -> None:
    article = factories.published()
    people = [factories.PersonFactory.create() for _ in range(THREADS)]

    def readers(thread: int) -> None:
        for n in range(25):
            for path in (f"/beacon/{article.pk}/", f"/beacon/{article.pk}/read/"):
                # Half of them are also another thread's.
                environ = environ_of(path, REMOTE_ADDR=address(thread if n % 2 else 0, n))
                assert ask(app, environ).status == 204

    def voters() -> None:
        for user in people:
            cast_vote(article=article, user=user, value=1)

    jobs = [partial(readers, thread) for thread in range(THREADS)]
    assert at_once([*jobs, voters, partial(services.roll_up, batch=7)]) == [None] * (THREADS + 2)
    services.roll_up()
    everybody = THREADS * 12 + 13
    assert_everything_agrees(article, views=everybody, reads=everybody)
    assert article.likes == Vote.objects.count() == len(people)


def test_one_reader_in_many_tabs_is_one_view(app: Beacon) -> None:
    article = factories.published()

    def reads_on() -> None:
        for _ in range(20):
            assert ask(app, environ_of(f"/beacon/{article.pk}/")).status == 204

    assert at_once([reads_on] * THREADS) == [None] * THREADS
    services.roll_up()
    assert_everything_agrees(article, views=1)


def test_several_processes_at_once_are_no_more_than_one() -> None:
    """Two workers, as two applications with a connection each, get the same readers in another order."""
    article = factories.published()
    apps = [Beacon(get_wsgi_application(), most_waiting=THREADS) for _ in range(2)]

    def readers(thread: int) -> None:
        order = range(40) if thread % 2 else reversed(range(40))
        for n in order:
            assert ask(apps[thread % 2], environ_of(f"/beacon/{article.pk}/", REMOTE_ADDR=address(0, n))).status == 204

    with open_connections():
        assert at_once([partial(readers, thread) for thread in range(THREADS)]) == [None] * THREADS
    for app in apps:
        app.connection.close()
    services.roll_up()
    assert_everything_agrees(article, views=40)


WORKER = """
import os, sys, threading
import django
django.setup()
from django.core.wsgi import get_wsgi_application
from django.db import connections
from articles.readership import services
from articles.readership.beacon import Beacon
from tests.readership.wsgi import ask, environ_of

connections["default"].settings_dict["NAME"] = sys.argv[1]
app = Beacon(get_wsgi_application(), most_waiting=20)

def readers(thread):
    for n in range(60000):
        address = f"198.{thread}.{n // 256}.{n % 256}"
        if ask(app, environ_of(sys.argv[2], REMOTE_ADDR=address)).status == 204:
            os.write(1, (address + chr(10)).encode())  # whole lines, also from several threads

def roll_ups():
    while True:
        services.roll_up(batch=7)

for job in (roll_ups, *[lambda n=n: readers(n) for n in range(6)]):
    threading.Thread(target=job).start()
"""


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
@pytest.mark.parametrize("answers", [1, 150, 400])
def test_a_worker_that_is_killed_while_it_receives_and_rolls_up(answers: int) -> None:
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
    with connection.cursor() as cursor:  # what the server still does for the dead, it does before we look
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'killed'"
        )

    written = {bytes(one) for one in View.objects.values_list("visitor", flat=True)}
    assert len(answered) >= answers
    assert {visitor(article, address) for address in answered} <= written
    call_command("roll_up_views")
    assert not Tally.objects.exists()
    assert not Read.objects.exists()
    assert_everything_agrees(article, views=len(written))
