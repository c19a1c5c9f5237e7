"""Answer requests under cProfile: `python -m bench.profile_target module:application < requests.json`.

The requests are a JSON list; the first `WARM_UP` are not measured.
"""

from __future__ import annotations

import cProfile
import io
import json
import pstats
import sys
import time
from importlib import import_module
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults

FUNCTIONS = 25
WARM_UP = 20


def main() -> None:
    """Print the functions with the most cumulative and the most own time."""
    module, _, name = sys.argv[1].partition(":")
    application: WSGIApplication = getattr(import_module(module), name)
    requests: list[dict[str, str]] = json.load(sys.stdin)
    for request in requests[:WARM_UP]:
        _answer(application, request)
    # CPU time, without other processes and waiting for the database.
    profiler = cProfile.Profile(time.thread_time)
    cpu, wall = time.process_time(), time.perf_counter()
    profiler.enable()
    for request in requests[WARM_UP:]:
        _answer(application, request)
    profiler.disable()
    count = len(requests) - WARM_UP
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{count} requests; {cpu / count * 1000:.2f} ms CPU and {wall / count * 1000:.2f} ms each, being profiled.")
    for order in ("cumulative", "tottime"):
        text = io.StringIO()
        pstats.Stats(profiler, stream=text).strip_dirs().sort_stats(order).print_stats(FUNCTIONS)
        print(text.getvalue().strip())


def _answer(application: WSGIApplication, request: dict[str, str]) -> None:
    path, _, query = request["path"].partition("?")
    body = request.get("body", "").encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.get("method", "GET"),
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1",
        **{name: value for name, value in request.items() if name.startswith(("HTTP_", "CONTENT_"))},
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(environ)
    answers: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        answers.append(status)

    chunks = application(environ, start_response)
    for _ in chunks:
        pass
    if close := getattr(chunks, "close", None):
        close()
    assert answers[0][:1] in "23", f"{request['path']} was answered with {answers[0]}"


if __name__ == "__main__":
    main()
