"""nginx, if it is installed: a static file as the baseline, and deploy/nginx.conf in front of the site."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from bench.servers import Server
from bench.system import ROOT, BenchmarkError, find_program, free_port, is_root, process_env

FILE = "page.html"
_AROUND = Template("""
daemon off;
worker_processes auto;
pid $folder/$name.pid;
error_log stderr error;
$user
events { worker_connections 1024; }
http {
    default_type text/html;
    client_body_temp_path $folder/$name-body;
    proxy_temp_path $folder/$name-proxy;
    fastcgi_temp_path $folder/$name-fastcgi;
    uwsgi_temp_path $folder/$name-uwsgi;
    scgi_temp_path $folder/$name-scgi;
$http
}
""")
# What deploy/nginx.conf says about every request and about files, and nothing else.
_STATIC = Template("""
    server {
        listen 127.0.0.1:$port;
        root $root;
        access_log $root/../nginx-static-access.log combined buffer=64k flush=5s;
        keepalive_requests 10000;
        sendfile on;
        tcp_nopush on;
        open_file_cache max=10000 inactive=60s;
        open_file_cache_valid 10s;
    }
""")


def is_installed() -> bool:
    """Return whether nginx is installed."""
    return find_program("nginx") is not None


def static_server(folder: Path) -> Server:
    """A server for the one file that `write_static_page` writes."""
    root = folder / "nginx-static"
    root.mkdir()
    port = free_port()
    return server("nginx-static", _STATIC.substitute(port=port, root=root), folder, port)


def write_static_page(folder: Path, content: bytes) -> None:
    """Write the file that nginx sends: as many bytes as the article page has."""
    (folder / "nginx-static" / FILE).write_bytes(content)


def front_server(folder: Path, *, site_port: int, data: Path) -> Server:
    """nginx with our configuration in front of the site."""
    port = free_port()
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    return server("nginx", adapt_config(text, folder=folder, port=port, site_port=site_port, data=data), folder, port)


def adapt_config(text: str, *, folder: Path, port: int, site_port: int, data: Path) -> str:
    """Adapt deploy/nginx.conf to this run: its last server only, on `port`, without TLS as the baseline.

    Raises:
        BenchmarkError: the file does not contain what is replaced.
    """
    *others, _ = re.findall(r"^server \{.*?^\}\n", text, flags=re.MULTILINE | re.DOTALL)
    for server in others:
        text = text.replace(server, "")
    text = re.sub(r"^ *ssl_.*\n", "", text, flags=re.MULTILINE)
    for theirs, mine in (
        (r"listen \[::\]:443 [^;]*;", ""),
        (r"listen 443 [^;]*;", f"listen 127.0.0.1:{port};"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{site_port}"),
        (r"news\.example\.org", "127.0.0.1"),
        (r"/var/lib/nginx/", f"{folder}/nginx-cache-"),
        (r"/var/log/nginx/", f"{folder}/nginx-log-"),
        (r"/var/lib/spokesperson/", f"{data}/"),
    ):
        text, replaced = re.subn(theirs, mine, text)
        if not replaced:
            raise BenchmarkError(f"deploy/nginx.conf holds no {theirs} that the benchmark could replace.")
    return text


def server(name: str, http: str, folder: Path, port: int) -> Server:
    """nginx with this content of its http block; its files are in the folder."""
    configuration = folder / f"{name}.conf"
    user = "user root;" if is_root() else ""
    configuration.write_text(_AROUND.substitute(name=name, folder=folder, user=user, http=http), encoding="utf-8")
    command = (find_program("nginx") or "nginx", "-e", "stderr", "-p", str(folder), "-c", str(configuration))
    return Server(name, command, process_env(), folder / "logs" / name, port)
