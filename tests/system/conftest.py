"""A site in processes of its own, with real dependencies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from bench.servers import Server, granian
from bench.system import is_root, process_env, run, temporary_folder
from tests import production
from tests.e2e.conftest import skip_or_fail
from tests.system import dependencies as real

_FILL = "import sys, django; django.setup(); from tests.system.content import create; create(*sys.argv[1:])"
# Each case has a user of its own, because users are limited.
USERNAMES = [f"{dependency}-{state}" for dependency in real.DEPENDENCIES for state in real.STATES]


@dataclass
class Site:
    """A running site and its dependencies."""

    server: Server
    origin: str
    database: real.PostgreSQL
    cache: real.Redis
    mail: real.MailServer
    payments: real.PaymentProvider
    images: real.ImageDisk
    worker: real.TaskWorker


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    if not production.IS_PRODUCTION:
        pytest.skip("runs on the production stack")
    if not is_root():
        skip_or_fail("Only root can mount the disks of these tests.")
    with temporary_folder() as folder, ExitStack() as stack:
        database = real.PostgreSQL(folder / "postgres")
        stack.callback(database.disk.unmount)
        images = real.ImageDisk(folder / "images")
        stack.callback(images.disk.unmount)
        cache, mail, payments = real.Redis(folder / "redis"), real.MailServer(), real.PaymentProvider()
        for dependency in (database, cache, mail, payments):
            dependency.start()
            stack.callback(dependency.stop)
        env = process_env(
            SECRET_KEY="k" * 60,
            DJANGO_SETTINGS_MODULE="spokesperson.settings",
            # The package redis can be in another folder than the others.
            PYTHONPATH=os.pathsep.join(sys.path),
            DATABASE_URL=database.url,
            CACHE_URL=cache.url,
            EMAIL_URL=mail.url,
            MEDIA_ROOT=str(images.disk.folder),
            STATIC_ROOT=os.environ["STATIC_ROOT"],
            DATA_DIR=str(folder),
            STRIPE_API_BASE=f"http://127.0.0.1:{payments.port}",
            PAYMENTS="stripe",
            STRIPE_KEY="sk_test",
            STRIPE_ENDPOINT_SECRET="whsec_test",
            TRUSTED_PROXY_COUNT="1",
            LOG_LEVEL="INFO",
        )
        server = granian("site", "tests.system.application:application", env=env, log=folder / "site.log", workers=1)
        env["ORIGIN"] = f"http://127.0.0.1:{server.port}"
        server.env = {**server.env, **env}
        run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=env)
        run([sys.executable, "-c", _FILL, *USERNAMES], env=env)
        worker = real.TaskWorker(env, folder, database)
        worker.start()
        stack.callback(worker.stop)
        server.start()
        stack.callback(server.stop)
        server.wait_for_response()
        yield Site(server, env["ORIGIN"], database, cache, mail, payments, images, worker)
