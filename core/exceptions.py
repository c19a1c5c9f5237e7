"""Exceptions that all apps share."""

from __future__ import annotations


class ActionNotAllowed(Exception):
    """The action does not fit the present state; `str(error)` is a sentence for the user who tried. Nothing was written."""
