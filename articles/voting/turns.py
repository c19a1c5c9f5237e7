"""Voters take turns before their request begins to cost: in the end they wait for the article's row one by one.

Waiting there instead, each would hold a database connection, and those who wait disturb the one whose turn it is. Two
at once in a process keep the database busy while one of them works in Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import BoundedSemaphore

from django.http import HttpRequest, HttpResponse

AT_ONCE = 2
# Whoever has waited so long goes on all the same: a vote that hangs is no reason to refuse all others.
PATIENCE_SECONDS = 5
_VOTE = re.compile(r"/articles/[0-9]+/vote/$")


class VotersTakeTurnsMiddleware:
    """Let few votes in at once; every other request passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.turns = BoundedSemaphore(AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not _VOTE.search(request.path_info):
            return self.get_response(request)
        has_turn = self.turns.acquire(timeout=PATIENCE_SECONDS)
        try:
            return self.get_response(request)
        finally:
            if has_turn:
                self.turns.release()
