"""The admin of accounts."""

from accounts.admin import providers, users

__all__ = ["providers", "users"]
