"""Environment variables that name databases, caches, mail servers, object storage and payment providers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from core.database import SQLITE_OPTIONS, postgresql_options
from core.s3 import Bucket, is_s3
from spokesperson.environment import Environment

POSTGRESQL, SQLITE = "django.db.backends.postgresql", "django.db.backends.sqlite3"
environ.Env.EMAIL_SCHEMES["consolemail"] = "core.console_mail.EmailBackend"


class Connections(Environment):
    """Reads URLs as Django's settings. Every method raises `ImproperlyConfigured` with a sentence."""

    def databases(self, name: str, *, sqlite: Path) -> dict[str, dict[str, Any]]:
        """Return the settings of a PostgreSQL database and its replicas, or of SQLite, by default of this file."""
        database = self.database(name, sqlite=sqlite)
        if database["ENGINE"] == SQLITE:
            # Before Django's checks query the database. Only the owner can read the folder.
            try:
                sqlite.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise ImproperlyConfigured(f"DATA_DIR cannot be made: {error}") from error
        databases = {"default": database}
        # For web processes (spokesperson.wsgi) alone: commands and the worker need sessions of their own.
        pgbouncer = self.pgbouncer("PGBOUNCER_URL", to=database)
        through_pgbouncer = pgbouncer is not None and os.environ.get("SPOKESPERSON_PROCESS") == "web"
        if pgbouncer is not None and through_pgbouncer:
            databases["default"] = {**pgbouncer, "DISABLE_SERVER_SIDE_CURSORS": True}
        for number, replica in enumerate(self.replicas("REPLICA_URLS", of=database), start=1):
            databases[f"replica{number}"] = replica
        limits = {
            "pool_size": self.number("DATABASE_POOL_SIZE", default=8),
            "statement_timeout": self.number("STATEMENT_TIMEOUT", default=30),
        }
        for alias, one in databases.items():
            if one["ENGINE"] == SQLITE:
                one["OPTIONS"] = SQLITE_OPTIONS
            else:
                one["OPTIONS"] = postgresql_options(**limits, alias=alias, through_pgbouncer=through_pgbouncer)
        return databases

    def database(self, name: str, *, sqlite: Path) -> dict[str, Any]:
        """Return the settings of a PostgreSQL or SQLite database, by default of this SQLite file.

        The file is no URL, because the name of a folder can contain characters that are special in URLs.
        """
        url = self.str(name, default="")
        try:
            database: dict[str, Any] = self.db_url_config(url) if url else {"ENGINE": "sqlite3", "NAME": sqlite}
        except (ValueError, KeyError) as error:
            raise ImproperlyConfigured(
                f"{name} must look like postgres://user:password@host:5432/name, with special characters of the "
                "password percent-encoded."
            ) from error
        engine = database["ENGINE"].rpartition(".")[2]
        if engine not in {"postgresql", "sqlite3"}:
            raise ImproperlyConfigured(f"{name} must begin with sqlite:// or postgres://.")
        return {**database, "ENGINE": f"django.db.backends.{engine}"}

    def replicas(self, name: str, *, of: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the settings of PostgreSQL databases; their URLs are separated by commas."""
        return [self._other_way(name, url, to=of) for url in self.list(name, default=[])]

    def pgbouncer(self, name: str, *, to: dict[str, Any]) -> dict[str, Any] | None:
        """Return the settings of a database that is reached through PgBouncer."""
        url = self.str(name, default="")
        return self._other_way(name, url, to=to) if url else None

    def _other_way(self, name: str, url: str, *, to: dict[str, Any]) -> dict[str, Any]:
        try:
            database: dict[str, Any] = self.db_url_config(url)
        except (ValueError, KeyError):
            database = {"ENGINE": url}
        if not database["ENGINE"] == to["ENGINE"] == POSTGRESQL:
            raise ImproperlyConfigured(
                f"{name} takes URLs such as postgres://user:password@host:5432/name, separated by commas if there are "
                "several replicas, beside a DATABASE_URL of PostgreSQL."
            )
        return database

    def shared_cache(self, name: str, *, sqlite: Path, is_public: bool) -> dict[str, Any]:
        """Return the settings of a cache that all processes share, by default of this SQLite file."""
        url = self.str(name, default="")
        if not url:
            return {"BACKEND": "core.cache.FailoverSQLiteCache", "LOCATION": sqlite}
        if is_public and url.startswith(("locmem", "dummy")):
            raise ImproperlyConfigured(
                f"{name} must be a cache that all processes share, such as redis://localhost:6379/0."
            )
        cache: dict[str, Any] = self.cache_url_config(url)
        if cache["BACKEND"].endswith("RedisCache"):
            self.require_package("redis", f"{name}=redis://...")
            cache["BACKEND"] = "core.cache.FailoverRedisCache"
            cache.setdefault("OPTIONS", {}).update(socket_connect_timeout=1, socket_timeout=1)
        return cache

    def mailer(self, name: str, *, timeout: int) -> dict[str, Any]:
        """Return the settings of the mail server. Without one, emails are printed to the console."""
        url = self.str(name, default="consolemail://")
        try:
            values = self.email_url_config(url)
        except (ValueError, ImproperlyConfigured):
            values = {}
        if not values or url.startswith("smtps:"):
            raise ImproperlyConfigured(
                f"{name} must begin with smtp+tls:// (STARTTLS, usually port 587), smtp+ssl:// (TLS, usually port 465) "
                "or smtp:// (not encrypted), such as smtp+tls://user:password@mail.example.org:587."
            )
        options: dict[str, Any] = {}
        if values["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
            options = {
                "host": values["EMAIL_HOST"],
                "port": values["EMAIL_PORT"],
                "username": values["EMAIL_HOST_USER"],
                "password": values["EMAIL_HOST_PASSWORD"],
                "use_tls": "EMAIL_USE_TLS" in values,
                "use_ssl": "EMAIL_USE_SSL" in values,
                "timeout": timeout,
            }
        elif values["EMAIL_BACKEND"].endswith("filebased.EmailBackend"):
            options = {"file_path": "/" + values["EMAIL_FILE_PATH"].lstrip("/")}
        return {"BACKEND": values["EMAIL_BACKEND"], "OPTIONS": options}

    def bucket(self, name: str) -> str:
        """Return the URL of object storage, or "" if there is none."""
        url = str(self.str(name, default=""))
        if url:
            try:
                Bucket(url)
            except ValueError as error:
                raise ImproperlyConfigured(f"{name} {error}.") from error
        return url

    def folder_or_bucket(self, name: str) -> str:
        """Return the path of a folder or the URL of object storage, or "" if there is none."""
        place = str(self.str(name, default=""))
        if is_s3(place):
            return self.bucket(name)
        if place and not place.startswith("/"):
            raise ImproperlyConfigured(
                f"{name} must be a folder that begins with / or a bucket (s3://); it is {place!r}."
            )
        return place

    def media_url(self, name: str) -> str:
        """Return where images are: /media/, or the address of a host for them."""
        url = str(self.str(name, default="/media/"))
        if url != "/media/" and not re.fullmatch(r"https://[\w.-]+(:\d+)?/([\w.-]+/)*", url):
            raise ImproperlyConfigured(
                f"{name} must be /media/ or the address of a host for images, such as https://media.example.org/; "
                f"it is {url!r}."
            )
        return url

    def retention(self, name: str, *, default: str) -> tuple[int, ...]:
        """Return how many daily, weekly and monthly backups are stored."""
        text = str(self.str(name, default=default))
        if not re.fullmatch(r"\d{1,4},\d{1,4},\d{1,4}", text, re.ASCII):
            raise ImproperlyConfigured(
                f"{name} must be numbers of days, weeks and months, such as {default}; it is {text!r}."
            )
        return tuple(map(int, text.split(",")))

    def payment_variants(self, provider: str, *, is_public: bool) -> dict[str, tuple[str, dict[str, str]]]:
        """Return the providers: this one, and "manual", so that earlier transfers can be refunded."""
        variants: dict[str, tuple[str, dict[str, str]]] = {"manual": ("payments.core.BasicProvider", {})}
        key, secret = self.str("STRIPE_KEY", default=""), self.str("STRIPE_ENDPOINT_SECRET", default="")
        if provider == "dummy":
            if is_public:
                raise ImproperlyConfigured(
                    "PAYMENTS=dummy only pretends to take money: it is refused with an https ORIGIN."
                )
            variants["dummy"] = ("articles.promotion.payments.DummyProvider", {})
        elif provider == "stripe":
            if not key.startswith(("sk_", "rk_")) or not secret.startswith("whsec_"):
                raise ImproperlyConfigured(
                    "PAYMENTS=stripe needs STRIPE_KEY (it begins with sk_ or rk_) and STRIPE_ENDPOINT_SECRET "
                    "(whsec_...)."
                )
            self.require_package("stripe", "PAYMENTS=stripe")
            variants["stripe"] = (
                "articles.promotion.payments.stripe_checkout.StripeProvider",
                {"api_key": key, "endpoint_secret": secret},
            )
        return variants
