"""The reader's pages and the author's desk."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.shortcuts import render


def _later(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [
    path("", _later, name="front"),
    path("sections/<slug:slug>/", _later, name="section"),
    path("tags/<str:slug>/", _later, name="tag"),
    path("authors/<str:username>/", _later, name="author"),
    path("articles/<int:pk>/<str:slug>/", _later, name="article"),
    path("about/", _later, name="about"),
    path("rules/", _later, name="rules"),
    path("desk/", _later, name="desk"),
    path("desk/new/", _later, name="desk_new"),
    path("desk/<int:pk>/", _later, name="desk_edit"),
    path("desk/<int:pk>/preview/", _later, name="desk_preview"),
    path("desk/<int:pk>/submit/", _later, name="desk_submit"),
    path("desk/<int:pk>/withdraw/", _later, name="desk_withdraw"),
    path("desk/<int:pk>/discard/", _later, name="desk_discard"),
]
