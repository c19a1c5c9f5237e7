"""An OpenID Connect provider in a process of its own: `python -m tests.accounts.oidc_provider <callback URL>`.

It is allauth's. It prints its address, and answers everyone as the user whose name was last asked for at `/as/<name>/`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings

CLIENT_ID, SECRET = "the-site", "a secret of the site"
# Name → whether the provider has confirmed the address `<name>@example.org`.
USERS = {"anna": True, "boris": True, "vera": False, "editor": True}


@contextmanager
def running_provider(callback_url: str) -> Iterator[str]:
    """Run the provider, and return its address."""
    command = [sys.executable, "-m", "tests.accounts.oidc_provider", callback_url]
    folder = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def be(provider: str, name: str) -> None:
    """Have the provider answer as another user."""
    urlopen(f"{provider}/as/{name}/").close()  # noqa: S310 - our own server


def configure() -> None:
    """Set up Django with an empty database in memory."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    settings.configure(
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:provider?mode=memory&cache=shared"}
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            *("django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages"),
            *("django.contrib.sessions", "allauth", "allauth.account", "allauth.idp.oidc"),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "tests.accounts.oidc_provider.log_everyone_in",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        IDP_OIDC_PRIVATE_KEY=pem,
        LOGGING_CONFIG=None,
    )


current = {"username": "anna"}


def log_everyone_in(get_response: Any) -> Any:
    """Middleware: every visitor is the current user."""
    from django.contrib.auth import get_user_model

    def middleware(request: Any) -> Any:
        request.user = get_user_model().objects.get(**current)
        return get_response(request)

    return middleware


def serve(callback_url: str) -> None:
    """Create the users and the client, and answer requests until the process ends."""
    configure()
    import django
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.urls import include, path

    django.setup()
    from allauth.account.models import EmailAddress
    from allauth.idp.oidc.models import Client
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.handlers.wsgi import WSGIHandler

    def become(request: Any, name: str) -> HttpResponse:
        current["username"] = name
        return HttpResponse()

    class Urls:
        urlpatterns = (
            path("", include("allauth.idp.urls")),
            path("accounts/", include("allauth.urls")),
            path("as/<str:name>/", become),
        )

    settings.ROOT_URLCONF = Urls
    call_command("migrate", verbosity=0)
    for name, is_verified in USERS.items():
        user = User.objects.create(username=name, email=f"{name}@example.org", first_name=name.title())
        EmailAddress.objects.create(user=user, email=user.email, verified=is_verified, primary=True)
    Client.objects.create(
        id=CLIENT_ID,
        name="The site",
        secret=make_password(SECRET),
        scopes="openid\nprofile\nemail",
        redirect_uris=callback_url,
        skip_consent=True,
    )

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Quiet(WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    with make_server("127.0.0.1", 0, WSGIHandler(), Server, Quiet) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    # Not this copy, so that the middleware, which is found by its name, has the same user.
    import_module("tests.accounts.oidc_provider").serve(sys.argv[1])
