"""Fills an empty database with an invented site of any size: the verb behind `manage.py seed_load`."""

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
from articles.search.services import rebuild
from spokesperson.demo.filling import SECTIONS
from spokesperson.demo.progress import Say
from spokesperson.load.database import MEMORY, Structure, copy_rows, insert_rows, structure
from spokesperson.load.pictures import make_pictures
from spokesperson.load.plan import Plan, Sizes, make_plan
from spokesperson.load.process import in_processes, jobs_of, rows_of
from spokesperson.load.rows import COLUMNS, Maker

# From so many articles on, several processes are quicker than one.
MANY = 50_000
# SQLite takes rows one by one.
MOST_ON_SQLITE = 5_000
# Its presence says that a fill is going on or was killed.
MARKER = "seed_load_unfinished"


class NotFilled(Exception):
    """Nothing was filled; `str(error)` is the sentence that says why."""


def fill(sizes: Sizes, *, processes: int, say: Say, with_search: bool = True) -> dict[str, float]:
    """Fill the database.

    With one process everything is one transaction. With several, each writes a part, and all of them commit together;
    what is interrupted leaves the tables empty and as they were, or, where even that was prevented (kill -9), a marker
    that the next call finds.

    Args:
        with_search: also fill the search index; without it the search finds nothing.

    Returns:
        the seconds that each part took, by its name.

    Raises:
        NotFilled: the database is not empty, not complete, or SQLite with numbers that are too large for it.
    """
    _refuse_what_is_not_empty(sizes)
    timing = _Timing(say)
    if processes == 1 or connection.vendor == "sqlite":
        with transaction.atomic():
            _fill_at_once(sizes, timing)
            if with_search:
                _index_at_once(timing)
        with timing.part("statistics of the tables"):
            _analyze()
    else:
        _fill_in_parts(sizes, processes, timing, with_search=with_search)
    return timing.seconds


class _Timing:
    """How long each part took, and how far the rows are."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self.say(f"{name.capitalize()} ...", stays=False)
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began
        self.say(f"  {name}: {self.seconds[name]:.1f} s")

    def counter(self, articles: int) -> _Counter:
        return _Counter(self.say, articles)


class _Counter:
    """Tells rows a second and what remains."""

    def __init__(self, say: Say, articles: int) -> None:
        self.say, self.articles, self.began = say, articles, time.monotonic()
        self.done = self.rows = 0

    def __call__(self, articles: int, rows: int) -> None:
        self.done += articles
        self.rows += rows
        spent = time.monotonic() - self.began
        remaining = spent * (self.articles - self.done) / max(self.done, 1)
        line = f"  {self.done:,} of {self.articles:,} articles, {self.rows / spent:,.0f} rows/s"
        self.say(f"{line}, {remaining:.0f} s remain" if self.done else line, stays=False)


def _refuse_what_is_not_empty(sizes: Sizes) -> None:
    tables = connection.introspection.table_names()
    anew = (
        "Make the database anew: drop and create it, then run manage.py migrate."
        if connection.vendor == "postgresql"
        else "Delete its file, then run manage.py migrate."
    )
    if MARKER in tables:
        raise NotFilled(f"An earlier fill of this database was killed before it could tidy up. {anew}")
    if missing := set(COLUMNS) - set(tables):
        raise NotFilled(f"This database has no table {min(missing)}: run manage.py migrate first.")
    if any(model._default_manager.exists() for model in (User, Article, Tag)):
        raise NotFilled(
            f"This database holds people or articles; only an empty one is filled, so that no site is lost. {anew}"
        )
    if connection.vendor == "sqlite" and sizes.articles > MOST_ON_SQLITE:
        raise NotFilled(
            f"SQLite is filled with at most {MOST_ON_SQLITE:,} articles. For more, name a PostgreSQL in DATABASE_URL."
        )


def _plan(sizes: Sizes) -> tuple[Plan, list[Image]]:
    if not Section.objects.exists():
        Section.objects.bulk_create(
            Section(slug=slug, name=name, name_ru=russian, name_hy=armenian, position=position)
            for position, (slug, name, russian, armenian) in enumerate(SECTIONS)
        )
    pictures = make_pictures(seed=sizes.seed, owner_id=1)
    for number, picture in enumerate(pictures, start=1):
        picture.pk = number
    plan = make_plan(
        sizes,
        now=timezone.now(),
        time_zone=settings.TIME_ZONE,
        section_ids=Section.objects.values_list("pk", flat=True),
        picture_ids=[picture.pk for picture in pictures],
    )
    return plan, pictures


def _fill_at_once(sizes: Sizes, timing: _Timing) -> None:
    with timing.part("numbers and words"):
        plan, pictures = _plan(sizes)
        maker = Maker(plan)
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgresql:
            cursor.execute(MEMORY)
            before = structure(cursor, _tables())
            for statement in before.away:
                cursor.execute(statement)
        with timing.part("rows"):
            told = timing.counter(sizes.articles)
            for job in jobs_of(plan):
                rows = rows_of(maker, job)
                told(
                    job[2] - job[1] if job[0] == "articles" else 0,
                    copy_rows(cursor, rows) if postgresql else insert_rows(cursor, rows),
                )
            Image.objects.bulk_create(pictures)
        if postgresql:
            with timing.part("indexes and constraints"):
                for statement in before.back:
                    cursor.execute(statement)
    _finish_rows(sizes)


def _index_at_once(timing: _Timing) -> None:
    with timing.part("search"):
        rebuild(batch_size=500, report=lambda line: timing.say(f"  search: {line}", stays=False))


def _fill_in_parts(sizes: Sizes, processes: int, timing: _Timing, *, with_search: bool) -> None:
    own_sections = not Section.objects.exists()
    with timing.part("numbers"):
        plan, pictures = _plan(sizes)
    with connection.cursor() as cursor:
        before = structure(cursor, _tables())
    try:
        _execute(f"CREATE TABLE {MARKER} ()", *before.away)
        with timing.part("rows"):
            in_processes(plan, connect=_connecting(), processes=processes, told=timing.counter(sizes.articles))
            Image.objects.bulk_create(pictures)
        with timing.part("indexes"):
            _in_threads([list(statements) for statements in before.indexes.values()])
        if with_search:
            _index_at_once(timing)
        with timing.part("references"):
            for statement in before.references:
                _execute(statement)
        _finish_rows(sizes)
        with timing.part("statistics of the tables"):
            _analyze()
        _execute(f"DROP TABLE {MARKER}")
    except BaseException:
        timing.say("Interrupted: emptying the database again ...")
        _undo(before, own_sections)
        raise


def _finish_rows(sizes: Sizes) -> None:
    """What is few, and the numbers from which the next rows go on."""
    moderators = Group.objects.get_or_create(name="Moderators")[0]
    moderators.user_set.add(*User.objects.filter(pk__gt=sizes.members).values_list("pk", flat=True))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in ["articles_image", *(table for table, columns in COLUMNS.items() if "id" in columns)]:
                highest = f"SELECT max(id) FROM {table}"  # noqa: S608 - our own names
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({highest}))")


def _undo(before: Structure, own_sections: bool) -> None:
    """Leave the tables empty and their structure as it was."""
    # Each by its name: the references that would lead from one to the others may be away.
    _execute(f"TRUNCATE {', '.join([*_tables(), SearchEntry._meta.db_table])} CASCADE")
    if own_sections:
        Section.objects.all().delete()
    with connection.cursor() as cursor:
        after = structure(cursor, _tables())
    # Away with what is back already: in an empty table it is made again in no time.
    _execute(*after.away, *before.back, f"DROP TABLE IF EXISTS {MARKER}")


def _analyze() -> None:
    if connection.vendor != "postgresql":
        _execute("ANALYZE")
    elif connection.in_atomic_block:
        _execute(*(f"ANALYZE {table}" for table in _tables()))
    else:
        # VACUUM marks pages as visible to all: lists are then read from their indexes alone.
        _in_threads([[f"VACUUM (ANALYZE) {table}"] for table in _tables()])


def _tables() -> list[str]:
    return [*COLUMNS, "articles_image"]


def _connecting() -> dict[str, Any]:
    """What psycopg needs to open another connection to the same database."""
    known = {"dbname", "user", "password", "host", "port", "sslmode"}
    return {name: value for name, value in connection.get_connection_params().items() if name in known}


def _execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(MEMORY)
        for statement in statements:
            cursor.execute(statement)


def _in_threads(work: list[list[str]]) -> None:
    """Run lists of statements, two at a time, each list on a connection of its own."""

    def run(statements: list[str]) -> None:
        with psycopg.connect(**_connecting(), autocommit=True) as own:
            own.execute(MEMORY.replace("LOCAL ", ""))
            for statement in statements:
                own.execute(statement.encode())

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(run, work):
            pass
