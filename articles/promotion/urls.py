from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path


def _later(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [
    path("articles/<int:pk>/promote/", _later, name="promote"),
]
