"""Views, rollups and recounts at the same moment, and a killed process, on real parallel connections."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from articles.models import Article
from articles.readership import recount, services
from articles.readership.models import DailySalt, DailyStats, PageView
from articles.readership.salts import daily_salt
from articles.readership.services import Beacon
from articles.readership.visitors import Visitor, today
from tests import factories
from tests.parallel import at_once
from tests.readership.rows import waiting

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]
THREADS = 6
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def view(article: Article, *addresses: str) -> None:
    for address in addresses:
        services.ingest([Beacon(PageView, article.pk, Visitor(address=address, user_agent=FIREFOX))])


def assert_no_difference() -> None:
    assert not list(recount.recount(repair=False))


def test_ingest_one_visitor_in_many_tabs_is_one_view() -> None:
    article = factories.published()
    assert at_once([partial(view, article, *["192.0.2.1"] * 10)] * THREADS) == [None] * THREADS
    assert PageView.objects.count() == 1


def test_daily_salt_is_shared_by_all_processes() -> None:
    salts: list[bytes] = []
    assert at_once([lambda: salts.append(daily_salt(today()))] * THREADS) == [None] * THREADS
    assert len(set(salts)) == DailySalt.objects.count() == 1


def test_rollup_several_at_once_count_once() -> None:
    articles = [factories.published() for _ in range(5)]
    for article in articles * 2:
        waiting(article, 40)
    assert at_once([partial(services.rollup, batch=30)] * THREADS) == [None] * THREADS
    services.rollup()  # rows that were locked by another rollup
    assert list(Article.objects.values_list("views", flat=True)) == [80] * 5
    assert list(DailyStats.objects.values_list("views", flat=True)) == [80] * 5


def test_ingest_during_rollups_and_recounts() -> None:
    articles = [factories.published() for _ in range(3)]
    for article in articles:
        waiting(article, 50)
        waiting(article, 5, kind=PageView.Kind.BOT)

    def readers(n: int) -> None:
        for article in articles:
            view(article, *[f"198.51.{n}.{host}" for host in range(20)])
            services.rollup(batch=25)

    def repairs() -> None:
        for _ in range(10):
            Article.objects.filter(pk=articles[0].pk).update(views=10**6)
            DailyStats.objects.filter(article=articles[1]).update(by_bots=10**6)
            list(recount.recount(repair=True))

    assert at_once([*[partial(readers, n) for n in range(4)], repairs]) == [None] * 5
    services.rollup()
    assert_no_difference()
    assert list(Article.objects.values_list("views", flat=True)) == [130] * 3
    assert list(DailyStats.objects.values_list("by_bots", flat=True)) == [5] * 3


KILLED = """
import os, signal, sys
import django
django.setup()
from django.db import connections
from articles.readership import services, tracking

connections["default"].settings_dict["NAME"] = sys.argv[1]
add = tracking._add_to_stats

def dies_at_the_third_batch(*arguments):
    dies_at_the_third_batch.calls += 1
    add(*arguments)
    if dies_at_the_third_batch.calls == 3:
        os.kill(os.getpid(), signal.SIGKILL)  # everything is written, nothing is committed

dies_at_the_third_batch.calls = 0
tracking._add_to_stats = dies_at_the_third_batch
services.rollup(batch=10)
"""


def test_rollup_killed_process_loses_and_doubles_nothing() -> None:
    article = factories.published()
    waiting(article, 55)
    run = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"])],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONPATH": str(Path(settings.BASE_DIR))},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    article.refresh_from_db()
    assert article.views == 20
    assert services.rollup() == 35
    article.refresh_from_db()
    assert article.views == DailyStats.objects.get().views == 55
    assert_no_difference()
