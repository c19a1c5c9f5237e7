"""Environment variables as settings; an invalid value is one sentence."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):  # type: ignore[misc]
    """Knows which variables the settings read (`names`)."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        self.names.add(var)
        return super().get_value(var, *args, **options)

    def number(self, name: str, default: int) -> int:
        """Return a whole number that is not negative.

        Raises:
            ImproperlyConfigured: it is something else.
        """
        text = self.str(name, default=str(default)).strip()
        if not text.isascii() or not text.isdecimal() or len(text) > 12:
            raise ImproperlyConfigured(f"{name} must be a whole number, such as {default}; it is {text!r}.")
        return int(text)

    def host_and_port(self, name: str) -> tuple[str, int] | None:
        """Return an IP address and a port, such as 127.0.0.1:9100 or [::1]:9100; None if the variable is not set.

        Raises:
            ImproperlyConfigured: it is something else.
        """
        text = self.str(name, default="").strip()
        if not text:
            return None
        host, _colon, port = text.rpartition(":")
        try:
            address = ip_address(host.removeprefix("[").removesuffix("]"))
            if not 0 < int(port) < 65535:
                raise ValueError
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} must be an IP address and a port, such as 127.0.0.1:9100; it is {text!r}."
            ) from error
        return str(address), int(port)

    def one_of(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return one of the choices.

        Raises:
            ImproperlyConfigured: it is something else.
        """
        text = str(self.str(name, default=default)).strip()
        for choice in choices:
            if choice.lower() == text.lower():
                return choice
        raise ImproperlyConfigured(f"{name} is {', '.join(choices[:-1])} or {choices[-1]}; it is {text!r}.")
