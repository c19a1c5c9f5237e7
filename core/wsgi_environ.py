"""What a WSGI environment says, read as Django reads it, for what answers around Django."""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

from django.conf import settings


def is_secure(environ: WSGIEnvironment) -> bool:
    """Whether the reader came by https, as Django reads it (`HttpRequest.scheme`)."""
    if settings.SECURE_PROXY_SSL_HEADER:
        header, expected = settings.SECURE_PROXY_SSL_HEADER
        if (said := environ.get(header)) is not None:
            return str(said).split(",", 1)[0].strip() == expected
    return bool(environ["wsgi.url_scheme"] == "https")
