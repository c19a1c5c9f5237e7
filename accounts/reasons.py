"""Why a page asks to log in, told by where the user goes on."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# By the name of the URL.
REASONS: dict[str, Promise] = {
    "my_article_new": _("Log in or sign up to write"),
    "my_article_edit": _("Log in or sign up to write"),
    "promote": _("Log in or sign up to promote"),
}
VOTE = _("Log in or sign up to vote")
OTHER = _("Log in or sign up")


def login_reason(next_url: str | None) -> str:
    """Return the heading of the log-in page for a user who goes on to this URL of the site."""
    url = urlsplit(next_url or "")
    with translation.override(translation.get_language_from_path(url.path) or settings.LANGUAGE_CODE):
        try:
            name = resolve(url.path).url_name
        except Resolver404:
            name = None
    if name == "article" and "vote" in parse_qs(url.query):
        return str(VOTE)
    return str(REASONS.get(name or "", OTHER))
