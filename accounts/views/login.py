"""The ways to log in: a code by email, a passkey, a password, or an account of a provider."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.stages import LoginByCodeStage, LoginStageController
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.account.views import ConfirmLoginCodeView as AllauthConfirmLoginCodeView
from allauth.account.views import LoginView as AllauthLoginView
from allauth.account.views import RequestLoginCodeView as AllauthRequestLoginCodeView
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.adapter import SIGNUP_CODE
from accounts.forms import LoginForm, RequestLoginCodeForm
from accounts.models import User
from accounts.providers import ProvidersMixin
from accounts.reasons import login_reason
from accounts.services import claim_unconfirmed_address
from core.ratelimit import check_rate_limit

MAX_CODES_PER_HOUR = 20
MAX_CHALLENGES_PER_HOUR = 60
CONFIRMED_AT = "confirmed_email_at"


class WaysInMixin(ProvidersMixin):
    """The context of pages with all ways to log in and to sign up."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context.setdefault("code_form", RequestLoginCodeForm())
        return {**context, "reason": login_reason(get_next_redirect_url(self.request, REDIRECT_FIELD_NAME))}


class LoginView(WaysInMixin, AllauthLoginView):  # type: ignore[misc]
    """The one page to log in or to sign up."""


class RequestLoginCodeView(WaysInMixin, AllauthRequestLoginCodeView):  # type: ignore[misc]
    """Send a code to an address, whether or not it has an account."""

    template_name = "account/login.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and (stage := LoginStageController.enter(request, LoginByCodeStage.key)):
            stage.abort()  # Another code, or another address.
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        check_rate_limit(request, "login-code", limit=MAX_CODES_PER_HOUR, seconds=3600)
        request.session.pop(SIGNUP_CODE, None)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        # In the template `form` is the one for a password.
        return {**context, "code_form": context["form"], "form": LoginForm(request=self.request)}


class ConfirmLoginCodeView(AllauthConfirmLoginCodeView):  # type: ignore[misc]
    """Log in with the code; an address without an account goes on to the form for a new one."""

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        if self.stage.login.user is None:
            sent = self.request.session.get(SIGNUP_CODE, {})
            kwargs["code"] = sent.get("code", "") if sent.get("email") == self.stage.login.email else ""
        return kwargs

    def form_valid(self, form: Any) -> HttpResponse:
        login = self.stage.login
        if login.user is not None:
            claim_unconfirmed_address(user=login.user, email=login.email)
            response: HttpResponse = super().form_valid(form)
            return response
        self.request.session.pop(SIGNUP_CODE, None)
        self.stage.abort()
        if User.objects.by_email(login.email).exists():  # A closed account: no code was for it, only for the address.
            return redirect("account_inactive")
        confirm_email_for_signup(self.request, login.email)
        return redirect(passthrough_next_redirect_url(self.request, reverse("account_signup"), REDIRECT_FIELD_NAME))


def confirm_email_for_signup(request: HttpRequest, email: str) -> None:
    """Remember in the session that its user can read the emails to an address."""
    get_adapter().stash_verified_email(request, email)
    request.session[CONFIRMED_AT] = time.time()


def confirmed_email_for_signup(request: HttpRequest) -> str:
    """Return the address that a code has confirmed within the time for a log-in, or ""."""
    email = request.session.get("account_verified_email") or ""
    if email and time.time() - request.session.get(CONFIRMED_AT, 0) > settings.ACCOUNT_LOGIN_TIMEOUT:
        get_adapter().unstash_verified_email(request)
        return ""
    return str(email)


class PasskeyLoginView(LoginWebAuthnView):  # type: ignore[misc]
    """Log in with a passkey. The script asks for a challenge first, which needs a session: a short one."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        check_rate_limit(request, "passkey-login", limit=MAX_CHALLENGES_PER_HOUR, seconds=3600)
        response: HttpResponse = super().get(request, *args, **kwargs)
        request.session.set_expiry(settings.ACCOUNT_LOGIN_TIMEOUT)
        return response
