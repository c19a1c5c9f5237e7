"""The versions of an article for its author: compare any two, restore one."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from articles.diff import diff_bodies, diff_fields
from articles.models import Article, Checkpoint, Revision
from articles.selectors import own_article
from articles.services import drafts
from articles.views.author import login_required, signed_in_user
from core.exceptions import ActionNotAllowed

# Of each kind. There are checkpoints of 30 days at most.
MAX_LISTED = 200


class VersionsView(LoginRequiredMixin, TemplateView):
    """All versions, the newest first; with two of them in the address, also what differs."""

    template_name = "articles/my/versions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        article = own_article(signed_in_user(self.request), self.kwargs["pk"], or_as_coauthor=True)
        chosen = [self._version(name) for name in ("from", "to")]
        if compared := None not in chosen:
            old, new = sorted((_find(article, version or 0) for version in chosen), key=lambda one: one.version)
            kwargs |= {
                "old": old,
                "new": new,
                "changed_fields": diff_fields(old, new),
                "changed_paragraphs": diff_bodies(old.body, new.body),
            }
        rows = list(chain(*(rows.order_by("-version").defer("body")[:MAX_LISTED] for rows in _versions(article))))
        return super().get_context_data(
            article=article,
            versions=sorted(rows, key=lambda row: row.version, reverse=True),
            compared=compared,
            here="my_articles",
            **kwargs,
        )

    def _version(self, name: str) -> int | None:
        value = self.request.GET.get(name, "")
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def _versions(article: Article) -> tuple[Any, Any]:
    revisions = Revision.objects.filter(article=article).select_related("section", "image")
    return revisions, Checkpoint.objects.filter(article=article).select_related("section", "image")


def _find(article: Article, version: int) -> Revision | Checkpoint:
    for rows in _versions(article):
        if found := rows.filter(version=version).first():
            return found  # type: ignore[no-any-return]
    raise Http404


@require_POST
@login_required
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an earlier version the draft again."""
    user = signed_in_user(request)
    article = own_article(user, pk, or_as_coauthor=True)
    value = request.POST.get("version", "")
    version = int(value) if value.isdecimal() and len(value) < 10 else 0
    try:
        drafts.restore_version(article=article, version=version, editor=user)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_article_versions", pk=pk)
    messages.success(request, _("Restored. The text that it replaced is in the list of versions."))
    return redirect("my_article_edit", pk=pk)
