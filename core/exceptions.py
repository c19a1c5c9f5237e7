"""Exceptions that all apps share."""


class ActionNotAllowed(Exception):
    """The action does not fit the present state; `str(error)` is a sentence for the user. Nothing was written."""
