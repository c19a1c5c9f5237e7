"""The WSGI environment: read as Django reads it, and without the environment variables of the process."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings

# What servers set for each request, also if the process has a variable of this name.
_CGI_NAMES = {
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH"),
    *("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR"),
}
# The key of the environment of the request for which a page is rendered for all visitors.
VISITOR = "spokesperson.visitor"


class WithoutProcessEnvironment:
    """A WSGI application around another one: removes the environment variables of the process from `environ`.

    Some servers, such as granian, copy them into it. They contain passwords, and `environ` is shown in debug pages and
    stored by libraries.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.names = os.environ.keys() - _CGI_NAMES

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for name in self.names:
            environ.pop(name, None)
        return self.app(environ, start_response)


def is_secure(environ: WSGIEnvironment) -> bool:
    """Return whether the request came over HTTPS, as `HttpRequest.is_secure()` does."""
    if settings.SECURE_PROXY_SSL_HEADER:
        header, expected = settings.SECURE_PROXY_SSL_HEADER
        if (value := environ.get(header)) is not None:
            return str(value).split(",", 1)[0].strip() == expected
    return bool(environ["wsgi.url_scheme"] == "https")
