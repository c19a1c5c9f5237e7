"""What holds for every answer, whichever view gave it."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from spokesperson.views import refuse

GetResponse = Callable[[HttpRequest], HttpResponse]


class SecurityHeadersMiddleware:
    """Headers that Django has no setting for, on every answer (SECURITY.md, 9)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        return response


class CleanInputMiddleware:
    """Refuses what no form of ours sends: null bytes, text that is not UTF-8, and bodies beyond all limits."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # PATH_INFO arrives as latin-1; a replacement character means that the bytes were not UTF-8.
        if (
            "\x00" in request.path_info
            or "\ufffd" in request.path_info
            or "%00" in request.META.get("QUERY_STRING", "")
        ):
            return refuse(request, 400, _("The address contains characters that are not allowed."))
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return refuse(request, 400, _("The request is not valid."))
        if length > settings.MAX_BODY_BYTES:
            return refuse(request, 413, _("The request is too large. Images can be up to 10 MB."))
        return self.get_response(request)


class LanguageFromPathMiddleware:
    """The language of the interface is in the address alone, so that a page is the same for everyone who opens it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class PrivateByDefaultMiddleware:
    """What no view declared public is private and never stored (SECURITY.md, 15)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response.headers:
            patch_cache_control(response, private=True, no_store=True)
        return response
