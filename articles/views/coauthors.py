"""The co-authors of an article: the page on which its author invites users, and the answers to an invitation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django.views.generic import View

from articles.models import CoAuthor
from articles.selectors import own_article
from articles.services import coauthors
from articles.services.coauthors import MAX_COAUTHORS
from articles.views.author import login_required, signed_in_user
from core.exceptions import ActionNotAllowed
from core.ratelimit import RateLimited, check_rate_limit

MAX_INVITATIONS_PER_HOUR = 20


class InvitationForm(forms.Form):
    """The username of a user to invite."""

    username = forms.CharField(
        label=gettext_lazy("Username"),
        max_length=31,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("It is below the name on the page of an author."),
    )

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).removeprefix("@")


class CoAuthorsView(View):
    """The co-authors of an article. Its author invites users with a POST; a co-author can only read the list."""

    def dispatch(self, request: HttpRequest, *args: Any, pk: int) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("my_article_coauthors", args=[pk]))
        # Only the author invites.
        self.article = own_article(request.user, pk, or_as_coauthor=request.method != "POST")
        return super().dispatch(request, *args)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._render(InvitationForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST)
        if not form.is_valid():
            return self._render(form)
        try:
            check_rate_limit(request, "invite-coauthor", limit=MAX_INVITATIONS_PER_HOUR, seconds=3600)
            row = coauthors.invite(article=self.article, username=form.cleaned_data["username"])
        except RateLimited as error:
            form.add_error(None, _("You have invited too many users in a short time. Try again later."))
            return self._render(form, retry_after=error.retry_after)
        except ActionNotAllowed as error:
            form.add_error(error.field, str(error))
            return self._render(form)
        messages.success(request, _("%(name)s is invited and gets an email.") % {"name": row.user.name})
        return redirect("my_article_coauthors", pk=self.article.pk)

    def _render(self, form: InvitationForm, *, retry_after: int = 0) -> HttpResponse:
        user = signed_in_user(self.request)
        rows = list(CoAuthor.objects.filter(article=self.article).select_related("user").order_by("pk"))
        context = {
            "article": self.article,
            "is_author": self.article.author_id == user.pk,
            "rows": rows,
            "form": form,
            "full_sentence": coauthors.full_sentence(),
            "is_full": sum(row.declined_at is None for row in rows) >= MAX_COAUTHORS,
            "here": "my_articles",
        }
        status = 429 if retry_after else 200
        response = render(self.request, "articles/my/coauthors.html", context, status=status)
        if retry_after:
            response["Retry-After"] = str(retry_after)
        return response


@require_POST
@login_required
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept an invitation to write an article together."""
    user = signed_in_user(request)
    row = CoAuthor.objects.filter(pk=pk, user=user).first()
    try:
        if row is None:
            raise ActionNotAllowed(_("This invitation no longer exists."))
        coauthors.accept(invitation=row, user=user)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("You are a co-author of this article now."))
    return redirect("my_articles")


@require_POST
@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline an invitation, withdraw it, remove a co-author, or leave."""
    user = signed_in_user(request)
    rows = CoAuthor.objects.select_related("article", "user")
    row = rows.filter(Q(user=user) | Q(article__author=user), pk=pk).first()
    if row is None:  # The button was pressed twice, or the other one was faster.
        return redirect("my_articles")
    try:
        coauthors.end(row=row, user=user)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_article_coauthors", pk=row.article_id)
    if user.pk != row.user_id:
        ended = (
            _("%(name)s is no longer a co-author.") if row.accepted_at else _("The invitation of %(name)s has ended.")
        )
        messages.success(request, ended % {"name": row.user.name})
        return redirect("my_article_coauthors", pk=row.article_id)
    ended = (
        _("You are no longer a co-author of this article.") if row.accepted_at else _("You declined the invitation.")
    )
    messages.success(request, ended)
    return redirect("my_articles")
