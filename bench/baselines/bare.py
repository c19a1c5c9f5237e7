"""Minimal Django: one URL, one view, no middleware, no database."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def view(request: HttpRequest) -> HttpResponse:
    """Return a constant response."""
    return HttpResponse("Hello")


urlpatterns = [path("", view)]
if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, MIDDLEWARE=[])
application = get_wsgi_application()
