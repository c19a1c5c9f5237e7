"""`spokesperson serve`: two processes under one supervisor that restarts, reloads and ends them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from spokesperson import cli
from spokesperson.operations import serve
from tests.operations.conftest import ROOT, Site, free_port

DEPLOY = ROOT / "deploy"
UNITS = {name: (DEPLOY / f"spokesperson-{name}.service").read_text(encoding="utf-8") for name in ("web", "worker")}


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)


# --- The supervisor, with small processes ------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log"
    file.touch()
    return file


def child(name: str, log: Path, script: str, *, reload_signal: signal.Signals = signal.SIGTERM) -> serve.Child:
    """A process that writes its name into the log, and then runs the script."""
    start = f"import os, signal, sys, time; open({str(log)!r}, 'a').write('{name} ' + str(os.getpid()) + '\\n');"
    return serve.Child(name, [sys.executable, "-c", start + script], 5, reload_signal=reload_signal)


def run_supervisor(children: list[serve.Child], during: Callable[[], None], *, end: int = signal.SIGTERM) -> int:
    """Run the supervisor in this process; `during` runs beside it, then it gets the signal `end`."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    errors: list[BaseException] = []

    def act() -> None:
        try:
            during()
        except BaseException as error:
            errors.append(error)
        if end:
            os.kill(os.getpid(), end)

    thread = threading.Thread(target=act)
    try:
        supervisor = serve.Supervisor(children)
        thread.start()
        return supervisor.run()
    finally:
        thread.join()
        for number, handler in before.items():
            signal.signal(number, handler)
        assert errors == []


def lines(log: Path) -> list[str]:
    return [line.split()[0] for line in log.read_text().splitlines()]


def is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_supervisor_ends_all_on_a_signal(log: Path, number: signal.Signals) -> None:
    children = [child("web", log, "time.sleep(60)"), child("worker", log, "time.sleep(60)")]
    assert run_supervisor(children, lambda: wait_for(lambda: len(lines(log)) == 2), end=number) == 0
    assert [pid for pid in re.findall(r"\d+", log.read_text()) if is_alive(pid)] == []


def test_supervisor_starts_a_dead_process_again_after_longer_and_longer_pauses(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "POLL_INTERVAL", 0.01)
    monkeypatch.setattr(serve, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(serve, "MAX_PAUSE", 0.2)
    children = [child("web", log, "time.sleep(60)"), child("worker", log, "sys.exit(3)")]
    run_supervisor(children, lambda: wait_for(lambda: lines(log).count("worker") == 5))
    assert lines(log).count("web") == 1
    pauses = re.findall(r"The worker ended \(exit code 3\); it starts again in (\S+) s\.", capsys.readouterr().err)
    assert pauses[:4] == ["0.05", "0.1", "0.2", "0.2"]


def test_supervisor_ends_at_once_if_a_setting_is_wrong(log: Path) -> None:
    children = [child("web", log, "time.sleep(60)"), child("worker", log, f"sys.exit({os.EX_CONFIG})")]
    assert run_supervisor(children, lambda: None, end=0) == os.EX_CONFIG
    assert lines(log).count("worker") == 1


def test_supervisor_reloads_by_signal_and_restart(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    on_hup = f"signal.signal(signal.SIGHUP, lambda *_: open({str(log)!r}, 'a').write('reloaded 0\\n'));"
    children = [
        child("web", log, f"{on_hup} [time.sleep(0.1) for _ in range(600)]", reload_signal=signal.SIGHUP),
        child("worker", log, "time.sleep(60)"),
    ]

    def reload() -> None:
        wait_for(lambda: len(lines(log)) == 2)
        time.sleep(0.2)  # web sets its handler
        os.kill(os.getpid(), signal.SIGHUP)
        wait_for(lambda: "reloaded" in lines(log) and lines(log).count("worker") == 2)

    assert run_supervisor(children, reload) == 0
    assert lines(log).count("web") == 1
    assert capsys.readouterr().err == ""


def test_stop_kills_what_does_not_end_in_time(log: Path) -> None:
    stubborn = child("web", log, "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)")
    stubborn.start()
    assert stubborn.process is not None
    wait_for(lambda: lines(log))
    time.sleep(0.2)
    serve.stop({stubborn.process: 0.3})
    assert stubborn.process.returncode == -signal.SIGKILL


# --- The command -------------------------------------------------------------------------------


def test_serve_web_becomes_granian_with_options_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, list[str], dict[str, str]]] = []

    def become(program: str, command: list[str], environment: dict[str, str]) -> None:
        called.append((program, command, environment))
        sys.exit()

    monkeypatch.setattr(os, "execve", become)
    port = str(free_port())
    with pytest.raises(SystemExit):
        cli.main(["serve", "web", "--port", port, "--workers", "3"])
    [(program, command, environment)] = called
    assert program == sys.executable
    assert command[1:] == [
        *("-m", "granian", "--host", "127.0.0.1", "--port", port),
        *serve.GRANIAN_OPTIONS,
        *("--workers", "3", "spokesperson.wsgi:application"),
    ]
    assert serve.SERVER_ENV.items() <= environment.items()
    assert environment["ORIGIN"] == settings.ORIGIN


@pytest.mark.parametrize("what", [[], ["web"], ["worker"]])
def test_serve_with_a_wrong_setting_ends_with_a_sentence(tmp_path: Path, what: list[str]) -> None:
    run = Site(tmp_path).run("serve", *what, ORIGIN="http://127.0.0.1:8000", SECRET_KEY="k" * 60, LOG_LEVEL="loud")
    assert run.returncode == os.EX_CONFIG
    assert run.stderr == "LOG_LEVEL is DEBUG, INFO, WARNING or ERROR; it is 'loud'.\n"


def test_serve_on_a_port_in_use_ends_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert cli.main(["serve", "--port", str(port)]) == 1
    assert capsys.readouterr().err.startswith(f"The web server cannot listen on 127.0.0.1, port {port}: ")


@pytest.mark.parametrize("name", UNITS)
def test_units_serve_and_do_not_restart_after_a_wrong_setting(name: str) -> None:
    assert re.search(rf"^ExecStart=\S+/python -m spokesperson serve {name}\b", UNITS[name], re.MULTILINE)
    assert f"RestartPreventExitStatus={os.EX_CONFIG}\n" in UNITS[name]
    for hardening in ("ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "PrivateDevices=yes"):
        assert f"\n{hardening}\n" in UNITS[name]


class Running:
    """`spokesperson serve` on the site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.port = int(re.findall(r"ORIGIN=\"http://127\.0\.0\.1:(\d+)", site.env_file.read_text())[0])
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            site.command("serve", "--port", str(self.port)),
            cwd=ROOT,
            env=site.environ,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def processes(self, words: str) -> set[int]:
        """Return the children with these words in their command line."""
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and words in (folder / "cmdline").read_text().replace("\0", " "):
                    found.add(int(folder.name))
            except OSError:
                continue
        return found

    def request(self, method: str, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


@pytest.fixture
def running(site: Site) -> Iterator[Running]:
    running = Running(site)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes under /proc")
def test_serve_and_maintenance(running: Running) -> None:
    """One start for several promises, because it takes seconds."""
    wait_for(lambda: running.request("GET", "/") == 200)
    wait_for(lambda: running.processes("serve worker"))

    # A killed worker is started again.
    [worker] = running.processes("serve worker")
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: running.processes("serve worker") - {worker})

    # The command returns when both have followed.
    site = running.site
    assert running.request("POST", "/accounts/login/") == 403  # no CSRF token
    assert "is on" in site.run("maintenance", "on").stdout
    assert running.request("POST", "/accounts/login/") == 503
    assert running.request("GET", "/") == 200
    assert site.run("maintenance").stdout == "Maintenance is on.\n"
    site.run("manage", "shell", "-v0", "-c", "from core.tasks import send_emails; send_emails.enqueue()")
    status = "SELECT status FROM django_tasks_database_dbtaskresult WHERE task_path = 'core.tasks.send_emails'"
    time.sleep(1.5)  # The worker looks for tasks every second.
    assert site.rows(status) == [("READY",)]
    assert site.run("maintenance", "off").stdout == "Maintenance is off.\n"
    wait_for(lambda: site.rows(status) == [("SUCCESSFUL",)])
    assert running.request("POST", "/accounts/login/") == 403

    # The doctor sees it through HTTP.
    doctor = site.run("doctor", "--json", "--only", "proxies,clock,files")
    assert doctor.returncode == 0, doctor.stdout
    assert {finding["level"] for finding in json.loads(doctor.stdout)["findings"]} == {"ok"}

    # SIGTERM ends both, and says nothing.
    children = running.processes("")
    assert len(children) == 2
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=90) == 0
    assert [pid for pid in children if is_alive(str(pid))] == []
