"""What docs/operating.md tells an operator to do, done with its own commands on a bare Debian."""

from __future__ import annotations

import sys
import time
from collections import Counter
from http.client import HTTPException

import pytest

from tests.system.debian.conftest import REPOSITORY
from tests.system.debian.documentation import commands
from tests.system.debian.machine import run
from tests.system.debian.site import HOST, Site, wait_until
from tests.system.operations.conftest import ROOT
from tests.system.operations.installation import GIT, Load
from tests.system.operations.test_upgrade import MIGRATION

pytestmark = pytest.mark.system
MAX_COMMANDS, MAX_SECONDS = 10, 600
MAX_EXPOSURE = 3.0
# Both web processes are replaced by then.
RELOAD_SECONDS = 25
BACKUPS = "/var/backups/spokesperson"
FIGURES = "1 view, 1 like, 0 dislikes"


class LoadThroughProxy(Load):
    """Reads and counts views through the proxy, each time as another browser."""

    def __init__(self, number: int, site: Site, article: int) -> None:
        super().__init__(number, 443, article)
        self.site = site

    def request(self, method: str, path: str, address: str) -> None:
        try:
            self.statuses[method, self.site.request(method, path, f"Mozilla/5.0 (X11; Linux x86_64) {address}")] += 1
        except (OSError, HTTPException) as error:
            self.errors.append(f"{method} {path}: {error!r}")


def test_from_zero_to_the_first_article(first_article: tuple[Site, list[str], float]) -> None:
    site, lines, seconds = first_article
    count = sum(len(line.split(" && ")) for line in lines)
    print(f"\n{count} commands, {seconds:.0f} seconds")
    assert count <= MAX_COMMANDS
    assert seconds <= MAX_SECONDS
    assert "you@example.org" in site.mail.recipients
    site.view_and_like()
    site.expect_article(FIGURES)


def test_services_run_with_their_limits(site: Site) -> None:
    for name in ("web", "worker"):
        unit = f"spokesperson-{name}"
        found = site.machine.run(f"systemd-analyze security {unit} | tail -n 1")
        assert float(found.split(": ")[1].split()[0]) <= MAX_EXPOSURE, found
        assert site.machine.run(f"systemctl show --value --property NRestarts {unit}") == "0\n"
        # What the kernel refused, and what Python or a library could not do without it.
        log = site.machine.run(f"journalctl --unit {unit} --output cat")
        assert "Traceback" not in log, log


def test_backup_destroy_restore(site: Site) -> None:
    machine = site.machine
    for line in commands("Backup"):
        machine.run(line)
    # The worker stores one at its start, so its unit can write there.
    outcome = "from core.models import PeriodicRun; print(*PeriodicRun.objects.filter(outcome='Stored.'))"
    wait_until(lambda: machine.run(f'spokesperson manage shell --no-imports --command "{outcome}"').strip())
    backup = machine.run(f"ls {BACKUPS}").split()[-1]
    machine.run(f"mv {BACKUPS}/{backup} /mnt/ && rm -r {BACKUPS}")

    machine.run("systemctl disable --now spokesperson-web spokesperson-worker")
    machine.run("su postgres -c 'dropdb spokesperson'")
    machine.run("rm -r /var/lib/spokesperson /etc/spokesperson.env /etc/systemd/system/spokesperson-*")
    *lines, doctor = commands("Restore")
    for line in lines:
        machine.run(line.replace("spokesperson-20261128T020000Z.tar", backup).replace("/path/to/", "/mnt/"))
    wait_until(lambda: site.visitor().get("/ready/").status == 200)
    site.expect_article(FIGURES)
    assert "0 failed." in machine.run(doctor)
    # Passwords are restored, and the site can be written to.
    site.view_and_like()


def test_upgrade_under_load(site: Site) -> None:
    machine = site.machine
    repository = machine.root / REPOSITORY.lstrip("/")
    last = max(path.stem for path in (repository / "core/migrations").glob("0*.py"))
    (repository / "spokesperson/__init__.py").write_text('__version__ = "9.0.0"\n')
    (repository / "core/migrations/0099_motto.py").write_text(MIGRATION.format(last=last))
    run(*GIT, "-C", repository, "add", "--all")
    run(*GIT, "-C", repository, "commit", "--quiet", "--message", "A new version")

    # The upgrade begins with a backup.
    machine.run(commands("Backup")[0])
    threads = [LoadThroughProxy(number, site, int(site.article.split("/")[2])) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    dry_run, upgrade = commands("Upgrading", "upgrading.md")[:2]
    try:
        assert "Nothing was done." in machine.run(dry_run)
        machine.run(upgrade)
        time.sleep(RELOAD_SECONDS)
    finally:
        for thread in threads:
            thread.must_end.set()
    for thread in threads:
        thread.join(60)
    assert [error for thread in threads for error in thread.errors] == []
    statuses = sum((thread.statuses for thread in threads), Counter[tuple[str, int]]())
    log = machine.run("journalctl --unit 'spokesperson-*' --unit caddy --output short-precise --lines 300")
    assert set(statuses) == {("GET", 200), ("POST", 204)}, f"{statuses}\n{log}"
    assert statuses["POST", 204] > 100
    assert machine.run("spokesperson --version") == "spokesperson 9.0.0\n"
    assert "[X] 0099_motto" in machine.run("spokesperson manage showmigrations core")
    assert "0 failed." in machine.run("spokesperson doctor")


def test_nginx_in_place_of_caddy(site: Site) -> None:
    machine = site.machine
    machine.run("systemctl disable --now caddy")
    *lines, last = [line.replace("your.host", HOST) for line in commands("nginx")]
    for line in lines:
        machine.run(line)
    folder = f"/etc/ssl/{HOST}"
    machine.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={HOST} -addext subjectAltName=DNS:{HOST}"
        f" -keyout {folder}/privkey.pem -out {folder}/fullchain.pem"
    )
    machine.run(last)
    site.trust((machine.root / folder.lstrip("/") / "fullchain.pem").read_text())
    assert site.visitor().get("/").status == 200
    assert "0 failed." in machine.run("spokesperson doctor")


def test_wheel_in_place_of_a_checkout(site: Site) -> None:
    machine = site.machine
    release = machine.root / "opt/release"
    release.mkdir()
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", release, ROOT)
    for name in ("deploy", "requirements.txt"):
        run("cp", "-r", ROOT / name, release)
    [line] = commands("A wheel instead of a checkout")
    [wheel] = release.glob("*.whl")
    assert wheel.name in line
    machine.run("mv /srv/spokesperson /srv/checkout && mkdir /srv/spokesperson")
    machine.run(f"cd /opt/release && {line} && systemctl restart spokesperson-web spokesperson-worker")
    assert machine.run("ls -A /srv/spokesperson") == ".venv\n"
    wait_until(lambda: site.visitor().get("/ready/").status == 200)
    assert "0 failed." in machine.run("spokesperson doctor")
