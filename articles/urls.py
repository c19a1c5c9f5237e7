"""The reader's pages and the author's desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.generic import TemplateView

from articles import reading
from articles.pages import public_page


def _later(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [
    path("", public_page(reading.FrontView.as_view()), name="front"),
    path("sections/<slug:slug>/", public_page(reading.SectionView.as_view()), name="section"),
    path("tags/<str:slug>/", public_page(reading.TagView.as_view()), name="tag"),
    path("authors/<str:username>/", public_page(reading.AuthorView.as_view()), name="author"),
    path("articles/<int:pk>/", reading.short_address, name="article_short"),
    path("articles/<int:pk>/<str:slug>/", public_page(reading.ArticleView.as_view()), name="article"),
    path("about/", public_page(TemplateView.as_view(template_name="articles/about.html")), name="about"),
    path("rules/", public_page(TemplateView.as_view(template_name="articles/rules.html")), name="rules"),
    path("desk/", _later, name="desk"),
    path("desk/new/", _later, name="desk_new"),
    path("desk/<int:pk>/", _later, name="desk_edit"),
    path("desk/<int:pk>/preview/", _later, name="desk_preview"),
    path("desk/<int:pk>/submit/", _later, name="desk_submit"),
    path("desk/<int:pk>/withdraw/", _later, name="desk_withdraw"),
    path("desk/<int:pk>/discard/", _later, name="desk_discard"),
]
