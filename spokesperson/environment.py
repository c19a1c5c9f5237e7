"""Environment variables as settings; an invalid value is one sentence."""

from __future__ import annotations

import re
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1", "testserver"}


class Environment(environ.Env):  # type: ignore[misc]
    """Knows which variables the settings read (`names`). Every method raises `ImproperlyConfigured` with a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        self.names.add(var)
        return super().get_value(var, *args, **options)

    def number(self, name: str, default: int) -> int:
        """Return a whole number that is not negative."""
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
        """Return one of the choices."""
        text = str(self.str(name, default=default)).strip()
        for choice in choices:
            if choice.lower() == text.lower():
                return choice
        raise ImproperlyConfigured(f"{name} is {', '.join(choices[:-1])} or {choices[-1]}; it is {text!r}.")

    def origin(self, name: str) -> SplitResult:
        """Return the parts of the site's address; plain http is for this machine only."""
        text = str(self.str(name, default="")).rstrip("/")
        try:
            origin = urlsplit(text)
        except ValueError:
            origin = urlsplit("")
        if origin.scheme not in {"http", "https"} or not origin.hostname or origin.path or origin.query:
            raise ImproperlyConfigured(
                f"{name} must be the site's address without a path, such as https://news.example.org; "
                f"it is {text!r}. `make demo` sets it for you."
            )
        if origin.scheme == "http" and origin.hostname not in LOCAL_HOSTS:
            raise ImproperlyConfigured(
                f"{name} {text!r} is plain http on a public name. Use https, or 127.0.0.1 to try the site."
            )
        return origin

    def hosts(self, name: str) -> list[str]:
        """Return exact host names."""
        hosts: list[str] = self.list(name, default=[])
        if any("*" in host or host.startswith(".") for host in hosts):
            raise ImproperlyConfigured(f"{name} takes exact names; wildcards are refused.")
        return hosts

    def secret(self, name: str, *, file: str) -> str:
        """Return at least 50 characters, from the variable or, if it is not "", from this file."""
        secret = str(self.str(name, default=""))
        if file:
            try:
                secret = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error
        if len(secret) < 50:
            raise ImproperlyConfigured(
                f"{name} (or the file that {name}_FILE names) must hold at least 50 characters. Make one with:\n"
                '  python -c "import secrets; print(secrets.token_urlsafe(64))"'
            )
        return secret

    def time_zone(self, name: str, *, default: str) -> str:
        """Return the name of a time zone."""
        text = str(self.str(name, default=default))
        if text not in available_timezones():
            raise ImproperlyConfigured(f"{name} must be a name such as UTC or Asia/Yerevan; it is {text!r}.")
        return text

    def email_address(self, name: str, *, default: str) -> str:
        """Return an email address, with or without a name before it."""
        text = str(self.str(name, default=default))
        if not re.fullmatch(r"([^<>\n]+ <)?[^@\s<>]+@[^@\s<>]+(?(1)>)", text):
            raise ImproperlyConfigured(
                f"{name} must be an address, such as news@example.org or Our news <news@example.org>; it is {text!r}."
            )
        return text

    def require_package(self, package: str, setting: str, *, extra: str = "") -> None:
        """Raise if a package is missing that this setting needs; `extra` is the name of its lock, if it differs."""
        if find_spec(package) is None:
            raise ImproperlyConfigured(
                f"{setting} needs the package {package}: "
                f"pip install --require-hashes -r requirements-{extra or package}.txt"
            )
