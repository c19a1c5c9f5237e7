"""What the tests of accounts share."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

PASSWORD = "correct horse battery"
NEWCOMER = {"username": "Anna", "email": "Anna@Example.org", "password1": PASSWORD, "rules": "on"}

Links = Callable[[], list[str]]


@pytest.fixture
def links() -> Links:
    """The paths that the last letter leads to, its own site's front page excepted."""

    def read() -> list[str]:
        text = str(mail.outbox[-1].body)
        return re.findall(re.escape(settings.ORIGIN) + r"(/\S+)", text)

    return read


@pytest.fixture
def other_client() -> Client:
    """The same person's other browser, or somebody else's."""
    return Client()


def prove_again(client: Client) -> None:
    """Give the password once more, which changes of the account ask for."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def image(size: tuple[int, int] = (400, 300), kind: str = "JPEG") -> SimpleUploadedFile:
    """A photograph as a browser sends it."""
    target = BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(target, kind)
    return SimpleUploadedFile("me.jpg", target.getvalue(), "image/jpeg")
