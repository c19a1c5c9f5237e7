"""The pages about one's own account that are not allauth's, and its sign-up where two people are equally fast."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.views import SignupView as AllauthSignupView
from allauth.mfa.models import Authenticator
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import IntegrityError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.generic import FormView, TemplateView

from accounts.models import User
from accounts.profile import ProfileForm, update_profile
from accounts.selectors import open_sessions
from core.ratelimit import check_rate_limit


class SignupView(AllauthSignupView):  # type: ignore[misc]
    """allauth's sign-up, where the name or the address may be taken between the look and the write."""

    def form_valid(self, form: BaseForm) -> HttpResponse:
        response: HttpResponse
        try:
            response = super().form_valid(form)
        except IntegrityError:
            # A second look sees who was faster: a taken name is a word next to the field, a taken address gets the
            # same page as ever.
            again = self.get_form_class()(**self.get_form_kwargs())
            response = super().form_valid(again) if again.is_valid() else self.form_invalid(again)
        return response


class CurrentUserMixin(LoginRequiredMixin):
    """For pages of the person who is signed in."""

    request: HttpRequest

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


class AccountView(CurrentUserMixin, TemplateView):
    """Everything about one's account at a glance."""

    template_name = "accounts/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        addresses = list(EmailAddress.objects.filter(user=self.user).order_by("-verified", "pk"))
        return super().get_context_data(
            confirmed=next((one for one in addresses if one.verified), None),
            pending=next((one for one in addresses if not one.verified), None),
            has_second_factor=Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).exists(),
            **kwargs,
        )


class SessionsView(CurrentUserMixin, ListUserSessionsView):  # type: ignore[misc]
    """Where one is logged in. allauth's own list asks the database twice for each session."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sessions = open_sessions(self.user)
        return FormView.get_context_data(self, sessions=sessions, session_count=len(sessions), **kwargs)


class ProfileView(CurrentUserMixin, FormView[ProfileForm]):
    """Name, biography, portrait and language."""

    template_name = "accounts/profile.html"
    form_class = ProfileForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.FILES:
            check_rate_limit(request, "portrait", most=20, seconds=3600)
        return super().post(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        # A row of its own: what is typed into the form does not stand in the head of the page before it is saved.
        return {**super().get_form_kwargs(), "instance": User.objects.get(pk=self.user.pk)}

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        update_profile(user=self.user, **form.cleaned_data)
        messages.success(self.request, _("Your profile is saved."))
        return super().form_valid(form)

    def get_success_url(self) -> str:
        with override(self.user.preferred_language):
            return reverse("account_profile")
