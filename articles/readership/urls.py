from django.urls import path

from articles.readership import views
from core.http_cache import public_page

urlpatterns = [
    path("articles/<int:pk>/views/", public_page(views.CountsView.as_view(), parameters=()), name="article_views"),
]

# Requested by scripts, without a language prefix.
untranslated_urlpatterns = [
    path("beacon/<int:pk>/", views.beacon, name="beacon"),
    path("beacon/<int:pk>/read/", views.beacon_read, name="beacon_read"),
    path("beacon/<int:pk>/exit/", views.beacon_exit, name="beacon_exit"),
    path("beacon/<int:pk>.gif", views.beacon_image, name="beacon_image"),
]
