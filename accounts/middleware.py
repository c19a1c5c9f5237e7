"""Middleware that fits allauth's pages to the site."""

import logging
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.contrib.sites.requests import RequestSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import activate, get_language
from requests import RequestException

from accounts.providers import URL_PREFIX, is_active

# The key of the session for the language of a log-in at a provider, whose URLs have none.
LANGUAGE = "login_language"
# What providers that are away, or answers that are no provider's, cause in allauth.
PROVIDER_ERRORS = (RequestException, AttributeError, KeyError, TypeError, ValueError)

logger = logging.getLogger(__name__)


class AccountPagesMiddleware:
    """Replace two things that `AccountMiddleware` does, and guard the URLs of providers; list it after that one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(f"/{URL_PREFIX}"):
            response.headers["Content-Language"] = get_language() or settings.LANGUAGE_CODE
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        """Answer 404 for providers that are not switched on, others in the language of the log-in page.

        Also for log-ins with a token that another program got, which the site does not use.
        """
        if not request.path_info.startswith(f"/{URL_PREFIX}"):
            return None
        name = request.path_info.split("/")[2]
        if request.path_info.endswith("/token/") or not is_active(name, kwargs.get("provider_id")):
            return render(request, "404.html", status=404)
        if (language := request.POST.get("language")) in dict(settings.LANGUAGES):
            request.session[LANGUAGE] = language
        activate(request.session.get(LANGUAGE, settings.LANGUAGE_CODE))
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Ask for the password and then show the page again, or ask strangers to log in; a provider can be away.

        allauth stores the request in the session to repeat it: of strangers too, with all its headers.
        """
        if request.path_info.startswith(f"/{URL_PREFIX}") and isinstance(exception, PROVIDER_ERRORS):
            logger.warning("A provider of accounts does not answer as it should.", exc_info=exception)
            return render(request, "socialaccount/authentication_error.html", status=502)
        if not isinstance(exception, ReauthenticationRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        return redirect_to_login(request.get_full_path(), methods[0]["url"] if methods else settings.LOGIN_URL)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        """Remove allauth's `site`, made from the Host header, so that templates get that of the context processor."""
        if response.context_data and isinstance(response.context_data.get("site"), RequestSite):
            del response.context_data["site"]
        return response
