"""Putting an article forward."""

from django.urls import path

from articles.promotion import views

urlpatterns = [
    path("articles/<int:pk>/promote/", views.PromoteView.as_view(), name="promote"),
    path("promotions/<int:pk>/", views.PromotionView.as_view(), name="promotion"),
    path("promotions/<int:pk>/pay/", views.PayView.as_view(), name="promotion_pay"),
    path("promotions/<int:pk>/cancel/", views.cancel_promotion, name="promotion_cancel"),
    path("promotions/<int:pk>/author/", views.AuthorView.as_view(), name="promotion_author"),
]
