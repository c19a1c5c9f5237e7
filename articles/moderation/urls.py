"""The public pages of moderation, and the appeals of users."""

from django.urls import path

from articles.moderation import views
from core.http_cache import public_page

urlpatterns = [
    path("rules/", public_page(views.RulesView.as_view()), name="rules"),
    path("rules/<slug:slug>/", public_page(views.RuleView.as_view()), name="rule"),
    path("moderation/appeals/", public_page(views.AppealLogView.as_view()), name="moderation_appeals"),
    path("my/articles/<int:pk>/notes/", views.NotesView.as_view(), name="my_article_notes"),
    path("my/decisions/<int:decision>/appeal/", views.AppealView.as_view(), name="appeal_decision"),
    path("my/suspensions/<int:suspension>/appeal/", views.AppealView.as_view(), name="appeal_suspension"),
    path("moderation/", public_page(views.LogView.as_view()), name="moderation_log"),
]
