"""All URLs of the site. The language is a prefix of the path; English has none."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

import accounts.urls
import articles.promotion.urls
import articles.readership.urls
import articles.urls
from articles.moderation.statistics import moderation_statistics, moderation_statistics_csv
from spokesperson import author_statistics, views
from spokesperson.health import client, health, live, ready
from spokesperson.statistics import site_statistics

handler400 = "spokesperson.views.bad_request"
handler403 = "spokesperson.views.permission_denied"
handler404 = "spokesperson.views.page_not_found"
handler429 = "core.ratelimit.too_many_requests"
handler500 = "spokesperson.views.server_error"

urlpatterns = [
    *i18n_patterns(
        path("", include("articles.search.urls")),
        # Before articles.urls, whose /articles/<pk>/<slug>/ matches their URLs too.
        path("", include("articles.voting.urls")),
        path("", include("articles.readership.urls")),
        path("", include("articles.promotion.urls")),
        path("", include("articles.urls")),
        path("my/statistics/", author_statistics.all_statistics, name="my_statistics"),
        path("my/articles/<int:pk>/statistics/", author_statistics.article_statistics, name="my_article_statistics"),
        *(
            path(f"my/{pages}statistics/{table}.csv", view, {"table": table}, name=f"{name}_{table}")
            for table in author_statistics.TABLES
            for pages, view, name in (
                ("", author_statistics.all_statistics_csv, "my_statistics"),
                ("articles/<int:pk>/", author_statistics.article_statistics_csv, "my_article_statistics"),
            )
        ),
        path("", include("articles.moderation.urls")),
        path("accounts/", include("accounts.urls")),
        path(
            "admin/statistics/moderation/", admin.site.admin_view(moderation_statistics), name="moderation_statistics"
        ),
        path(
            "admin/statistics/moderation.csv",
            admin.site.admin_view(moderation_statistics_csv),
            name="moderation_statistics_csv",
        ),
        path("admin/statistics/", admin.site.admin_view(site_statistics), name="site_statistics"),
        path("admin/", admin.site.urls),
        prefix_default_language=False,
    ),
    *accounts.urls.untranslated_urlpatterns,
    *articles.urls.untranslated_urlpatterns,
    *articles.readership.urls.untranslated_urlpatterns,
    *articles.promotion.urls.untranslated_urlpatterns,
    path("media/<path:path>", views.media, name="media"),
    path("health/", health, name="health"),
    path("health/client/", client, name="health_client"),
    path("live/", live, name="live"),
    path("ready/", ready, name="ready"),
]

if settings.DEBUG_TOOLBAR:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns += debug_toolbar_urls()
