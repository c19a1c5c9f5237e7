"""The public pages of moderation."""

from django.urls import path

from articles.moderation import views
from core.http_cache import public_page

urlpatterns = [
    path("rules/", public_page(views.RulesView.as_view()), name="rules"),
    path("rules/<slug:slug>/", public_page(views.RuleView.as_view()), name="rule"),
    path("moderation/", public_page(views.LogView.as_view()), name="moderation_log"),
]
