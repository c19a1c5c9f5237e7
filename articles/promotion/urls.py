from functools import partial

from django.urls import path, re_path

from articles.promotion import public_ledger, views
from core.http_cache import public_page

public = partial(public_page, parameters=("after", *public_ledger.CHOICES))

urlpatterns = [
    path("promotions/", public(public_ledger.ledger), name="promotion_ledger"),
    path("promotions.csv", public(public_ledger.ledger_csv), name="promotion_ledger_csv"),
    path("promotions.json", public(public_ledger.ledger_json), name="promotion_ledger_json"),
    path("promotions/<int:pk>/", views.promotion_detail, name="promotion"),
    path("promotions/<int:pk>/pay/", views.pay, name="promotion_pay"),
    path("promotions/<int:pk>/cancel/", views.cancel_promotion, name="promotion_cancel"),
    path("promotions/<int:pk>/author/", views.author_answer, name="promotion_author"),
    path("promotions/<int:pk>/results/", views.results, name="promotion_results"),
    path("promotions/<int:pk>/results.csv", views.results_csv, name="promotion_results_csv"),
    path("articles/<int:pk>/promote/", views.promote, name="promote"),
]

# Requested by scripts and payment providers, without a language. Django-payments knows the last two by their names.
untranslated_urlpatterns = [
    path("beacon/promotions/", views.promotion_beacon, name="promotion_beacon"),
    path("payments/process/<uuid:token>/", views.process_payment, name="process_payment"),
    re_path(r"^payments/process/(?P<variant>[a-z-]+)/$", views.static_process_payment, name="static_process_payment"),
]
