"""The person: one account for reader, author and moderator."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.contrib.auth import models as auth_models
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# Usernames stand in addresses, so they are plain ASCII: no two of them can look alike. The display name is free.
username_validators: list[Callable[[str], None]] = [
    RegexValidator(
        r"\A[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z",
        _("Use Latin letters, digits, dots, hyphens and underscores; begin with a letter or digit."),
    ),
    MaxLengthValidator(30),
]


class UserManager(auth_models.UserManager["User"]):
    """Looks people up by name whatever the case; keeps addresses in lower case."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """All of it in lower case: mail servers that tell `Anna@` from `anna@` are a thing of the past."""
        return (email or "").strip().lower()

    def known_as(self, name: str) -> list[int]:
        """The keys of the people with this username or e-mail address, whatever the case, out of their indexes."""
        reached = self.alias(lower=Lower("email")).filter(lower=name.lower()).values("pk")
        return [found["pk"] for found in self.named(name).values("pk").union(reached)]

    def named(self, username: str) -> models.QuerySet[User]:
        """Who has this username, whatever the case, out of its index (`iexact` would go through everybody)."""
        return self.alias(lower=Lower("username")).filter(lower=username.lower())

    def get_by_natural_key(self, username: str | None) -> User:
        return self.named(username or "").get()


class User(auth_models.AbstractUser):
    """A person with an account.

    `suspended_until` is written by `articles.moderation.services` alone; everything that acts asks
    `is_suspended`. Reading and logging in stay possible.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    username = models.CharField(_("username"), max_length=30, unique=True, validators=username_validators)
    email = models.EmailField(_("e-mail address"))
    display_name = models.CharField(_("name"), max_length=60, blank=True)
    biography = models.TextField(_("about you"), max_length=1000, blank=True)
    # The random part of the avatar's file name; empty without one. See accounts.avatars.
    avatar_key = models.CharField(_("avatar"), max_length=32, blank=True, editable=False)
    preferred_language = models.CharField(
        _("preferred language"),
        max_length=2,
        choices=[("en", "English"), ("ru", "Русский"), ("hy", "Հայերեն")],
        default="en",
    )
    allows_promotion_by_others = models.BooleanField(
        _("others may promote my articles"),
        default=True,
        help_text=_("You are told of each request, and may refuse it."),
    )
    suspended_until = models.DateTimeField(_("suspended until"), null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="person_username_unique_in_any_case",
                violation_error_message=_("A person with this username exists already."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="person_email_unique_in_any_case",
                violation_error_message=_("A person with this e-mail address exists already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What readers see: the display name, or the username where none is set."""
        return self.display_name or self.username

    @property
    def is_suspended(self) -> bool:
        return self.suspended_until is not None and self.suspended_until > timezone.now()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("author", kwargs={"username": self.username})
