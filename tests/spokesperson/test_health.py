"""/health/ for load balancers: status of the database and the cache, without details."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.db import DatabaseError
from django.test import Client

pytestmark = pytest.mark.django_db


def test_health_ok(client: Client) -> None:
    response = client.get("/health/", headers={"accept": "text/html;level=1;q=broken"})
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "cache": "ok"}
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]


def test_health_database_error_is_503_without_details(client: Client) -> None:
    with patch("health_check.checks.Database.run", side_effect=DatabaseError("password of spokesperson at 10.0.0.7")):
        response = client.get("/health/")
    assert response.status_code == 503
    assert response.json() == {"database": "failed", "cache": "ok"}


def test_health_needs_get(client: Client) -> None:
    assert client.post("/health/").status_code == 405
