"""The call-backs of payment providers, under the names that django-payments knows."""

from django.urls import path, re_path

from articles.promotion.payments import views

urlpatterns = [
    path("payments/process/<uuid:token>/", views.process_payment, name="process_payment"),
    re_path(r"^payments/process/(?P<variant>[a-z-]+)/$", views.static_process_payment, name="static_process_payment"),
]
