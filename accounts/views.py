"""The pages of the user's own account that allauth does not have."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress, Login
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.account.utils import complete_signup
from allauth.account.views import ConfirmEmailView as AllauthConfirmEmailView
from allauth.account.views import EmailVerificationSentView as AllauthEmailVerificationSentView
from allauth.account.views import EmailView as AllauthEmailView
from allauth.account.views import SignupView as AllauthSignupView
from allauth.mfa.models import Authenticator
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from accounts.forms import CorrectEmailForm, ProfileForm, ReauthenticateForm, SignupForm
from accounts.models import User
from accounts.selectors import active_sessions
from accounts.services import set_unconfirmed_email, update_profile
from core.exceptions import ActionNotAllowed
from core.images import InvalidImage
from core.ratelimit import check_rate_limit

MAX_AVATARS_PER_HOUR = 20
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


class SignupView(AllauthSignupView):  # type: ignore[misc]
    """Sign-up in one transaction: no account is created without the email that confirms it."""

    def form_valid(self, form: SignupForm) -> HttpResponse:
        try:
            return self._save(form)
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
        if login is None:
            return redirect("account_login")
        check_rate_limit(request, "correct-email", limit=MAX_EMAIL_CORRECTIONS_PER_HOUR, seconds=3600)
        form = CorrectEmailForm(request.POST)
        if not form.is_valid():
            response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
            return response
        email = form.cleaned_data["email"]
        signup = request.session.get("signup", {})
        user = login.user or User(**signup, preferred_language=get_language() or "en")
        with transaction_and_session(request):
            address = set_unconfirmed_email(user=user, email=email)
            if address is None:
                get_adapter().send_account_already_exists_mail(email)
            elif login.user is None:
                del request.session["signup"]
                complete_signup(request, user, None, login.redirect_url)
            else:
                address.send_confirmation(request, signup=True)
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


@method_decorator(reauthentication_required, name="get")
class EmailView(AllauthEmailView):  # type: ignore[misc]
    """The email address, shown after the password, so that nothing is typed before it is asked for."""


class CurrentUserMixin(LoginRequiredMixin):
    """Give views of the signed-in user a typed `user`."""

    request: HttpRequest

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


class AccountView(CurrentUserMixin, TemplateView):
    """An overview of the account."""

    template_name = "accounts/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        addresses = list(EmailAddress.objects.filter(user=self.user).order_by("-verified", "pk"))
        return super().get_context_data(
            confirmed=next((address for address in addresses if address.verified), None),
            pending=next((address for address in addresses if not address.verified), None),
            has_public_page=self.user.articles.published().exists(),
            has_two_factor=Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).exists(),
            **kwargs,
        )


class SessionsView(CurrentUserMixin, ListUserSessionsView):  # type: ignore[misc]
    """The sessions of the user. allauth's own context takes two queries for each session."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sessions = active_sessions(self.user)
        return FormView.get_context_data(self, sessions=sessions, session_count=len(sessions), **kwargs)


class ProfileView(CurrentUserMixin, FormView[ProfileForm]):
    """Name, biography, avatar and language."""

    template_name = "accounts/profile.html"
    form_class = ProfileForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.FILES:
            check_rate_limit(request, "avatar", limit=MAX_AVATARS_PER_HOUR, seconds=3600)
        return super().post(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        # An instance of its own, so that the page header does not show what is typed but not saved.
        return {**super().get_form_kwargs(), "instance": User.objects.get(pk=self.user.pk)}

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        try:
            update_profile(user=self.user, **form.cleaned_data)
        except ActionNotAllowed as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        except InvalidImage as error:
            form.add_error("avatar", error)
            return self.form_invalid(form)
        messages.success(self.request, _("Your profile is saved."))
        return super().form_valid(form)

    def get_success_url(self) -> str:
        with override(self.user.preferred_language):
            return reverse("account_profile")
