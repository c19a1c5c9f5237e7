"""The testbed of a run: the PostgreSQL cluster, three filled databases, the servers."""

from __future__ import annotations

import json
import random
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench import nginx
from bench.postgres import Cluster, running_cluster
from bench.scale import ON_SQLITE, SCREENED, SMALL, Scale
from bench.servers import Server, granian, running, task_worker
from bench.system import ROOT, BenchmarkError, kill_commands, process_env, run, temporary_folder
from bench.wrk import lua_table

ORIGIN = "http://127.0.0.1"
SITE = "spokesperson.wsgi:application"
UNCACHED = "bench.uncached:application"
_KEY = "k" * 20 + secrets.token_hex(32)
# A CSRF token as Django makes one: cookie and header hold the same 32 characters.
TOKEN = secrets.token_hex(16)
_INSIDE = "import django; django.setup(); from bench.site import {module}; {module}.main()"
_COLLECT = """
import django
django.setup()
from demo.seed import collecting_static_files
with collecting_static_files():
    pass
"""
_FILL_PLAIN = "import django; django.setup(); from bench.baselines.plain.seed import fill; fill()"
Log = Callable[[str], None]


@dataclass(kw_only=True)
class Site:
    """One filled site: the environment with its settings, and what `bench.site.prepare` found in it."""

    env: dict[str, str]
    found: dict[str, Any] = field(default_factory=dict)

    def manage(self, *arguments: str, show_output: bool = False) -> str:
        return run([sys.executable, "manage.py", *arguments], env=self.env, show_output=show_output)

    def inside(self, module: str, *arguments: str) -> str:
        """Run a module of `bench.site` with this site's settings."""
        return run([sys.executable, "-c", _INSIDE.format(module=module), *arguments], env=self.env)

    def seed(self, sizes: Mapping[str, int], *, show_output: bool = False) -> None:
        """Fill it with `bench.benchmark_data`."""
        numbers = [f"--{name}={number}" for name, number in sizes.items()]
        run([sys.executable, "-m", "bench.benchmark_data", *numbers], env=self.env, show_output=show_output)

    def prepare(self, *arguments: str) -> None:
        self.found = json.loads(self.inside("prepare", *arguments))


@dataclass(kw_only=True)
class Testbed:
    """What a run measures."""

    scale: Scale
    folder: Path
    cluster: Cluster
    large: Site
    small: Site
    on_sqlite: Site
    screened: Site
    servers: dict[str, Server]
    # None if an earlier run filled the database.
    fill_seconds: float | None
    # Where the next load starts, so that no reader or voter is used twice.
    next_reader: int = field(default_factory=lambda: random.randrange(100 * 2**24))  # noqa: S311 - no secret
    next_voter: int = 0
    next_voter_on_sqlite: int = 0

    def data(self, name: str, site: Site, **changes: Any) -> Path:
        """Write the file that lua/mix.lua reads: all requests are for one article, unless `changes` says otherwise."""
        article = site.found["article"]
        tables = {
            "pages": [article["path"]],
            "beacons": [f"/beacon/{article['number']}/"],
            "votes": [f"/articles/{article['number']}/vote/"],
            "searches": [],
            "voters": site.found["voters"],
            "origin": ORIGIN,
            "token": TOKEN,
            "headers": {"Accept-Encoding": "br"},
        }
        path = self.folder / f"{name}.lua"
        path.write_text(lua_table(tables | changes), encoding="utf-8")
        return path

    def error_logs(self) -> str:
        """Return the end of each log that contains an error."""
        logs = {server.name: server.log.read_text(errors="replace") for server in self.servers.values()}
        return "".join(
            f"\n\nThe log of {name} ends with:\n{log[-2000:]}"
            for name, log in logs.items()
            if "ERROR" in log or "Traceback" in log
        )


def settings_of(folder: Path, database_url: str) -> dict[str, str]:
    """Return production settings with all data in a folder.

    One proxy is trusted, so that wrk can send many IP addresses.
    """
    urls = {"DATABASE_URL": database_url} if database_url else {}
    return process_env(
        ORIGIN=ORIGIN,
        SECRET_KEY=_KEY,
        DATA_DIR=str(folder),
        STATIC_ROOT=str(static_folder() / "static"),
        TRUSTED_PROXY_COUNT="1",
        # Searches of all readers together are limited; filling the database takes longer than any page may.
        SEARCHES_PER_MINUTE="1000000",
        STATEMENT_TIMEOUT="0",
        DJANGO_SETTINGS_MODULE="spokesperson.settings",
        **urls,
    )


def static_folder() -> Path:
    """Return the folder of collected static files, which stays between runs because compressing them is slow."""
    return ROOT / "var" / "bench"


@contextmanager
def create_testbed(scale: Scale, data_folder: Path | None, log: Log) -> Iterator[Testbed]:
    """Set everything up, and take it down at the end, also after an error.

    Args:
        data_folder: a folder to store the databases in, for this run and the next; without one everything is temporary.

    Raises:
        BenchmarkError: something is missing or failed.
    """
    with temporary_folder() as folder, running_cluster((data_folder or folder) / "postgres") as cluster:
        large = Site(env=settings_of(folder / "large", cluster.url(scale.name)))
        small = Site(env=settings_of(folder / "small", cluster.url("small")))
        on_sqlite = Site(env=settings_of((data_folder or folder) / "sqlite", ""))
        screened = Site(env=settings_of((data_folder or folder) / "screened", cluster.url("screened")))
        plain = process_env(DATABASE_URL=cluster.url("plain"), DJANGO_SETTINGS_MODULE="bench.baselines.plain.settings")
        for name in ("large", "small"):
            (folder / name).mkdir()
        log("Filling the databases ...")
        (data_folder or folder).joinpath("screened").mkdir(exist_ok=True)
        seconds = _fill(scale, cluster, large=large, small=small, plain=plain, on_sqlite=on_sqlite, screened=screened)
        log("Preparing addresses, words and voters ...")
        run_parallel(
            partial(large.prepare, "--voters", str(scale.voters)),
            small.prepare,
            partial(on_sqlite.prepare, "--voters", str(scale.voters)),
        )
        plain["ARTICLE_PAGE_BYTES"] = str(large.found["page_bytes"])
        servers = _servers(folder, large=large, small=small, on_sqlite=on_sqlite, plain=plain)
        if nginx.is_installed():
            front = nginx.front_server(folder, site_port=servers["site"].port, data=folder / "large")
            servers |= {"nginx-static": nginx.static_server(folder), "nginx": front}
        log("Starting the servers ...")
        testbed = Testbed(
            scale=scale,
            folder=folder,
            cluster=cluster,
            large=large,
            small=small,
            on_sqlite=on_sqlite,
            screened=screened,
            servers=servers,
            fill_seconds=seconds,
        )
        with running(list(servers.values())):
            try:
                yield testbed
            except BenchmarkError as error:
                raise BenchmarkError(f"{error}{testbed.error_logs()}") from error


def _servers(folder: Path, *, large: Site, small: Site, on_sqlite: Site, plain: dict[str, str]) -> dict[str, Server]:
    logs = folder / "logs"
    logs.mkdir()
    found = [
        granian("trivial", "bench.baselines.trivial:application", env=process_env(), log=logs / "trivial"),
        granian("bare", "bench.baselines.bare:application", env=process_env(), log=logs / "bare"),
        granian("plain", "bench.baselines.plain.wsgi:application", env=plain, log=logs / "plain"),
        granian("site", SITE, env=large.env, log=logs / "site"),
        granian("uncached", UNCACHED, env=large.env, log=logs / "uncached"),
        # Only one client uses it.
        granian("small", UNCACHED, env=small.env, log=logs / "small", workers=1),
        granian("sqlite", SITE, env=on_sqlite.env, log=logs / "sqlite"),
        task_worker(env=large.env, log=logs / "worker"),
    ]
    return {server.name: server for server in found}


def _fill(
    scale: Scale,
    cluster: Cluster,
    *,
    large: Site,
    small: Site,
    plain: dict[str, str],
    on_sqlite: Site,
    screened: Site,
) -> float | None:
    """Create what is missing. Return the seconds for the large site, or None if it existed."""
    sizes = {name: getattr(scale, name) for name in ("articles", "users", "votes", "views")}
    sites = {scale.name: large, "small": small, "screened": screened}
    on_postgres = {name: site for name, site in sites.items() if not cluster.has(name)}

    def fill_sites() -> float | None:
        # Databases of an earlier run can lack migrations.
        for name, site in sites.items():
            if name not in on_postgres:
                site.manage("migrate", "--verbosity", "0", "--no-input")
                cluster.sql("ANALYZE", name)
        if not on_postgres:
            return None
        # Migrate once and copy.
        _recreated(cluster, large, "empty").manage("migrate", "--verbosity", "0", "--no-input")
        if "small" in on_postgres:
            site = _recreated(cluster, small, "small_unfinished", like="empty")
            site.seed(SMALL)
            site.inside("compress_time")
            _finish(cluster, "small")
        if "screened" in on_postgres:
            site = _recreated(cluster, screened, "screened_unfinished", like="empty")
            site.seed(SCREENED)
            _finish(cluster, "screened")
        if scale.name not in on_postgres:
            return None
        site = _recreated(cluster, large, f"{scale.name}_unfinished", like="empty")
        started = time.monotonic()
        site.seed(sizes, show_output=scale.is_full)
        took = time.monotonic() - started
        _finish(cluster, scale.name)
        return took

    def fill_others() -> None:
        cluster.drop("plain")
        cluster.create("plain")
        run([sys.executable, "-c", _FILL_PLAIN], env=plain)
        static = static_folder()
        static.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-c", _COLLECT], env={**large.env, "DATA_DIR": str(static)})
        _fill_on_sqlite(on_sqlite)

    # A million articles are generated by one process per core, so nothing else runs at that time.
    if scale.is_full:
        fill_others()
        return fill_sites()
    took: float | None = run_parallel(fill_sites, fill_others)[0]
    return took


def _fill_on_sqlite(site: Site) -> None:
    folder = Path(site.env["DATA_DIR"])
    is_filled = folder / "is-filled"
    if not is_filled.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    site.manage("migrate", "--verbosity", "0", "--no-input")
    if not is_filled.exists():
        site.seed(ON_SQLITE)
        is_filled.touch()


def _recreated(cluster: Cluster, site: Site, name: str, *, like: str = "") -> Site:
    cluster.drop(name)
    cluster.create(name, like=like)
    return Site(env={**site.env, "DATABASE_URL": cluster.url(name)})


def _finish(cluster: Cluster, name: str) -> None:
    """Rename a database that is complete."""
    cluster.sql(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    cluster.sql("VACUUM ANALYZE", name)


def run_parallel(*jobs: Callable[[], Any]) -> Sequence[Any]:
    """Run each job in a thread and return their results. The first failure kills the others' commands."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        try:
            return [job.result() for job in [pool.submit(job) for job in jobs]]
        except BaseException:
            # The pool waits for its threads, which wait for their commands.
            kill_commands()
            raise
