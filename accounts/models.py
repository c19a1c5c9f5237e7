"""The user account, one for readers, authors and moderators."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.contrib.auth import models as auth_models
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import LineField
from core.text import CODE_POINTS

# ASCII only, because usernames are in URLs and no two of them should look alike. The display name is free.
username_validators: list[Callable[[str], None]] = [
    RegexValidator(
        r"\A[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z",
        _("Use A–Z, digits, dots, hyphens and underscores. Start with A–Z or a digit."),
    ),
    MaxLengthValidator(30),
]


def language_choices() -> list[tuple[str, str]]:
    """Return the interface languages; a callable, so that a new language needs no migration."""
    return list(settings.LANGUAGES)


def new_token() -> str:
    """Return the 128 random bits of a link."""
    return secrets.token_urlsafe(16)


def normalize_password(password: str | None) -> str | None:
    """Return the one form of a password that keyboards type composed or decomposed (RFC 8265, with NFKC)."""
    return password and unicodedata.normalize("NFKC", password)


class UserManager(auth_models.UserManager["User"]):
    """Usernames and email addresses are looked up in any case, by the indexes of their constraints."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the whole address in lower case; no mail server in use distinguishes `Anna@` from `anna@`."""
        return (email or "").strip().lower()

    def create_superuser(self, *args: Any, **fields: Any) -> User:
        """Create an administrator, whose address counts as confirmed: log-in works before emails do."""
        user = super().create_superuser(*args, **fields)
        if user.email:
            addresses = apps.get_model("account", "EmailAddress").objects
            addresses.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def by_username(self, username: str) -> models.QuerySet[User]:
        """Return the user with this username, as a queryset. `iexact` would not use the index."""
        return self.alias(lower=Lower("username")).filter(lower=username.lower())

    def by_email(self, email: str) -> models.QuerySet[User]:
        """Return the user with this address, as a queryset."""
        return self.alias(lower=Lower("email")).filter(lower=email.lower())

    def pks_by_login(self, login: str) -> list[int]:
        """Return the primary keys of the users with this username or email address."""
        users = self.by_username(login).values("pk").union(self.by_email(login).values("pk"))
        return [row["pk"] for row in users]

    def get_by_natural_key(self, username: str | None) -> User:
        return self.by_username(username or "").get()


class User(auth_models.AbstractUser):
    """An account.

    `suspended_until` is written by `articles.moderation.services` alone. A suspended user can log in and read, but has
    no permissions; services call `accounts.services.lock_acting_user`.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    username = models.CharField(_("username"), max_length=30, unique=True, validators=username_validators)
    email = models.EmailField(_("email address"))
    display_name = LineField(_("name"), max_length=60 * CODE_POINTS, blank=True)
    biography = models.TextField(_("about you"), max_length=1000, blank=True)
    # One URL per line (`accounts.profile_form.ProfileForm`); never requested by the server.
    links = models.TextField(_("links"), max_length=1200, blank=True, default="", db_default="")
    badge = models.CharField(
        _("badge"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_("Shown next to the name, such as “town council”. Only staff give it."),
    )
    username_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The random part of the file names (accounts.selectors.avatar_path); empty without an avatar.
    avatar_key = models.CharField(_("profile photo"), max_length=32, blank=True, editable=False)
    preferred_language = models.CharField(_("preferred language"), max_length=2, choices=language_choices, default="en")
    allows_promotion_by_others = models.BooleanField(
        _("others can promote my articles"),
        default=True,
        help_text=_("You are notified of each request and can refuse it."),
    )
    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_unique_in_any_case",
                violation_error_message=_("A user with this username already exists."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_in_any_case",
                violation_error_message=_("A user with this email address already exists."),
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=models.Q(is_staff=True), name="user_staff")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name that readers see: the display name, or the username if there is none."""
        return self.display_name or self.username

    @property
    def link_list(self) -> list[str]:
        return self.links.split()

    @property
    def is_suspended(self) -> bool:
        return self.suspended_until is not None and self.suspended_until > timezone.now()

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(normalize_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return super().check_password(normalize_password(raw_password))

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return not self.is_suspended and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.is_suspended and super().has_module_perms(app_label)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("author", kwargs={"username": self.username})


class FormerUsername(models.Model):
    """A username that a user had until it was changed: links to it lead to the user, and no one else can take it."""

    username = models.CharField(max_length=30, unique=True)  # lower case
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_usernames")

    def __str__(self) -> str:
        return self.username


class SignupRequest(models.Model):
    """A new account that waits until staff approve it; `accounts.gate` decides."""

    class Reason(models.TextChoices):
        APPROVAL = "approval", _("all new accounts are approved")
        CHALLENGE = "challenge", _("the browser did not solve the puzzle")

    user = models.OneToOneField(User, models.CASCADE, related_name="signup_request", verbose_name=_("user"))
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by"))

    class Meta:
        verbose_name = _("sign-up to approve")
        verbose_name_plural = _("sign-ups to approve")
        indexes = [
            models.Index(fields=["id"], condition=models.Q(decided_at=None), name="signup_request_undecided"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Invitation(models.Model):
    """A link with which one new user can sign up; `accounts.gate` makes and accepts it."""

    token = models.CharField(max_length=32, unique=True, default=new_token)
    inviter = models.ForeignKey(User, models.CASCADE, related_name="invitations", verbose_name=_("inviter"))
    invitee = models.OneToOneField(
        User, models.SET_NULL, null=True, related_name="invitation", verbose_name=_("new user")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return f"{self.inviter} → {self.invitee or '…'}"

    @property
    def is_open(self) -> bool:
        return self.invitee_id is None and self.expires_at > timezone.now()
