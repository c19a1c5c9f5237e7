"""WSGI environment variables read as Django reads them, for WSGI middleware."""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

from django.conf import settings


def is_secure(environ: WSGIEnvironment) -> bool:
    """Return whether the request came over HTTPS, as `HttpRequest.is_secure()` does."""
    if settings.SECURE_PROXY_SSL_HEADER:
        header, expected = settings.SECURE_PROXY_SSL_HEADER
        if (value := environ.get(header)) is not None:
            return str(value).split(",", 1)[0].strip() == expected
    return bool(environ["wsgi.url_scheme"] == "https")
