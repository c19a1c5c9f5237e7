"""An email backend that prints to the console, to try the site without a mail server."""

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend as ConsoleBackend

SEPARATOR = "-" * 79


class EmailBackend(ConsoleBackend):
    """Print emails decoded and without line folding, so that links can be clicked."""

    def write_message(self, message: EmailMessage) -> None:
        """Print recipients, subject and text."""
        text = f"To: {', '.join(message.recipients())}\nSubject: {message.subject}\n\n{str(message.body).strip()}"
        self.stream.write(f"{SEPARATOR}\n{text}\n{SEPARATOR}\n")
