"""Exceptions that all apps share."""


class ActionNotAllowed(Exception):
    """The action does not fit the present state; `str(error)` is a sentence for the user. Nothing was written.

    Args:
        field: the field of the form that another value would solve it in, if there is one.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
