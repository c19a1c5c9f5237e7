from django.urls import path
from django.views.generic import TemplateView

from articles.search import views
from core.http_cache import public_page

# A description of the search for browsers, which can then offer it (OpenSearch description document, draft 6).
opensearch = TemplateView.as_view(
    template_name="search/opensearch.xml", content_type="application/opensearchdescription+xml"
)

urlpatterns = [
    path("search/", public_page(views.search, parameters=views.PARAMETERS), name="search"),
    path("search/opensearch.xml", public_page(opensearch, parameters=()), name="opensearch"),
    path(
        "search/suggestions/",
        public_page(views.suggestions, parameters=views.SUGGESTION_PARAMETERS),
        name="search_suggestions",
    ),
]
