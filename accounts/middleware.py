"""Middleware that fits allauth's pages to the site."""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.contrib.sites.requests import RequestSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


class AccountPagesMiddleware:
    """Replace two things that `AccountMiddleware` does; list it after that one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Ask for the password and then show the page again, or ask strangers to log in.

        allauth stores the request in the session to repeat it: of strangers too, with all its headers.
        """
        if not isinstance(exception, ReauthenticationRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        return redirect_to_login(request.get_full_path(), methods[0]["url"] if methods else settings.LOGIN_URL)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        """Remove allauth's `site`, made from the Host header, so that templates get that of the context processor."""
        if response.context_data and isinstance(response.context_data.get("site"), RequestSite):
            del response.context_data["site"]
        return response
