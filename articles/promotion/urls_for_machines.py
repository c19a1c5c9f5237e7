"""Addresses that scripts ask, without a language in them."""

from django.urls import path

from articles.promotion.beacon import promotion_beacon

urlpatterns = [
    path("beacon/promotions/", promotion_beacon, name="promotion_beacon"),
]
