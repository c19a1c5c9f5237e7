from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path

from bench.baselines.plain.models import Page


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One row, one template."""
    return render(request, "page.html", {"page": get_object_or_404(Page, pk=pk)})


urlpatterns = [path("pages/<int:pk>/", page, name="page")]
