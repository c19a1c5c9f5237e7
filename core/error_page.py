"""The page for failures of the site, from which a form can be sent again."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def error_page(request: HttpRequest, status: int, *, title: str = "", sentence: str = "") -> HttpResponse:
    """Return the page 500.html, made without the database. It holds what the user typed, except passwords and files.

    Args:
        title, sentence: in place of those about an unknown error.
    """
    fields: list[tuple[str, str]] = []
    has_files = False
    with suppress(OSError):  # The client has gone.
        if not any("password" in name for name in request.POST):
            fields = [(name, value) for name, values in request.POST.lists() for value in values]
        has_files = bool(request.FILES)
    context = {
        "status": status,
        "title": title,
        "sentence": sentence,
        "fields": fields,
        "has_files": has_files,
        "url": request.get_full_path(),
    }
    return render(request, "500.html", context, status=status)
