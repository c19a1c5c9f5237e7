"""A bare Debian on which Spokesperson is installed as docs/operating.md says."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from bench.system import is_root
from tests.e2e.conftest import skip_or_fail
from tests.e2e.steps import PASSWORD
from tests.smtp_server import SmtpServer, serve
from tests.system.debian.documentation import commands
from tests.system.debian.machine import Machine, machine, missing_program, run
from tests.system.debian.site import ADMINISTRATOR, HOST, ORIGIN, Site, wait_until

collect_ignore_glob = [] if os.environ.get("SYSTEM_TESTS") else ["test_*.py"]
REPOSITORY = "/opt/spokesperson"
AUTHORITY = Path("var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt")


@pytest.fixture(scope="session")
def debian() -> Iterator[Machine]:
    """Yield a bare Debian, and in it a repository to clone."""
    if not is_root():
        skip_or_fail("Only root can boot a machine.")
    if program := missing_program():
        skip_or_fail(f"{program} is not installed (Debian: debootstrap, iproute2, nftables).")
    with machine((HOST,)) as one:
        run("git", "clone", "--quiet", settings.BASE_DIR, one.root / REPOSITORY.lstrip("/"))
        run("chown", "--recursive", "0:0", one.root / REPOSITORY.lstrip("/"))
        yield one


@pytest.fixture(scope="session")
def first_article(debian: Machine) -> Iterator[tuple[Site, list[str], float]]:
    """Install as documented, and publish an article; yield the site, the commands, and the seconds they took."""
    with serve(SmtpServer(), debian.gateway) as mail:
        site = Site(debian, mail)
        answers = {
            "Address of the site": ORIGIN,
            "Mail server": f"smtp://{debian.gateway}:{mail.port}",
            "Sender of emails": "",
            "Username of the administrator": ADMINISTRATOR,
            "Email address of the administrator": f"{ADMINISTRATOR}@example.org",
            "Password of the administrator": PASSWORD,
            "The same again": PASSWORD,
            "Name of the first section": "News",
            "Name of the site": "",
        }
        *lines, doctor = commands("First installation")
        began = time.monotonic()
        for line in lines:
            debian.answer(line.replace("<this repository>", REPOSITORY), answers)
        use_own_authority(site)
        assert "0 failed" in debian.run(doctor)
        site.publish_first_article()
        yield site, [*lines, doctor], time.monotonic() - began


@pytest.fixture
def site(first_article: tuple[Site, list[str], float]) -> Site:
    return first_article[0]


def use_own_authority(site: Site) -> None:
    """Have Caddy make the certificate itself: the authorities on the internet do not know the name."""
    site.machine.run(r"sed -i '0,/^{/s//{\n\tlocal_certs/' /etc/caddy/Caddyfile && systemctl restart caddy")
    certificate = site.machine.root / AUTHORITY
    wait_until(certificate.exists)
    site.trust(certificate.read_text())
    wait_until(lambda: site.machine.attempt("spokesperson doctor --only proxies").returncode == 0)
