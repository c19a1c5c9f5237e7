"""Fill an empty database with an invented site of any size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Image, Section, Tag
from articles.search.models import SearchEntry
from bench.benchmark_data.database import MEMORY, Structure, copy_rows, insert_rows, structure
from bench.benchmark_data.images import make_images
from bench.benchmark_data.plan import Plan, Sizes, make_plan
from bench.benchmark_data.process import in_processes, jobs_of, rows_of
from bench.benchmark_data.rows import COLUMNS, RowFactory
from bench.benchmark_data.search_index import fill_search_index, index_articles, rebuilt_index
from demo.seed import SECTIONS
from spokesperson.operations.progress import Progress

# With fewer articles, one process is faster than several.
MIN_ARTICLES_FOR_PROCESSES = 50_000
# SQLite inserts rows one by one.
MAX_ON_SQLITE = 5_000
# A table that exists while a fill runs, or after it was killed.
MARKER = "benchmark_data_unfinished"


class FillRefused(Exception):
    """Nothing was filled; `str(error)` says why in one sentence."""


def fill(sizes: Sizes, *, processes: int, progress: Progress, with_search: bool = True) -> dict[str, float]:
    """Fill the database.

    With one process everything is one transaction. With several, each writes a part, and all of them commit together.
    An interrupted call leaves the tables empty and their structure as it was; a killed one leaves `MARKER`, which the
    next call reports.

    Args:
        processes: how many processes generate and write rows.
        with_search: also fill the search index.

    Returns:
        the seconds that each part took, by name.

    Raises:
        FillRefused: the database is not empty, lacks tables, or is SQLite and the numbers are too large for it.
    """
    _check_empty(sizes)
    timing = _Timing(progress)
    if processes == 1 or connection.vendor == "sqlite":
        with transaction.atomic():
            _fill_at_once(sizes, timing)
            if with_search:
                with timing.part("search"):
                    _index_in_transaction()
        with timing.part("statistics of the tables"):
            _analyze()
    else:
        _fill_in_parts(sizes, processes, timing, with_search=with_search)
    return timing.seconds


class _Timing:
    """Measures and prints how long each part took."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self.progress.status(f"{name.capitalize()} ...")
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began
        self.progress.line(f"  {name}: {self.seconds[name]:.1f} s")

    def counter(self, articles: int) -> _Counter:
        return _Counter(self.progress, articles)


class _Counter:
    """Prints rows per second and the remaining time."""

    def __init__(self, progress: Progress, articles: int) -> None:
        self.progress, self.articles, self.began = progress, articles, time.monotonic()
        self.done = self.rows = 0

    def __call__(self, articles: int, rows: int) -> None:
        self.done += articles
        self.rows += rows
        spent = time.monotonic() - self.began
        remaining = spent * (self.articles - self.done) / max(self.done, 1)
        line = f"  {self.done:,} of {self.articles:,} articles, {self.rows / spent:,.0f} rows/s"
        self.progress.status(f"{line}, {remaining:.0f} s remain" if self.done else line)


def _check_empty(sizes: Sizes) -> None:
    tables = connection.introspection.table_names()
    recreate = (
        "Drop and create the database, then run manage.py migrate."
        if connection.vendor == "postgresql"
        else "Delete its file, then run manage.py migrate."
    )
    if MARKER in tables:
        raise FillRefused(f"An earlier fill of this database was killed before it could clean up. {recreate}")
    if missing := set(COLUMNS) - set(tables):
        raise FillRefused(f"This database has no table {min(missing)}: run manage.py migrate first.")
    if any(model._default_manager.exists() for model in (User, Article, Tag)):
        raise FillRefused(
            f"This database holds users or articles; only an empty one is filled, so that no site is lost. {recreate}"
        )
    if connection.vendor == "sqlite" and sizes.articles > MAX_ON_SQLITE:
        raise FillRefused(
            f"SQLite is filled with at most {MAX_ON_SQLITE:,} articles. For more, set DATABASE_URL to a PostgreSQL."
        )


def _plan(sizes: Sizes) -> tuple[Plan, list[Image]]:
    if not Section.objects.exists():
        Section.objects.bulk_create(
            Section(slug=slug, name=name, name_ru=russian, name_hy=armenian, position=position)
            for position, (slug, name, russian, armenian) in enumerate(SECTIONS)
        )
    images = make_images(seed=sizes.seed, owner_id=1)
    for number, image in enumerate(images, start=1):
        image.pk = number
    plan = make_plan(
        sizes,
        now=timezone.now(),
        time_zone=settings.TIME_ZONE,
        section_ids=Section.objects.values_list("pk", flat=True),
        image_ids=[image.pk for image in images],
    )
    return plan, images


def _fill_at_once(sizes: Sizes, timing: _Timing) -> None:
    with timing.part("numbers and words"):
        plan, images = _plan(sizes)
        factory = RowFactory(plan)
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgresql:
            cursor.execute(MEMORY)
            before = structure(cursor, _tables())
            for statement in before.drop:
                cursor.execute(statement)
        with timing.part("rows"):
            on_progress = timing.counter(sizes.articles)
            for job in jobs_of(plan):
                rows = rows_of(factory, job)
                on_progress(
                    job[2] - job[1] if job[0] == "articles" else 0,
                    copy_rows(cursor, rows) if postgresql else insert_rows(cursor, rows),
                )
            Image.objects.bulk_create(images)
        if postgresql:
            with timing.part("indexes and constraints"):
                for statement in before.restore:
                    cursor.execute(statement)
    _finish_rows(sizes)


def _index_in_transaction() -> None:
    if connection.vendor != "postgresql":
        index_articles()
        return
    with rebuilt_index():
        index_articles()
        # PostgreSQL cannot create an index while deferred constraints wait to be checked.
        _execute("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")


def _fill_in_parts(sizes: Sizes, processes: int, timing: _Timing, *, with_search: bool) -> None:
    own_sections = not Section.objects.exists()
    with timing.part("numbers"):
        plan, images = _plan(sizes)
    with connection.cursor() as cursor:
        before = structure(cursor, _tables())
    try:
        _execute(f"CREATE TABLE {MARKER} ()", *before.drop)
        with timing.part("rows"):
            count = timing.counter(sizes.articles)
            in_processes(plan, connect=_connection_params(), processes=processes, on_progress=count)
            Image.objects.bulk_create(images)
        with timing.part("indexes"):
            _in_threads([list(statements) for statements in before.indexes.values()])
        if with_search:
            with timing.part("search"):
                fill_search_index(progress=timing.progress, processes=processes)
        with timing.part("references"):
            for statement in before.references:
                _execute(statement)
        _finish_rows(sizes)
        with timing.part("statistics of the tables"):
            _analyze()
        _execute(f"DROP TABLE {MARKER}")
    except BaseException:
        timing.progress.line("Interrupted: emptying the database again ...")
        _undo(before, own_sections)
        raise


def _finish_rows(sizes: Sizes) -> None:
    """Create the moderators' group and set the sequences of primary keys."""
    moderators = Group.objects.get_or_create(name="Moderators")[0]
    moderators.user_set.add(*User.objects.filter(pk__gt=sizes.members).values_list("pk", flat=True))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in ["articles_image", *(table for table, columns in COLUMNS.items() if "id" in columns)]:
                highest = f"SELECT max(id) FROM {table}"  # noqa: S608 - our own names
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({highest}))")


def _undo(before: Structure, own_sections: bool) -> None:
    """Leave the tables empty and their structure as it was."""
    # CASCADE does not reach them all: the foreign keys may be dropped at this point.
    _execute(f"TRUNCATE {', '.join([*_tables(), SearchEntry._meta.db_table])} CASCADE")
    if own_sections:
        Section.objects.all().delete()
    with connection.cursor() as cursor:
        after = structure(cursor, _tables())
    # Drop what was restored already: on empty tables it is recreated at once.
    _execute(*after.drop, *before.restore, f"DROP TABLE IF EXISTS {MARKER}")


def _analyze() -> None:
    if connection.vendor != "postgresql":
        _execute("ANALYZE")
    elif connection.in_atomic_block:
        _execute(*(f"ANALYZE {table}" for table in _tables()))
    else:
        # VACUUM marks pages as all-visible, which index-only scans need.
        _in_threads([[f"VACUUM (ANALYZE) {table}"] for table in _tables()])


def _tables() -> list[str]:
    return [*COLUMNS, "articles_image"]


def _connection_params() -> dict[str, Any]:
    """Return the parameters for another psycopg connection to the same database."""
    known = {"dbname", "user", "password", "host", "port", "sslmode"}
    return {name: value for name, value in connection.get_connection_params().items() if name in known}


def _execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(MEMORY)
        for statement in statements:
            cursor.execute(statement)


def _in_threads(work: list[list[str]]) -> None:
    """Run lists of statements, two lists at a time, each on a connection of its own."""

    def run(statements: list[str]) -> None:
        with psycopg.connect(**_connection_params(), autocommit=True) as own:
            own.execute(MEMORY.replace("LOCAL ", ""))
            for statement in statements:
                own.execute(statement.encode())

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(run, work):
            pass
