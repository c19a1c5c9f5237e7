"""Addresses that programs read, in one language: feeds, sitemap, robots.txt."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path


def _later(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [
    path("feeds/rss.xml", _later, name="feed_rss"),
    path("feeds/atom.xml", _later, name="feed_atom"),
]
