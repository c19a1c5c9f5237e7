"""Print the progress of a long command."""

from __future__ import annotations

import time
from typing import TextIO

STATUS_INTERVAL = 5  # seconds between status lines in a log


class Progress:
    """Print lines that stay, and status lines that the next line replaces.

    A log cannot replace a line: there a status line is printed every few seconds only.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.last_status = 0.0

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self._write(f"\r\033[K{text}\n" if self.is_terminal else f"{text}\n")

    def status(self, text: str) -> None:
        """Print a line that the next one replaces."""
        if self.is_terminal:
            # Cut to a narrow terminal's width: a line that wraps cannot be replaced.
            self._write(f"\r\033[K{text[:76]}")
        elif time.monotonic() - self.last_status > STATUS_INTERVAL:
            self._write(f"{text}\n")
            self.last_status = time.monotonic()

    def clear(self) -> None:
        """Remove the status line."""
        if self.is_terminal:
            self._write("\r\033[K")

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
