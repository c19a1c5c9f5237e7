"""Middleware that applies to every response."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from core import maintenance
from core.http_cache import is_anonymous
from spokesperson.views import page_not_found, refuse

# The list of all static files, which WhiteNoise would serve.
HIDDEN_PATHS = (f"{settings.STATIC_URL}staticfiles.json",)
READING_METHODS = {"GET", "HEAD", "OPTIONS"}

GetResponse = Callable[[HttpRequest], HttpResponse]


def default_headers(get_response: GetResponse) -> GetResponse:
    """Set headers that Django has no setting for; a response that no view declared public is private, never stored."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        if "Cache-Control" not in response.headers:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


def refuse_malformed_requests(get_response: GetResponse) -> GetResponse:
    """Refuse null bytes and text that is not UTF-8 in URLs, and bodies that are too large."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(HIDDEN_PATHS):
            return page_not_found(request, Http404())
        query = request.META.get("QUERY_STRING", "")
        # Django decodes bytes that are not UTF-8 as replacement characters.
        if "\x00" in request.path_info or "\ufffd" in request.path_info or "%00" in query:
            return refuse(request, 400, _("The address contains characters that are not allowed."))
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return refuse(request, 400, _("The request is not valid."))
        is_upload = (request.content_type == "multipart/form-data") and not is_anonymous(request)
        if length > (settings.MAX_UPLOAD_BODY_BYTES if is_upload else settings.MAX_BODY_BYTES):
            return refuse(request, 413, _("The request is too large. Images can be up to 10 MB."))
        return get_response(request)

    return middleware


def refuse_writes_in_maintenance(get_response: GetResponse) -> GetResponse:
    """During maintenance, answer every request that can write with 503; texts can be sent again from that page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in READING_METHODS or not maintenance.is_on():
            return get_response(request)
        sentence = _("The site is read-only during maintenance. Nothing was saved: send it again in a few minutes.")
        # A form with a key is accepted once, however often it is sent. Files have to be chosen again.
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
        has_key = "form_key" in request.POST
        response = refuse(request, 503, sentence, title=_("Read-only"), fields=fields if has_key else [])
        response["Retry-After"] = str(maintenance.RETRY_AFTER)
        return response

    return middleware


def language_from_path(get_response: GetResponse) -> GetResponse:
    """Choose the language by the URL alone, so that a page is the same for all visitors."""

    def middleware(request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response

    return middleware
