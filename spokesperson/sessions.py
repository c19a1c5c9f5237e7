"""Django's sessions in the database, found by a statement that is composed and planned once.

Everything that a signed-in person does begins with it.
"""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from articles.models.prepared import Parameter, Prepared

_FOUND = Prepared(
    lambda: Session.objects.filter(
        session_key=Parameter("key", Session._meta.get_field("session_key")),
        expire_date__gt=Parameter("now", Session._meta.get_field("expire_date")),
    )
)


class SessionStore(DatabaseSessionStore):
    """`SESSION_ENGINE`: the same rows and the same contents as Django's own."""

    def _get_session_from_db(self) -> Session | None:
        found = _FOUND.all(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return None
        return found[0]
