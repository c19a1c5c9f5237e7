"""Every address of the site. The language stands first in it; English has none."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from spokesperson import views
from spokesperson.health import HealthView

handler400 = "spokesperson.views.bad_request"
handler403 = "spokesperson.views.permission_denied"
handler404 = "spokesperson.views.page_not_found"
handler429 = "accounts.limits.too_many_requests"
handler500 = "spokesperson.views.server_error"

urlpatterns = [
    *i18n_patterns(
        # What is asked for most stands first: every address before it is compared for each request.
        path("", include("articles.voting.urls")),
        path("", include("articles.readership.reports_urls")),
        path("", include("articles.promotion.reports_urls")),
        path("", include("articles.promotion.urls")),
        path("", include("articles.urls")),
        path("", include("articles.moderation.urls")),
        path("accounts/", include("accounts.urls")),
        path("admin/", admin.site.urls),
        prefix_default_language=False,
    ),
    path("", include("articles.readership.urls")),
    path("", include("articles.promotion.urls_for_machines")),
    path("", include("articles.promotion.payments.urls")),
    path("", include("articles.urls_for_machines")),
    path("media/<path:path>", views.media, name="media"),
    path("health/", HealthView.as_view(), name="health"),
]

if settings.DEBUG_TOOLBAR:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns += debug_toolbar_urls()
