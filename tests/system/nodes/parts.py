"""The parts of the site: nodes with a web server and a worker, an S3 server, and nginx in front."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench import nginx
from bench.processes import tree
from bench.servers import Server
from bench.system import ROOT
from spokesperson.operations.serve import end_with_parent
from tests.system.nodes.network import Machine
from tests.system.replicas.servers import wait_until

PORT = 8000
START_TIMEOUT = 60


class Process:
    """A program on a machine, with the processes that it starts."""

    def __init__(self, machine: Machine, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.machine, self.env, self.log = machine, env, log
        self._command = machine.command(*command)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - commands of ours
                self._command,
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509
            )
        wait_until(self.answers, seconds=START_TIMEOUT, what=f"{self._command} answers")

    def answers(self) -> bool:
        return bool(_status(f"http://{self.machine.address}:{PORT}/"))

    def kill(self) -> None:
        """Kill it with everything that it started."""
        for pid in tree(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Node(Process):
    """`spokesperson serve` on a machine: a web server and a task worker."""

    def __init__(self, machine: Machine, env: Mapping[str, str], folder: Path) -> None:
        command = [sys.executable, "-m", "spokesperson", "serve", "--host", machine.address, "--workers", "1"]
        folder.mkdir()
        super().__init__(machine, command, {**env, "DATA_DIR": str(folder)}, folder / "log")

    def answers(self) -> bool:
        return _status(f"http://{self.machine.address}:{PORT}/ready/") == 200

    def health(self) -> dict[str, Any]:
        """Return what `/health/` says; nothing if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{self.machine.address}:{PORT}/health/", timeout=5) as answer:
                return dict(json.load(answer))
        except OSError:
            return {}

    def kill_worker(self) -> None:
        """Kill the task worker; the supervisor starts another."""
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in tree(self.process.pid)}
        [worker] = [pid for pid, command in commands.items() if b"serve\0worker" in command]
        os.kill(worker, signal.SIGKILL)


def s3_server(machine: Machine, env: Mapping[str, str], log: Path) -> Process:
    """Return moto's server; what it stores is gone when it ends."""
    return Process(machine, [sys.executable, "-m", "moto.server", "-H", machine.address, "-p", str(PORT)], env, log)


def front(folder: Path, nodes: list[Machine], *, port: int, static: Path) -> Server:
    """Return nginx with deploy/nginx.conf, changed as docs/scaling.md says for several nodes with images in S3."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text = nginx.adapt_config(text, folder=folder, port=port, site_port=PORT, data=static.parent)
    servers = "\n".join(f"    server {node.address}:{PORT} max_fails=1 fail_timeout=5s;" for node in nodes)
    for theirs, mine in ((f" *server 127.0.0.1:{PORT};", servers), (r"    location /media/ \{.*?\n    \}\n", "")):
        text, count = re.subn(theirs, mine, text, flags=re.DOTALL)
        assert count == 1, theirs
    return nginx.server("nginx", text, folder, port)


def _status(url: str) -> int:
    """Return the status of an answer, 0 without one."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a server of the test
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
