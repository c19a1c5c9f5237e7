"""Exceptions that all apps share."""

from __future__ import annotations


class ActionNotAllowed(Exception):
    """The action is not possible in the present state; nothing was written. `str(error)` is a sentence for the user."""
