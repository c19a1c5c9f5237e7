"""Sign-up, and the confirmation of the address."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.account.utils import complete_signup
from allauth.account.views import ConfirmEmailView as AllauthConfirmEmailView
from allauth.account.views import EmailVerificationSentView as AllauthEmailVerificationSentView
from allauth.account.views import SignupView as AllauthSignupView
from allauth.socialaccount.views import SignupView as AllauthSocialSignupView
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.forms import PENDING_SIGNUP, CorrectEmailForm, ReauthenticateForm, SignupForm
from accounts.gate import Credentials, admit
from accounts.models import User
from accounts.services import set_unconfirmed_email
from accounts.views.login import WaysInMixin, confirmed_email_for_signup
from core.exceptions import ActionNotAllowed
from core.ratelimit import check_rate_limit

MAX_EMAIL_CORRECTIONS_PER_HOUR = 5


@contextmanager
def transaction_and_session(request: HttpRequest) -> Iterator[None]:
    """Open a transaction; if it fails, the session is not saved with the log-in of a user who does not exist."""
    try:
        with transaction.atomic():
            yield
    except Exception:
        request.session.modified = False
        raise


class SignupView(WaysInMixin, AllauthSignupView):  # type: ignore[misc]
    """Sign-up in one transaction: no account is created without the email that confirms it."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "confirmed_email": confirmed_email_for_signup(self.request)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_confirmed": bool(confirmed_email_for_signup(self.request))}

    def get_success_url(self) -> str | None:
        url: str | None = super().get_success_url()
        if "passkey" not in self.request.POST:
            return url
        query = urlencode({REDIRECT_FIELD_NAME: url}) if url else ""
        return f"{reverse('mfa_add_webauthn')}?{query}"

    def form_valid(self, form: SignupForm) -> HttpResponse:
        try:
            return self._save(form)
        except ActionNotAllowed as error:
            return _refuse(self, form, error)
        except IntegrityError:
            # Username or address was taken since the validation. Validated again, a taken username is a field error,
            # and a taken address gets the same page as others.
            form = self.get_form_class()(**self.get_form_kwargs())
            response: HttpResponse = self._save(form) if form.is_valid() else self.form_invalid(form)
            return response

    def _save(self, form: SignupForm) -> HttpResponse:
        form.hash_password()
        with transaction_and_session(self.request):
            response: HttpResponse = super().form_valid(form)
        return response


def _refuse(view: Any, form: Any, error: ActionNotAllowed) -> HttpResponse:
    """Show the form again with the reason why the gate did not admit the user."""
    form.add_error(error.field, str(error))
    response: HttpResponse = view.form_invalid(form)
    return response


class PendingLoginMixin:
    """Give views the log-in of this session that waits until the email address is confirmed."""

    request: HttpRequest

    def pending_login(self) -> Login | None:
        stage = LoginStageController.enter(self.request, EmailVerificationStage.key)
        return stage.login if stage else None


class EmailVerificationSentView(PendingLoginMixin, AllauthEmailVerificationSentView):  # type: ignore[misc]
    """ "Check your email", where a user who has signed up can correct the address.

    If the first address has an account already, the page is the same, and the account is created with the second one.
    """

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.pending_login() is not None:
            kwargs.setdefault("form", CorrectEmailForm())
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        login = self.pending_login()
        signup: dict[str, Any] = request.session.get(PENDING_SIGNUP, {})
        if login is None or not (login.user or signup):
            return redirect("account_login")
        check_rate_limit(request, "correct-email", limit=MAX_EMAIL_CORRECTIONS_PER_HOUR, seconds=3600)
        form = CorrectEmailForm(request.POST)
        if not form.is_valid():
            response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
            return response
        email = form.cleaned_data["email"]
        user = login.user or User(**signup["user"], preferred_language=get_language() or "en")
        try:
            with transaction_and_session(request):
                address = set_unconfirmed_email(user=user, email=email)
                if address is None:
                    get_adapter().send_account_already_exists_mail(email)
                elif login.user is None:
                    admit(user=user, credentials=Credentials(**signup["credentials"]))
                    del request.session[PENDING_SIGNUP]
                    complete_signup(request, user, None, login.redirect_url)
                else:
                    address.send_confirmation(request, signup=True)
        except ActionNotAllowed as error:  # The gate has changed, or the invitation was used.
            form.add_error(None, str(error))
            refused: HttpResponse = self.render_to_response(self.get_context_data(form=form))
            return refused
        messages.info(request, _("We have sent an email to %(email)s.") % {"email": email})
        return redirect("account_email_verification_sent")


class ConfirmEmailView(PendingLoginMixin, AllauthConfirmEmailView):  # type: ignore[misc]
    """Confirm an address: at once in the browser of the sign-up, elsewhere with the password of the account.

    Otherwise the owner of an address would confirm an account that a stranger has created with it.
    """

    form: Any = None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if self.object and not self.form:
            self.form = self.get_form(None)
        return {**context, "form": self.form}

    def get_form(self, data: QueryDict | None) -> Form | None:
        """Return the form for the password, or None if it is not needed."""
        owner, login = self.object.email_address.user, self.pending_login()
        user = login.user if login else self.request.user
        return None if user == owner else ReauthenticateForm(data, user=owner)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        self.form = self.get_form(request.POST)
        is_valid = self.form is None or self.form.is_valid()
        response: HttpResponse = (
            super().post(request, *args, **kwargs) if is_valid else self.render_to_response(self.get_context_data())
        )
        return response


class SocialSignupView(AllauthSocialSignupView):  # type: ignore[misc]
    """The form for a new user who comes with an account of a provider."""

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            with transaction_and_session(self.request):
                response: HttpResponse = super().form_valid(form)
        except ActionNotAllowed as error:
            return _refuse(self, form, error)
        except IntegrityError:
            # Username or address was taken since the validation, which says so when it is repeated.
            form = self.get_form_class()(**self.get_form_kwargs())
            response = super().form_valid(form) if form.is_valid() else self.form_invalid(form)
        return response
