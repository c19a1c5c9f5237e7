"""The reader's pages and the author's desk."""

from django.urls import include, path
from django.views.generic import TemplateView

from articles import reading, searching
from articles.pages import public_page

urlpatterns = [
    path("articles/<int:pk>/", reading.short_address, name="article_short"),
    path("articles/<int:pk>/<str:slug>/", public_page(reading.ArticleView.as_view()), name="article"),
    path("", public_page(reading.FrontView.as_view()), name="front"),
    path("hot/", public_page(reading.HotView.as_view()), name="hot"),
    path("top/", reading.top, name="top"),
    path("top/<str:span>/", public_page(reading.TopView.as_view()), name="top"),
    path("search/", public_page(searching.SearchView.as_view(), parameters=searching.PARAMETERS), name="search"),
    path("search/opensearch.xml", public_page(searching.description, parameters=()), name="opensearch"),
    path(
        "search/suggestions/",
        public_page(searching.suggest, parameters=searching.SUGGESTION_PARAMETERS),
        name="search_suggestions",
    ),
    path("sections/<slug:slug>/", public_page(reading.SectionView.as_view()), name="section"),
    path("tags/<str:slug>/", public_page(reading.TagView.as_view()), name="tag"),
    path("authors/<str:username>/", public_page(reading.AuthorView.as_view()), name="author"),
    path("about/", public_page(TemplateView.as_view(template_name="articles/about.html")), name="about"),
    path("rules/", public_page(TemplateView.as_view(template_name="articles/rules.html")), name="rules"),
    path("desk/", include("articles.desk_urls")),
]
