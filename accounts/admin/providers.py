"""The providers of accounts in the admin. A row switches one on; only superusers see the secrets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import allauth.socialaccount.admin  # noqa: F401 - registers the classes that are replaced here
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.providers import HOSTS, OPENID_CONNECT
from core.admin import ReadOnlyAdminMixin
from core.mail import absolute_url


class SocialAppForm(forms.ModelForm[SocialApp]):
    """A provider, of which there can be one of each kind, and several of OpenID Connect."""

    server_url = forms.URLField(
        label=_("server"),
        required=False,
        assume_scheme="https",
        help_text=_("For OpenID Connect: the URL before /.well-known/openid-configuration."),
    )

    class Meta:
        model = SocialApp
        fields = ["provider", "name", "provider_id", "server_url", "client_id", "secret", "key", "settings"]
        help_texts = {
            "name": _("Users see it on the button."),
            "provider_id": _("For OpenID Connect: a word for the callback URL, such as city-library."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {name: name.title() for name in HOSTS} | {"github": "GitHub", "vk": "VK"}
        self.fields["provider"] = forms.ChoiceField(
            label=_("provider"), choices=[(OPENID_CONNECT, "OpenID Connect"), *sorted(names.items())]
        )
        self.fields["provider_id"] = forms.SlugField(
            label=self.fields["provider_id"].label, required=False, help_text=self.fields["provider_id"].help_text
        )
        self.initial["server_url"] = (self.instance.settings or {}).get("server_url", "")

    def clean_settings(self) -> dict[str, Any]:
        value = {} if self.cleaned_data["settings"] is None else self.cleaned_data["settings"]
        if not isinstance(value, dict) or not isinstance(value.get("openid_configuration_overrides", {}), dict):
            raise ValidationError(_("Enter a JSON object, such as {}."))
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        provider, provider_id = cleaned.get("provider"), cleaned.get("provider_id", "")
        if provider == OPENID_CONNECT:
            for name in ("provider_id", "server_url"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("OpenID Connect needs it."))
            cleaned.setdefault("settings", {})["server_url"] = server_url = cleaned.get("server_url", "")
            for url in (
                server_url,
                cleaned["settings"].get("openid_configuration_overrides", {}).get("authorization_endpoint"),
            ):
                if url and ((settings.HTTPS and urlsplit(str(url)).scheme != "https") or not urlsplit(str(url)).netloc):
                    self.add_error("server_url", _("Enter an address that begins with https://."))
        else:
            cleaned["provider_id"] = provider_id = ""
        if SocialApp.objects.filter(provider=provider, provider_id=provider_id).exclude(pk=self.instance.pk).exists():
            self.add_error("provider", _("This provider is already switched on."))
        return cleaned


admin.site.unregister([SocialApp, SocialAccount, SocialToken])


@admin.register(SocialApp)
class SocialAppAdmin(admin.ModelAdmin[SocialApp]):
    """Switch providers on and off."""

    form = SocialAppForm
    list_display = ["name", "provider", "callback_url"]
    readonly_fields = ["callback_url"]

    @admin.display(description=_("callback URL"))
    def callback_url(self, app: SocialApp) -> str:
        if not app.pk:
            return ""
        if app.provider == OPENID_CONNECT:
            return absolute_url(reverse("openid_connect_callback", kwargs={"provider_id": app.provider_id}))
        return absolute_url(reverse(f"{app.provider}_callback"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdminMixin, admin.ModelAdmin[SocialAccount]):
    """Which accounts of providers belong to which user, without what the providers say of them."""

    list_display = ["user", "provider", "uid", "date_joined"]
    list_select_related = ["user"]
    list_filter = ["provider"]
    search_fields = ["uid"]
    fields = ["user", "provider", "uid", "date_joined", "last_login"]
    show_full_result_count = False
    ordering = ["-pk"]
