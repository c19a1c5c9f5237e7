"""A database connection that stays, beside those of requests, and gives up in time."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from django.db import DatabaseError, InterfaceError, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class OwnConnection:
    """One connection outside the pool, so that slow pages and beacons never wait for each other's.

    Not for two threads at once.

    Args:
        patience: seconds that a statement, its wait for locks included, or connecting may take.
    """

    def __init__(self, *, patience: float) -> None:
        self.patience = patience
        self._wrapper: BaseDatabaseWrapper | None = None

    def run[Result](self, job: Callable[[BaseDatabaseWrapper], Result]) -> Result:
        """Do `job` with the connection. It must bear being done twice: where the connection turns out to have broken
        since it was last used, that happens on a new one.

        Raises:
            DatabaseError, InterfaceError: the database is down, too slow, or refuses.
        """
        using = self._wrapper = self._wrapper or _own(self.patience)
        is_old = using.connection is not None
        try:
            return job(using)
        except (DatabaseError, InterfaceError):
            using.close_if_unusable_or_obsolete()
            if not is_old or using.connection is not None:
                raise
        return job(using)

    def close(self) -> None:
        """Give the connection back; the next job opens another."""
        if self._wrapper is not None:
            self._wrapper.close()


def _own(patience: float) -> BaseDatabaseWrapper:
    using = connections["default"].copy()
    options = using.settings_dict["OPTIONS"]
    if using.vendor == "postgresql":
        options.pop("pool", None)
        # The same few statements all day: planned once.
        options["server_side_binding"] = True
        options["prepare_threshold"] = 1
        options["connect_timeout"] = max(2, ceil(patience))  # libpq takes no less
        # A server that has gone without a word.
        options["tcp_user_timeout"] = int(patience * 1000)
        # A plan that goes through a whole table, made while it was empty, would be kept while a crowd fills it.
        more = f"-c statement_timeout={int(patience * 1000)} -c enable_seqscan=off -c jit=off"
        options["options"] = f"{options.get('options', '')} {more}".strip()
    else:
        options["timeout"] = patience
    # Whoever leads a batch uses it, one after the other (group_commit.py).
    using.inc_thread_sharing()
    return using
