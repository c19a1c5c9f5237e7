"""The admin of accounts."""

from accounts.admin import providers, signups
from accounts.admin.users import UserAdmin

__all__ = ["UserAdmin", "providers", "signups"]
