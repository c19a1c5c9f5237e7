"""The public pages of moderation."""

from django.urls import path

from articles.moderation import views
from core.http_cache import public_page

urlpatterns = [
    path("moderation/", public_page(views.LogView.as_view()), name="moderation_log"),
]
