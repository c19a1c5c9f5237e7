"""nginx, where it is installed: a static file as the ceiling, and our own configuration in front of the site."""

from __future__ import annotations

from pathlib import Path
from string import Template

from bench.servers import Server
from bench.workplace import environment, find_program, free_port, is_root

FILE = "page.html"
_STATIC = Template("""
daemon off;
master_process on;
worker_processes auto;
pid $folder/nginx-static.pid;
error_log stderr warn;
$user
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    types { text/html html; }
    client_body_temp_path $folder/nginx-static-body;
    proxy_temp_path $folder/nginx-static-proxy;
    fastcgi_temp_path $folder/nginx-static-fastcgi;
    uwsgi_temp_path $folder/nginx-static-uwsgi;
    scgi_temp_path $folder/nginx-static-scgi;
    server {
        listen 127.0.0.1:$port;
        root $root;
    }
}
""")


def is_installed() -> bool:
    return find_program("nginx") is not None


def static_server(folder: Path) -> Server:
    """A server for the one file that `write_static_page` writes."""
    root = folder / "nginx-static"
    root.mkdir()
    port = free_port()
    configuration = folder / "nginx-static.conf"
    user = "user root;" if is_root() else ""
    configuration.write_text(_STATIC.substitute(folder=folder, port=port, root=root, user=user))
    return _server("nginx-static", configuration, folder, port)


def write_static_page(folder: Path, content: bytes) -> None:
    """The bytes that nginx has to send: as many as ours."""
    (folder / "nginx-static" / FILE).write_bytes(content)


def _server(name: str, configuration: Path, folder: Path, port: int) -> Server:
    command = (find_program("nginx") or "nginx", "-e", "stderr", "-p", str(folder), "-c", str(configuration))
    return Server(name, command, environment(), folder / "logs" / name, port)
