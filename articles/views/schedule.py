"""The author's page of a scheduled article: change the time, publish now, cancel."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View

from articles.schedule_forms import ScheduleForm
from articles.selectors import own_article
from articles.services import schedule
from articles.services.trust import is_trusted
from articles.views.author import scheduled_message, signed_in_user
from core.exceptions import ActionNotAllowed


class ScheduleView(LoginRequiredMixin, View):
    """Each button of the page is an `action`: "save" the time, publish "now", or "cancel"."""

    def dispatch(self, request: HttpRequest, *args: Any, pk: int) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.article = own_article(request.user, pk)
            if not self.article.is_scheduled:
                messages.info(request, _("This article is not scheduled any more."))
                return redirect("my_articles")
        return super().dispatch(request, *args)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._render(ScheduleForm(initial={"publish_at": self.article.published_at}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form, action = ScheduleForm(request.POST), request.POST.get("action")
        try:
            if action == "cancel":
                article = schedule.cancel(article=self.article)
                messages.success(request, _("Cancelled. The article is a draft again."))
                return redirect("my_article_edit", pk=article.pk)
            if action == "now":
                article = schedule.reschedule(article=self.article, at=None)
                messages.success(request, _("“%(title)s” is published.") % {"title": article})
                return redirect("my_articles")
            if form.is_valid():
                article = schedule.reschedule(article=self.article, at=form.cleaned_data["publish_at"])
                messages.success(request, scheduled_message(article))
                return redirect("my_articles")
        except ActionNotAllowed as error:
            if action in {"cancel", "now"} or not error.field:
                messages.warning(request, str(error))
                return redirect("my_articles")
            form.add_error(error.field, str(error))
        return self._render(form)

    def _render(self, form: ScheduleForm) -> HttpResponse:
        user = signed_in_user(self.request)
        context = {"form": form, "article": self.article, "trusted": is_trusted(user), "here": "my_articles"}
        return render(self.request, "articles/my/schedule.html", context)
