"""Fixtures and helpers of the tests of accounts."""

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
SIGNUP_DATA = {"username": "Anna", "email": "Anna@Example.org", "password1": PASSWORD, "rules": "on"}

Links = Callable[[], list[str]]


@pytest.fixture
def links() -> Links:
    """Return the paths of the links in the last email, except the front page."""

    def read() -> list[str]:
        text = str(mail.outbox[-1].body)
        return re.findall(re.escape(settings.ORIGIN) + r"(/\S+)", text)

    return read


@pytest.fixture
def other_client() -> Client:
    """A client with a session of its own."""
    return Client()


def reauthenticate(client: Client) -> None:
    """Reauthenticate, which changes of the account need."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def image(size: tuple[int, int] = (400, 300), kind: str = "JPEG") -> SimpleUploadedFile:
    """Return an image as a browser uploads it."""
    target = BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(target, kind)
    return SimpleUploadedFile("me.jpg", target.getvalue(), "image/jpeg")
