"""The admin of accounts."""

from accounts.admin import providers, signups, users

__all__ = ["providers", "signups", "users"]
