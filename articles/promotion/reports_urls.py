"""What came of promotions."""

from django.urls import path

from articles.pages import public_page
from articles.promotion import reports

FILTERS = ("after", "kind", "place", "state")

urlpatterns = [
    path("promotions/", public_page(reports.LedgerView.as_view(), parameters=FILTERS), name="promotion_ledger"),
    path("promotions.csv", public_page(reports.ledger_csv, parameters=FILTERS), name="promotion_ledger_csv"),
    path("promotions.json", public_page(reports.ledger_json, parameters=FILTERS), name="promotion_ledger_json"),
    path("promotions/<int:pk>/results/", reports.ResultsView.as_view(), name="promotion_results"),
    path("promotions/<int:pk>/results.csv", reports.results_csv, name="promotion_results_csv"),
]
