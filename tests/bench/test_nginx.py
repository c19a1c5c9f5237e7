"""deploy/nginx.conf, as the benchmark runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.nginx import adapt_config
from bench.system import ROOT, BenchmarkError

CONFIGURATION = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")


def changed(text: str) -> str:
    return adapt_config(text, folder=Path("somewhere"), port=18_001, site_port=18_002, data=Path("data"))


def test_adapt_config_keeps_one_server_on_the_given_port() -> None:
    text = changed(CONFIGURATION)
    assert [line.strip() for line in text.splitlines() if line.startswith("    listen")] == ["listen 127.0.0.1:18001;"]
    assert "    server 127.0.0.1:18002;" in text
    assert text.count("\nserver {") == 1


def test_adapt_config_removes_paths_of_the_machine() -> None:
    text = "\n".join(line for line in changed(CONFIGURATION).splitlines() if not line.startswith("#"))
    assert "/var/" not in text
    assert "ssl_" not in text
    assert "example.org" not in text


def test_adapt_config_keeps_the_cache_settings() -> None:
    def caching(text: str) -> list[str]:
        return [line for line in text.splitlines() if "proxy_cache" in line and "proxy_cache_path" not in line]

    assert caching(changed(CONFIGURATION)) == caching(CONFIGURATION) != []


def test_adapt_config_refuses_an_unknown_file() -> None:
    with pytest.raises(BenchmarkError, match="listen 443"):
        changed(CONFIGURATION.replace("listen 443 ssl http2", "listen 8443 ssl"))
