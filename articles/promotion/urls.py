"""Putting an article forward."""

from django.urls import path

from articles.promotion import views

urlpatterns = [
    path("articles/<int:pk>/promote/", views.PromoteView.as_view(), name="promote"),
]
