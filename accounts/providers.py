"""Providers of accounts, such as Google, that an administrator has switched on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import Provider
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csp import csp_override

# Where allauth's URLs of providers are: without a language, because providers compare the whole URL.
URL_PREFIX = "connect/"
# The hosts of each provider's log-in pages, to which the forms of our pages lead. Some redirect between two of them.
HOSTS = {
    "apple": ["appleid.apple.com"],
    "facebook": ["www.facebook.com", "m.facebook.com"],
    "github": ["github.com"],
    "google": ["accounts.google.com"],
    "telegram": ["oauth.telegram.org"],
    "vk": ["id.vk.ru", "id.vk.com"],
    "yandex": ["oauth.yandex.com", "passport.yandex.com", "oauth.yandex.ru", "passport.yandex.ru"],
}
OPENID_CONNECT = "openid_connect"


def active_providers(request: HttpRequest) -> list[Provider]:
    """Return the providers that have a row in the admin, by name."""
    providers = get_adapter().list_providers(request)
    shown = [provider for provider in providers if provider.app and not provider.app.settings.get("hidden")]
    return sorted(shown, key=lambda provider: str(provider.app.name))


def is_active(name: str, provider_id: str | None = None) -> bool:
    """Return whether an administrator has switched on a provider.

    Args:
        name: its name in URLs.
        provider_id: the ID of one of several OpenID Connect providers.
    """
    row = {"provider": name} if provider_id is None else {"provider": OPENID_CONNECT, "provider_id": provider_id}
    return bool(SocialApp.objects.filter(**row).exists())


def login_origins(providers: Iterable[Provider]) -> list[str]:
    """Return the origins of the providers' log-in pages."""
    origins: list[str] = []
    for provider in providers:
        if provider.id == OPENID_CONNECT:
            configured = provider.app.settings
            overrides = configured.get("openid_configuration_overrides", {})
            url = urlsplit(overrides.get("authorization_endpoint") or configured.get("server_url", ""))
            origins.append(f"{url.scheme}://{url.netloc}")
        else:
            origins += [f"https://{host}" for host in HOSTS[provider.id]]
    return origins


class ProvidersMixin:
    """For pages with buttons of the active providers, to which the policy lets their forms lead: to no others."""

    request: HttpRequest
    providers: list[Provider]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.providers = active_providers(request)
        view = super().dispatch  # type: ignore[misc]
        if self.providers:
            allowed = [*settings.SECURE_CSP["form-action"], *login_origins(self.providers)]
            view = csp_override({**settings.SECURE_CSP, "form-action": allowed})(view)
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {
            **context,
            "providers": [(provider, provider.get_login_url(self.request)) for provider in self.providers],
        }
