from django.urls import path

from articles.search import views
from core.http_cache import public_page

urlpatterns = [
    path("search/", public_page(views.search, parameters=views.PARAMETERS), name="search"),
    path("search/opensearch.xml", public_page(views.opensearch, parameters=()), name="opensearch"),
    path(
        "search/suggestions/",
        public_page(views.suggestions, parameters=views.SUGGESTION_PARAMETERS),
        name="search_suggestions",
    ),
]
