"""deploy/nginx.conf, as the benchmark runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from articles.models.preview import new_token
from bench.http_client import fetch
from bench.nginx import adapt_config, front_server, is_installed
from bench.system import ROOT, BenchmarkError, free_port, temporary_folder
from tests.e2e.conftest import skip_or_fail

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


def test_logs_have_no_secrets_of_paths() -> None:
    if not is_installed():
        skip_or_fail("nginx is not installed.")
    paths = ["/preview/{}/", "/ru/preview/{}/", "/accounts/confirm-email/{}/", "/hy/accounts/password/reset/key/{}/"]
    with temporary_folder() as folder:
        (folder / "logs").mkdir()
        server = front_server(folder, site_port=free_port(), data=folder)
        server.start()
        try:
            server.wait_for_response()
            secret = new_token()
            for path in (*paths, "/articles/{}/"):
                fetch(server.port, path.format(secret), status=502)
        finally:
            server.stop()
        log = (folder / "nginx-log-spokesperson.log").read_text(encoding="utf-8")
        errors = server.log.read_text(encoding="utf-8")
    logged = {line.split()[2] for line in log.splitlines()} - {"/"}
    assert logged == {*(path.format("*").removesuffix("/") for path in paths), f"/articles/{secret}/"}
    assert errors.count(secret) == errors.count(f"/articles/{secret}/") > 0
