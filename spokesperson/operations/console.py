"""Questions to the operator, and answers from options of the command."""

from __future__ import annotations

from collections.abc import Callable
from getpass import getpass

from spokesperson.operations import OperationError

WRONG_ANSWER = 2


class Console:
    """Asks for what is missing or wrong, if there is a terminal.

    Args:
        can_ask: whether questions can be asked.
    """

    def __init__(self, *, can_ask: bool) -> None:
        self.can_ask = can_ask
        self.has_changed = False

    def answer(
        self,
        question: str,
        given: str | None,
        check: Callable[[str], str],
        *,
        default: str | None = None,
        read: Callable[[str], str] = input,
    ) -> str:
        """Return the given answer, or the one to the question, as soon as `check` returns no objection to it.

        Args:
            default: the answer if nothing is typed, or if no question can be asked.

        Raises:
            OperationError: the answer is missing or wrong, and no question can be asked.
        """
        while True:
            if given is None and self.can_ask:
                try:
                    given = read(f"{question}: ").strip()
                except EOFError as error:
                    raise OperationError("The input has ended.", WRONG_ANSWER) from error
            text = given or default or ""
            objection = check(text)
            if not objection:
                return text
            if not self.can_ask:
                raise OperationError(objection, WRONG_ANSWER)
            print(objection)
            given = None

    def done(self, sentence: str) -> None:
        """Report a change."""
        self.has_changed = True
        print(sentence, flush=True)


def ask_password(question: str) -> str:
    """Read a password twice without showing it; return "" if they differ."""
    first = getpass(question)
    return first if getpass("The same again: ") == first else ""
