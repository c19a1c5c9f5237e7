"""The pages of accounts; allauth has those that are not listed. The URLs of providers have no language."""

from allauth.urls import build_provider_urlpatterns
from django.urls import include, path, re_path
from django.views.generic import TemplateView

from accounts.providers import URL_PREFIX
from accounts.views import account, invitations, login, passkeys, signup

urlpatterns = [
    path("", account.AccountView.as_view(), name="account"),
    path("profile/", account.ProfileView.as_view(), name="account_profile"),
    path("username/", account.UsernameView.as_view(), name="account_username"),
    path("invitations/", invitations.InvitationsView.as_view(), name="invitations"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("waiting/", TemplateView.as_view(template_name="accounts/waiting.html"), name="account_waiting"),
    path("login/", login.LoginView.as_view(), name="account_login"),
    path("login/code/", login.RequestLoginCodeView.as_view(), name="account_request_login_code"),
    path("login/code/confirm/", login.ConfirmLoginCodeView.as_view(), name="account_confirm_login_code"),
    path("signup/", signup.SignupView.as_view(), name="account_signup"),
    path("confirm-email/", signup.EmailVerificationSentView.as_view(), name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", signup.ConfirmEmailView.as_view(), name="account_confirm_email"),
    path("email/", account.EmailView.as_view(), name="account_email"),
    path("sessions/", account.SessionsView.as_view(), name="usersessions_list"),
    path("", include("allauth.account.urls")),
    path("2fa/webauthn/login/", login.PasskeyLoginView.as_view(), name="mfa_login_webauthn"),
    path("2fa/webauthn/add/", passkeys.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path("2fa/", include("allauth.mfa.urls")),
    path("3rdparty/signup/", signup.SocialSignupView.as_view(), name="socialaccount_signup"),
    path("3rdparty/", account.ConnectionsView.as_view(), name="socialaccount_connections"),
    path("3rdparty/", include("allauth.socialaccount.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]

untranslated_urlpatterns = [path(URL_PREFIX, include(build_provider_urlpatterns()))]
