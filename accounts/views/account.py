"""The pages of the user's own account that allauth does not have."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.account.views import EmailView as AllauthEmailView
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.views import ConnectionsView as AllauthConnectionsView
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.generic import FormView, TemplateView

from accounts.models import User
from accounts.profile_form import ProfileForm, UsernameForm
from accounts.providers import ProvidersMixin
from accounts.selectors import active_sessions
from accounts.services import change_username, update_profile
from core.exceptions import ActionNotAllowed
from core.images import InvalidImage
from core.ratelimit import check_rate_limit

MAX_AVATARS_PER_HOUR = 20


@method_decorator(reauthentication_required, name="get")
class EmailView(AllauthEmailView):  # type: ignore[misc]
    """The email address, shown after the password, so that nothing is typed before it is asked for."""


class ConnectionsView(ProvidersMixin, AllauthConnectionsView):  # type: ignore[misc]
    """The user's accounts of providers."""


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
        types = list(Authenticator.objects.filter(user=self.user).values_list("type", flat=True))
        return super().get_context_data(
            confirmed=next((address for address in addresses if address.verified), None),
            pending=next((address for address in addresses if not address.verified), None),
            has_public_page=self.user.articles.published().exists() or self.user.coauthor_rows.published().exists(),
            has_two_factor=Authenticator.Type.TOTP in types,
            passkeys=types.count(Authenticator.Type.WEBAUTHN),
            connections=SocialAccount.objects.filter(user=self.user).count(),
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


class UsernameView(CurrentUserMixin, FormView[UsernameForm]):
    """Another username."""

    template_name = "accounts/username.html"
    form_class = UsernameForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": User.objects.get(pk=self.user.pk)}

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.user.username}

    def form_valid(self, form: UsernameForm) -> HttpResponse:
        try:
            change_username(user=self.user, username=form.cleaned_data["username"])
        except ActionNotAllowed as error:
            form.add_error(error.field, str(error))
            return self.form_invalid(form)
        messages.success(self.request, _("Your username is saved."))
        return redirect("account")
