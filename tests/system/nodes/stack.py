"""Two nodes behind nginx, a primary with a replica, a cache and S3, each on a machine of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.servers import Server
from bench.system import free_port, process_env, run
from core.s3 import Bucket
from tests.system.dependencies import Redis
from tests.system.nodes import parts
from tests.system.nodes.load import Load, Site
from tests.system.nodes.network import Machine, machines
from tests.system.replicas.servers import PostgreSQL, wait_until

MACHINES = ("web1", "web2", "primary", "replica", "cache", "s3")
FILL = "import django; django.setup(); from tests.system.nodes.content import create; print(create())"
# Seconds that a due task waits at most while all is well.
MAX_TASK_AGE = 3
# Part → figures, for the table at the end.
RESULTS: dict[str, tuple[float, ...]] = {}


@dataclass
class Stack:
    """The running site and what it consists of."""

    machines: dict[str, Machine]
    nodes: list[parts.Node]
    primary: PostgreSQL
    replica: PostgreSQL
    cache: Redis
    nginx: Server
    env: dict[str, str]
    site: Site
    load: Load

    def missing(self) -> str:
        """Return what some node does not use again yet, or which tasks wait; "" if all is normal."""
        for node in self.nodes:
            health = node.health()
            if failed := [name for name in ("database", "cache", "images", "worker") if health.get(name) != "ok"]:
                return f"{node.machine.name}: {', '.join(failed)}"
            if health["seconds_oldest_task_waits"] > MAX_TASK_AGE:
                return f"tasks: {health}"
        if self.readers_of_replica() != {node.machine.address for node in self.nodes}:
            return "reading from the replica"
        return ""

    def seconds_until_normal(self) -> tuple[float, str]:
        """Wait until nothing is missing; return how long that took, and what came last."""
        last = ""

        def is_normal() -> bool:
            nonlocal last
            missing = self.missing()
            last = missing or last
            return not missing

        return wait_until(is_normal, seconds=60, what="everything runs"), last

    def readers_of_replica(self) -> set[str]:
        """Return the addresses of the nodes that have read a page from the replica in the last three seconds."""
        pages = (
            "SELECT DISTINCT host(client_addr) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND query_start > clock_timestamp() - interval '3 s' AND query NOT LIKE '%pg_last_wal%'"
        )
        try:
            with psycopg.connect(self.replica.url(), connect_timeout=2) as connection:
                return {address for (address,) in connection.execute(pages.encode()) if address}
        except psycopg.OperationalError:
            return set()

    def manage(self, *arguments: str) -> str:
        return run([sys.executable, "manage.py", *arguments], env=self.env)


@contextmanager
def running() -> Iterator[Stack]:
    """Start everything, fill the database, and begin the load."""
    # PostgreSQL's user must be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="nodes-", dir="/var/tmp"))
    folder.chmod(0o777)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        of = stack.enter_context(machines(*MACHINES))
        primary = PostgreSQL(folder / "primary", address=of["primary"].address, prefix=of["primary"].command())
        primary.start()
        stack.callback(primary.stop)
        replica = PostgreSQL(
            folder / "replica", copy_of=primary, address=of["replica"].address, prefix=of["replica"].command()
        )
        replica.start()
        stack.callback(replica.stop)
        cache = Redis(folder / "cache", of["cache"].address, of["cache"].command())
        cache.start()
        stack.callback(cache.stop)
        bucket = Bucket(f"s3+http://key:secret@{of['s3'].address}:{parts.PORT}/images")
        port = free_port()
        env = process_env(
            DJANGO_SETTINGS_MODULE="spokesperson.settings",
            # The package redis can be in another folder than the others.
            PYTHONPATH=os.pathsep.join(sys.path),
            ORIGIN=f"http://127.0.0.1:{port}",
            EXTRA_HOSTS=f"{of['web1'].address},{of['web2'].address}",
            SECRET_KEY="k" * 60,
            DATA_DIR=str(folder),
            STATIC_ROOT=str(folder / "static"),
            DATABASE_URL=primary.url(),
            REPLICA_URLS=replica.url(),
            CACHE_URL=cache.url,
            MEDIA_STORAGE_URL=bucket.url,
            EMAIL_URL=f"filemail://{folder}/emails",
            TRUSTED_PROXY_COUNT="1",
        )
        s3 = parts.s3_server(of["s3"], env, folder / "s3.log")
        s3.start()
        stack.callback(s3.kill)
        bucket.client.create_bucket(Bucket=bucket.name)
        for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--no-input", "--verbosity", "0"]):
            run([sys.executable, "manage.py", *command], env=env)
        filled = json.loads(run([sys.executable, "-c", FILL], env=env).splitlines()[-1])
        site = Site(origin=env["ORIGIN"], **filled)
        nodes = [parts.Node(of[name], env, folder / name) for name in ("web1", "web2")]
        for node in nodes:
            node.start()
            stack.callback(node.kill)
        (folder / "logs").mkdir()
        nginx = parts.front(folder, [node.machine for node in nodes], port=port, static=folder / "static")
        nginx.start()
        stack.callback(nginx.stop)
        nginx.wait_for_response()
        load = Load(site)
        load.start()
        stack.callback(load.stop)
        yield Stack(of, nodes, primary, replica, cache, nginx, env, site, load)
