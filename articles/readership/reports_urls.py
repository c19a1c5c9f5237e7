"""What everybody may know of an article's readership."""

from django.urls import path

from articles.pages import public_page
from articles.readership.reports import CountsView

urlpatterns = [
    path("articles/<int:pk>/views/", public_page(CountsView.as_view(), parameters=()), name="article_views"),
]
