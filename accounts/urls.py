"""The pages of accounts; allauth has those that are not listed."""

from django.urls import include, path, re_path

from accounts import views

urlpatterns = [
    path("", views.AccountView.as_view(), name="account"),
    path("profile/", views.ProfileView.as_view(), name="account_profile"),
    path("signup/", views.SignupView.as_view(), name="account_signup"),
    path("confirm-email/", views.EmailVerificationSentView.as_view(), name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", views.ConfirmEmailView.as_view(), name="account_confirm_email"),
    path("email/", views.EmailView.as_view(), name="account_email"),
    path("sessions/", views.SessionsView.as_view(), name="usersessions_list"),
    path("", include("allauth.urls")),
]
