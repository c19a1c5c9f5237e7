"""Accounts: allauth's addresses under our templates, and our own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def _later(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [
    path("", _later, name="account"),
    path("profile/", _later, name="account_profile"),
    path("", include("allauth.urls")),
]
