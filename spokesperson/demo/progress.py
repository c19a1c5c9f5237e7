"""How the preparation tells how far it is."""

from __future__ import annotations

import time
from typing import Protocol, TextIO

SECONDS_BETWEEN_LINES = 5


class Say(Protocol):
    """Prints a line of progress; one that does not stay is written over by the next."""

    def __call__(self, line: str, *, stays: bool = True) -> None: ...


class Progress:
    """Lines on a terminal; in a log, where nothing can be written over, a passing line every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.on_terminal = stream.isatty()
        self.last = 0.0

    def __call__(self, line: str, *, stays: bool = True) -> None:
        if self.on_terminal:
            # Cut to the width of a narrow terminal: a line that wraps cannot be written over.
            self.stream.write(f"\r\033[K{line}\n" if stays else f"\r\033[K{line[:76]}")
        elif stays or time.monotonic() - self.last > SECONDS_BETWEEN_LINES:
            self.stream.write(f"{line}\n")
            self.last = time.monotonic()
        self.stream.flush()

    def clear(self) -> None:
        """Take the passing line away."""
        if self.on_terminal:
            self.stream.write("\r\033[K")
            self.stream.flush()
