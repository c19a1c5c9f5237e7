"""A puzzle that costs a browser about a second, so that programs that sign up in masses pay for each account.

As in ALTCHA: the browser searches the number whose hash, with a salt, it is given. Nothing is stored until it answers.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

from django.core import signing
from django.core.cache import cache

# Tries of the browser: half of them on average.
MAX_NUMBER = 60_000
TIMEOUT = 60 * 60
_SALT = "accounts.challenge"


def create_challenge() -> dict[str, str]:
    """Return what the browser needs, as attributes of the field for its answer (static/js/challenge.js)."""
    salt, number = secrets.token_hex(12), secrets.randbelow(MAX_NUMBER)
    hashed = _hash(salt, str(number))
    token = signing.dumps([salt, hashed], salt=_SALT)
    return {"data-token": token, "data-salt": salt, "data-hash": hashed, "data-max": str(MAX_NUMBER)}


def is_solved(answer: str) -> bool:
    """Return whether the answer, a token and a number, solves a challenge of ours for the first time."""
    token, _separator, number = answer.rpartition(" ")
    try:
        salt, hashed = signing.loads(token, salt=_SALT, max_age=TIMEOUT)
    except signing.BadSignature:
        return False
    return _hash(salt, number) == hashed and cache.add(f"challenge:{hashed}", 1, TIMEOUT)


def _hash(salt: str, number: str) -> str:
    return sha256(f"{salt}{number}".encode()).hexdigest()
