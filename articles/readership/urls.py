from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path


def _later(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [
    path("beacon/<int:pk>/", _later, name="beacon"),
    path("beacon/<int:pk>.gif", _later, name="beacon_image"),
]
