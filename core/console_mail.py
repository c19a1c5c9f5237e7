"""Letters printed where the site runs, for trying it without a mail server."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend as ConsoleBackend

RULE = "-" * 79


class EmailBackend(ConsoleBackend):
    """Prints what a person reads, not what travels: no encodings, no folded lines, so that a link can be clicked."""

    def write_message(self, message: EmailMessage) -> None:
        """Print one letter between two lines."""
        text = f"To: {', '.join(message.recipients())}\nSubject: {message.subject}\n\n{str(message.body).strip()}"
        self.stream.write(f"{RULE}\n{text}\n")
        self.stream.write(f"{RULE}\n")
