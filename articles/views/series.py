"""Series: the public page, and the pages on which authors make them and order their parts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView, View

from accounts.models import User
from articles.models import Article, Series, SeriesPart
from articles.models.article import BY_STATE_CHANGE
from articles.models.series import MAX_DESCRIPTION
from articles.selectors import own_article
from articles.series import published_parts, series_pk_of
from articles.services import series as services
from articles.views.author import login_required, signed_in_user
from core.exceptions import ActionNotAllowed
from core.forms import OneLineField, TextField
from core.pagination import Page

MAX_TITLE = 100
# In the select of articles to add.
MAX_CHOICES = 100


class SeriesView(TemplateView):
    """The published parts of a series, in its order."""

    template_name = "articles/series.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        series = get_object_or_404(Series.objects.select_related("author"), pk=kwargs["pk"])
        parts = list(published_parts(series).for_list()[: services.MAX_PARTS])
        if not parts:
            raise Http404
        if series.slug != kwargs["slug"]:
            return redirect(series)  # The title can change again.
        page = Page(parts, "", is_first=True)
        return self.render_to_response(self.get_context_data(series=series, articles=parts, page=page))


class SeriesForm(forms.Form):
    """Title and description of a series."""

    title = OneLineField(label=gettext_lazy("Title"), max_length=MAX_TITLE)
    description = TextField(
        label=pgettext_lazy("of a series", "Description"),
        max_length=MAX_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One or two sentences. Readers see them on the page of the series."),
    )


class MySeriesView(LoginRequiredMixin, View):
    """The user's series, the newest first; a POST creates one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._render(SeriesForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SeriesForm(request.POST)
        if form.is_valid():
            try:
                made = services.create(author=signed_in_user(request), **form.cleaned_data)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                return redirect("my_series_edit", pk=made.pk)
        return self._render(form)

    def _render(self, form: SeriesForm) -> HttpResponse:
        found = Series.objects.filter(author=signed_in_user(self.request)).order_by("-pk")
        context = {"form": form, "all_series": found, "here": "my_articles"}
        return render(self.request, "articles/my/series_list.html", context)


class SeriesEditView(LoginRequiredMixin, View):
    """One of the user's series: its texts, its parts, and the articles that can become parts."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        series = _own_series(request, pk)
        form = SeriesForm(initial={"title": series.title, "description": series.description})
        return self._render(series, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        series, form = _own_series(request, pk), SeriesForm(request.POST)
        if form.is_valid():
            try:
                services.change(series=series, **form.cleaned_data)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("my_series_edit", pk=pk)
        return self._render(series, form)

    def _render(self, series: Series, form: SeriesForm) -> HttpResponse:
        parts = SeriesPart.objects.filter(series=series).select_related("article__latest", "article__live")
        parts = parts.defer("article__latest__body", "article__live__body").order_by("position", "article")
        free = Article.objects.by(signed_in_user(self.request)).not_in_trash().filter(series_part=None)
        free = free.select_related("latest", "live").defer("latest__body", "live__body")
        context = {
            "series": series,
            "form": form,
            "parts": list(parts),
            "free": BY_STATE_CHANGE.sort(free)[:MAX_CHOICES],
            "here": "my_articles",
        }
        return render(self.request, "articles/my/series.html", context)


def _own_series(request: HttpRequest, pk: int) -> Series:
    return get_object_or_404(Series, author=signed_in_user(request), pk=pk)


@require_POST
@login_required
def change_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an article to a series, remove it, or move it up or down."""
    series, action = _own_series(request, pk), request.POST.get("action")
    value = request.POST.get("article", "")
    chosen = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
    article = own_article(request.user, chosen, or_in_trash=action != "add")  # A deleted draft stays a part.
    part = SeriesPart.objects.select_related("series").filter(series=series, article=article).first()
    try:
        if action == "add":
            services.place(article=article, series=series)
        elif part and action == "remove":
            services.place(article=article, series=None)
        elif part and action in {"up", "down"}:
            services.move(part=part, by=-1 if action == "up" else 1)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
    return redirect("my_series_edit", pk=pk)


@require_POST
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a series; its articles stay."""
    try:
        services.delete(series=_own_series(request, pk))
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_series_edit", pk=pk)
    messages.success(request, _("Series deleted. Its articles are still there."))
    return redirect("my_series")


def place_chosen(sent: QueryDict, article: Article, before: Article | None, *, user: User) -> str:
    """Put a saved article into the series that its author chose in the form, and return why not if that is refused.

    Args:
        sent: the form, with the values of `series` ("" for none) and `initial_series`. If they are the same, the author
            has chosen nothing: the article can have been put into a series on another page meanwhile.
        before: the article from `own_article`; None if the form created it. If it is in this series, there is no query.
    """
    chosen, current = sent.get("series"), series_pk_of(before) if before else None
    # Only the author's form has the field.
    if chosen is None or article.author_id != user.pk:
        return ""
    if chosen in {sent.get("initial_series"), str(current or "")}:
        return ""
    is_key = chosen.isascii() and chosen.isdecimal() and len(chosen) < 19
    series = Series.objects.filter(pk=int(chosen), author=article.author_id).first() if is_key else None
    try:
        if chosen and series is None:
            raise ActionNotAllowed(_("This series no longer exists."))
        services.place(article=article, series=series)
    except ActionNotAllowed as error:
        return str(error)
    return ""
