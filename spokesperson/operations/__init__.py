"""The subcommands of `spokesperson`, each a module with `add_arguments(parser)` and `run(options)`.

A module can be imported without settings. `run` calls `set_up` before it imports what needs them, and returns an exit
code (docs/operating.md, Exit codes).
"""

from __future__ import annotations

import os
import pwd

import django

SETTINGS = "spokesperson.settings"


class OperationError(Exception):
    """The command cannot go on; `str(error)` is one sentence for the operator.

    Args:
        code: the exit code of the command.
    """

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def become(uid: int, gid: int) -> None:
    """Continue as another user, for good. Only root can."""
    try:
        os.initgroups(pwd.getpwuid(uid).pw_name, gid)
    except KeyError:  # A container has users without a name.
        os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def set_up(statement_timeout: int = 600) -> None:
    """Load the settings and the apps.

    Args:
        statement_timeout: in seconds, 0 for none; longer than for a page.

    Raises:
        ImproperlyConfigured: a setting is wrong.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    os.environ.setdefault("STATEMENT_TIMEOUT", str(statement_timeout))
    django.setup()
