"""The page on which an author imports a draft from a file."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View

from articles.import_form import ImportForm, lost_sentences
from articles.views.author import signed_in_user
from core.ratelimit import RateLimited, check_rate_limit

# Each can take the time of the server for many images.
MAX_IMPORTS_PER_HOUR = 20


class ImportView(LoginRequiredMixin, View):
    """The form for a file; a POST makes a draft of it and opens it in the editor."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _render(request, ImportForm(author=signed_in_user(request)))

    def post(self, request: HttpRequest) -> HttpResponse:
        user = signed_in_user(request)
        try:
            check_rate_limit(request, "import", limit=MAX_IMPORTS_PER_HOUR, seconds=3600)
        except RateLimited as error:
            form = ImportForm(request.POST, author=user)
            form.errors.clear()
            form.add_error("file", _("You have imported too many files in a short time. Try again later."))
            return _render(request, form, retry_after=error.retry_after)
        form = ImportForm(request.POST, request.FILES, author=user)
        draft = form.store()
        if draft is None:
            return _render(request, form)
        if draft.is_new:
            messages.success(request, _("The file is a draft now. Check it before you submit it."))
            for sentence in lost_sentences(draft.lost):
                messages.warning(request, sentence)
        else:
            messages.info(request, _("You have imported this file already. This is its draft."))
        return redirect("my_article_edit", pk=draft.article.pk)


def _render(request: HttpRequest, form: ImportForm, *, retry_after: int = 0) -> HttpResponse:
    context = {"form": form, "here": "write"}
    response = render(request, "articles/my/import.html", context, status=429 if retry_after else 200)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response
