"""Who is signed in: allauth's log-in, with the person of a session found by a statement that is composed once."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User
from articles.models.prepared import Parameter, Prepared

_PERSON = Prepared(lambda: User.objects.filter(pk=Parameter("pk", User._meta.pk)))


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """allauth's own in everything but how it finds the person of each request."""

    def get_user(self, user_id: Any) -> User | None:
        found = _PERSON.all(pk=user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None
