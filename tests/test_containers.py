"""The container files promise what docs/operating.md says of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.urls import reverse

DEPLOY = Path(settings.BASE_DIR, "deploy")
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = ("migrate", "web", "worker")
PINNED = re.compile(r"^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$")


def test_images_are_pinned_by_hash() -> None:
    [base] = re.findall(r"^ARG BASE=(.+)$", CONTAINERFILE, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)) == {"${BASE}"}
    for image in (base, *(service["image"] for name, service in SERVICES.items() if name not in OWN)):
        assert PINNED.match(image), image


@pytest.mark.parametrize("name", OWN)
def test_site_runs_without_privileges_on_a_read_only_root(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["data:/data"]
    assert re.search(r"^USER 10001$", CONTAINERFILE, re.MULTILINE)
    assert "DATA_DIR=/data" in CONTAINERFILE


def test_services_start_in_order_of_health() -> None:
    conditions = {
        (name, other): needed["condition"]
        for name, service in SERVICES.items()
        for other, needed in service.get("depends_on", {}).items()
    }
    assert conditions == {
        ("migrate", "postgres"): "service_healthy",
        ("migrate", "valkey"): "service_healthy",
        ("web", "migrate"): "service_completed_successfully",
        ("worker", "migrate"): "service_completed_successfully",
        ("caddy", "web"): "service_healthy",
    }
    for (_name, other), condition in conditions.items():
        if condition == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]


def test_health_check_asks_whether_the_site_is_ready() -> None:
    test = SERVICES["web"]["healthcheck"]["test"]
    assert ", ".join(f'"{word}"' for word in test[1:]) in CONTAINERFILE
    assert reverse("ready") in test[-1]
    assert SERVICES["caddy"]["environment"]["UPSTREAM"] == "web:8000"
    assert "127.0.0.1:8000" in test[-1]


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]


def test_env_example_names_every_variable_of_compose() -> None:
    used = set(re.findall(r"\$\{(\w+)[:}]", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) == used


def test_settings_of_compose_exist() -> None:
    assert set(SERVICES["web"]["environment"]) <= settings.ENVIRONMENT_VARIABLES


def test_proxy_of_compose_has_the_caddyfile() -> None:
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in SERVICES["caddy"]["volumes"]
    used = set(re.findall(r"\{\$(\w+):", (DEPLOY / "Caddyfile").read_text(encoding="utf-8")))
    assert used == set(SERVICES["caddy"]["environment"])
