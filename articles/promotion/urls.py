from django.urls import path, re_path

from articles.promotion import reports, views
from articles.promotion.beacon import promotion_beacon
from articles.promotion.payments import views as payment_views
from core.http_cache import public_page

LEDGER_PARAMETERS = ("after", "kind", "place", "state")

urlpatterns = [
    path(
        "promotions/", public_page(reports.LedgerView.as_view(), parameters=LEDGER_PARAMETERS), name="promotion_ledger"
    ),
    path("promotions.csv", public_page(reports.ledger_csv, parameters=LEDGER_PARAMETERS), name="promotion_ledger_csv"),
    path(
        "promotions.json", public_page(reports.ledger_json, parameters=LEDGER_PARAMETERS), name="promotion_ledger_json"
    ),
    path("promotions/<int:pk>/results/", reports.ResultsView.as_view(), name="promotion_results"),
    path("promotions/<int:pk>/results.csv", reports.results_csv, name="promotion_results_csv"),
    path("articles/<int:pk>/promote/", views.PromoteView.as_view(), name="promote"),
    path("promotions/<int:pk>/", views.PromotionView.as_view(), name="promotion"),
    path("promotions/<int:pk>/pay/", views.PayView.as_view(), name="promotion_pay"),
    path("promotions/<int:pk>/cancel/", views.cancel_promotion, name="promotion_cancel"),
    path("promotions/<int:pk>/author/", views.AuthorView.as_view(), name="promotion_author"),
]

# Requested by scripts and by payment providers (under the names that django-payments knows), without a language.
untranslated_urlpatterns = [
    path("beacon/promotions/", promotion_beacon, name="promotion_beacon"),
    path("payments/process/<uuid:token>/", payment_views.process_payment, name="process_payment"),
    re_path(
        r"^payments/process/(?P<variant>[a-z-]+)/$", payment_views.static_process_payment, name="static_process_payment"
    ),
]
