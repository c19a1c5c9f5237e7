"""Everything that a run stands on: the cluster, three filled databases, the servers."""

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
from bench.load import lua_table
from bench.postgres import Cluster, running_cluster
from bench.scale import ON_SQLITE, SMALL, Scale
from bench.servers import Server, granian, running, task_worker
from bench.workplace import ROOT, CannotMeasure, end_commands, environment, run, temporary_folder

ORIGIN = "http://127.0.0.1"
SITE = "spokesperson.wsgi:application"
UNCACHED = "bench.uncached:application"
_KEY = "k" * 20 + secrets.token_hex(32)
# A token against forgery as Django makes one: its cookie and its header hold the same 32 letters and digits.
TOKEN = secrets.token_hex(16)
_INSIDE = "import django; django.setup(); from bench.site import {module}; {module}.main()"
_COLLECT = """
import django
django.setup()
from demo.seed import collecting_static_files
with collecting_static_files():
    pass
"""
_FILL_PLAIN = "import django; django.setup(); from bench.ceilings.plain.filling import fill; fill()"
Say = Callable[[str], None]


@dataclass(kw_only=True)
class Site:
    """One filled site: its settings as an environment, and what `bench.site.prepare` found in it."""

    env: dict[str, str]
    found: dict[str, Any] = field(default_factory=dict)

    def manage(self, *arguments: str, shown: bool = False) -> str:
        return run([sys.executable, "manage.py", *arguments], env=self.env, shown=shown)

    def inside(self, module: str, *arguments: str) -> str:
        """Run a module of `bench.site` with this site's settings."""
        return run([sys.executable, "-c", _INSIDE.format(module=module), *arguments], env=self.env)

    def seed(self, sizes: Mapping[str, int], *, shown: bool = False) -> None:
        """Fill it with `bench.benchmark_data`."""
        numbers = [f"--{name}={number}" for name, number in sizes.items()]
        run([sys.executable, "-m", "bench.benchmark_data", *numbers], env=self.env, shown=shown)

    def look(self, *arguments: str) -> None:
        self.found = json.loads(self.inside("prepare", *arguments))


@dataclass(kw_only=True)
class Stage:
    """What a run measures."""

    scale: Scale
    folder: Path
    cluster: Cluster
    large: Site
    small: Site
    on_sqlite: Site
    servers: dict[str, Server]
    # None where it was filled by an earlier run.
    seconds_to_fill: float | None
    # Where the next load's readers and voters begin, so that nobody comes twice.
    next_reader: int = field(default_factory=lambda: random.randrange(100 * 2**24))  # noqa: S311 - no secret
    next_voter: int = 0
    next_voter_on_sqlite: int = 0

    def data(self, name: str, site: Site, **changes: Any) -> Path:
        """The file with what lua/mix.lua needs of a site, one article for everything unless something else is given."""
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

    def last_words(self) -> str:
        """The end of each log that tells of an error."""
        logs = {server.name: server.log.read_text(errors="replace") for server in self.servers.values()}
        return "".join(
            f"\n\nThe log of {name} ends with:\n{log[-2000:]}"
            for name, log in logs.items()
            if "ERROR" in log or "Traceback" in log
        )


def settings_of(folder: Path, database_url: str) -> dict[str, str]:
    """A production's settings, with everything in a folder. One proxy is trusted, so that wrk can be many readers."""
    urls = {"DATABASE_URL": database_url} if database_url else {}
    return environment(
        ORIGIN=ORIGIN,
        SECRET_KEY=_KEY,
        DATA_DIR=str(folder),
        STATIC_ROOT=str(static_folder() / "static"),
        TRUSTED_PROXY_COUNT="1",
        DJANGO_SETTINGS_MODULE="spokesperson.settings",
        **urls,
    )


def static_folder() -> Path:
    """Where the collected static files are kept from run to run; compressing them takes longer than much else."""
    return ROOT / "var" / "bench"


@contextmanager
def staged(scale: Scale, kept: Path | None, say: Say) -> Iterator[Stage]:
    """Set everything up, and take it down on the way out, whatever happened.

    Args:
        kept: a folder whose cluster is used again, and stays; without one everything is new and goes.

    Raises:
        CannotMeasure: something is missing or failed.
    """
    with temporary_folder() as folder, running_cluster((kept or folder) / "postgres") as cluster:
        large = Site(env=settings_of(folder / "large", cluster.url(scale.name)))
        small = Site(env=settings_of(folder / "small", cluster.url("small")))
        on_sqlite = Site(env=settings_of((kept or folder) / "sqlite", ""))
        plain = environment(DATABASE_URL=cluster.url("plain"), DJANGO_SETTINGS_MODULE="bench.ceilings.plain.settings")
        for name in ("large", "small"):
            (folder / name).mkdir()
        say("Filling the databases ...")
        seconds = _fill(scale, cluster, large=large, small=small, plain=plain, on_sqlite=on_sqlite)
        say("Looking for articles, words and voters ...")
        at_once(
            partial(large.look, "--voters", str(scale.voters)),
            small.look,
            partial(on_sqlite.look, "--voters", str(scale.voters)),
        )
        servers = _servers(folder, large=large, small=small, on_sqlite=on_sqlite, plain=plain)
        if nginx.is_installed():
            front = nginx.front_server(folder, site_port=servers["site"].port, data=folder / "large")
            servers |= {"nginx-static": nginx.static_server(folder), "nginx": front}
        say("Starting the servers ...")
        stage = Stage(
            scale=scale,
            folder=folder,
            cluster=cluster,
            large=large,
            small=small,
            on_sqlite=on_sqlite,
            servers=servers,
            seconds_to_fill=seconds,
        )
        with running(list(servers.values())):
            try:
                yield stage
            except CannotMeasure as error:
                raise CannotMeasure(f"{error}{stage.last_words()}") from error


def _servers(folder: Path, *, large: Site, small: Site, on_sqlite: Site, plain: dict[str, str]) -> dict[str, Server]:
    logs = folder / "logs"
    logs.mkdir()
    found = [
        granian("trivial", "bench.ceilings.trivial:application", env=environment(), log=logs / "trivial"),
        granian("bare", "bench.ceilings.bare:application", env=environment(), log=logs / "bare"),
        granian("plain", "bench.ceilings.plain.wsgi:application", env=plain, log=logs / "plain"),
        granian("site", SITE, env=large.env, log=logs / "site"),
        granian("uncached", UNCACHED, env=large.env, log=logs / "uncached"),
        # One reader alone asks it.
        granian("small", UNCACHED, env=small.env, log=logs / "small", workers=1),
        granian("sqlite", SITE, env=on_sqlite.env, log=logs / "sqlite"),
        task_worker(env=large.env, log=logs / "worker"),
    ]
    return {server.name: server for server in found}


def _fill(
    scale: Scale, cluster: Cluster, *, large: Site, small: Site, plain: dict[str, str], on_sqlite: Site
) -> float | None:
    """Make what is missing. Returns the seconds that the large site took, or None where it was there."""
    sizes = {name: getattr(scale, name) for name in ("articles", "users", "votes", "views")}
    on_postgres = {name: site for name, site in ((scale.name, large), ("small", small)) if not cluster.has(name)}

    def the_sites() -> float | None:
        # Those of an earlier run may be older than the code.
        for name, site in ((scale.name, large), ("small", small)):
            if name not in on_postgres:
                site.manage("migrate", "--verbosity", "0", "--no-input")
                cluster.sql("ANALYZE", name)
        if not on_postgres:
            return None
        # Migrated once, and copied.
        _made_anew(cluster, large, "empty").manage("migrate", "--verbosity", "0", "--no-input")
        if "small" in on_postgres:
            site = _made_anew(cluster, small, "small_unfinished", like="empty")
            site.seed(SMALL)
            site.inside("crowd")
            _finish(cluster, "small")
        if scale.name not in on_postgres:
            return None
        site = _made_anew(cluster, large, f"{scale.name}_unfinished", like="empty")
        began = time.monotonic()
        site.seed(sizes, shown=scale.is_full)
        took = time.monotonic() - began
        _finish(cluster, scale.name)
        return took

    def the_others() -> None:
        cluster.drop("plain")
        cluster.create("plain")
        run([sys.executable, "-c", _FILL_PLAIN], env=plain)
        static = static_folder()
        static.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-c", _COLLECT], env={**large.env, "DATA_DIR": str(static)})
        _fill_on_sqlite(on_sqlite)

    # A million articles are made by as many processes as there are cores: nothing else runs then.
    if scale.is_full:
        the_others()
        return the_sites()
    took: float | None = at_once(the_sites, the_others)[0]
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


def _made_anew(cluster: Cluster, site: Site, name: str, *, like: str = "") -> Site:
    cluster.drop(name)
    cluster.create(name, like=like)
    return Site(env={**site.env, "DATABASE_URL": cluster.url(name)})


def _finish(cluster: Cluster, name: str) -> None:
    """Give a database its name, which only a complete one bears."""
    cluster.sql(f'ALTER DATABASE "{name}_unfinished" RENAME TO "{name}"')
    cluster.sql("VACUUM ANALYZE", name)


def at_once(*jobs: Callable[[], Any]) -> Sequence[Any]:
    """What the jobs return, each done in a thread of its own. The first that fails ends the others' commands."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        try:
            return [job.result() for job in [pool.submit(job) for job in jobs]]
        except BaseException:
            # The pool waits for its threads, and they for their commands.
            end_commands()
            raise
