"""Run our programs that read what strangers sent, in processes of their own without the environment of the server."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

# One at a time in a server process, because each can take its `MAX_MEMORY`.
_running = threading.Lock()


def run(program: Path, argument: str, data: bytes, *, timeout: float) -> tuple[dict[str, Any], bytes]:
    """Give data to the standard input of a program and return its answer: a line of JSON, and the bytes after it.

    Returns:
        nothing of a program that was ended at one of its limits.
    """
    command = [sys.executable, "-I", str(program), argument]
    with _running, suppress(subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=data, capture_output=True, timeout=timeout, env={"MALLOC_ARENA_MAX": "2"}, check=False
        )
        head, _newline, rest = done.stdout.partition(b"\n")
        if head and not done.returncode:
            answer: dict[str, Any] = json.loads(head)
            return answer, rest
    return {}, b""
