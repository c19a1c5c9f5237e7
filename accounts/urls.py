"""Accounts: our pages, and allauth's under our templates."""

from django.urls import include, path

from accounts import views

urlpatterns = [
    path("", views.AccountView.as_view(), name="account"),
    path("profile/", views.ProfileView.as_view(), name="account_profile"),
    path("signup/", views.SignupView.as_view(), name="account_signup"),
    path("sessions/", views.SessionsView.as_view(), name="usersessions_list"),
    path("", include("allauth.urls")),
]
