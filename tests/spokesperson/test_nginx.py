"""deploy/nginx.conf keeps the page cache's promises one level up: a real nginx with this file, the site behind it."""

from __future__ import annotations

import gzip
import os
import pwd
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import brotli
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import LazySettings, settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import URLPattern, URLResolver, get_resolver

from spokesperson.page_cache import PageCache
from tests import factories

CONF = settings.BASE_DIR / "deploy" / "nginx.conf"
PUBLIC = "public, max-age=0, s-maxage={fresh}, stale-while-revalidate={stale}, stale-if-error={error}"


def public_parameters(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    """The query parameters of every view that opted in."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from public_parameters(pattern.url_patterns)
        elif getattr(pattern.callback, "is_public_page", False):
            yield from getattr(pattern.callback, "page_parameters", ())


def test_the_file_knows_every_parameter_that_pages_know() -> None:
    known = sorted(set(public_parameters(get_resolver().url_patterns)))
    conf = CONF.read_text()
    maps = re.findall(r'map \$args \$page_(\w+) +\{ default ""; "~\(\?:\^\|&\)\(\?<found_(\w+)>(\w+)\(', conf)
    assert [set(one) for one in maps] == [{name} for name in known]
    assert "".join(f"$page_{name}" for name in known) in conf
    assert f"({'|'.join(known)})(?:=[^&]*)?&" in conf


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self) -> None:
        """Without asking a name server what we are called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "testserver", self.server_address[1]
        self.setup_environ()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@dataclass
class Behind:
    """What stands behind nginx: notes what arrives, and misbehaves when told to."""

    app: Any = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False
    gate: threading.Event | None = None
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b"page"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append(environ)
        if length := environ.get("CONTENT_LENGTH"):
            environ["wsgi.input"].read(int(length))
        self.entered.release()
        if self.away:
            raise ConnectionAbortedError  # The handler closes the connection without a word.
        if self.gate:
            assert self.gate.wait(20)
        if self.app and not self.status:
            try:
                return [b"".join(self.app(environ, start_response))]
            finally:
                connections.close_all()
        start_response(self.status or "200 OK", list(self.headers))
        return [self.body]


@dataclass
class Front:
    """nginx, and how to ask it."""

    port: int
    behind: Behind

    def ask(self, path: str = "/about/", method: str = "GET", body: bytes | None = None, **headers: str) -> Any:
        """An answer: status, headers (names in lower case), body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in ({"host": "testserver"} | headers).items():
                connection.putheader(name.replace("_", "-"), value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            given = {name.lower(): value for name, value in response.getheaders()}
            return {"status": response.status, "headers": given, "body": response.read()}
        finally:
            connection.close()

    def send(self, request: bytes) -> bytes:
        """The raw answer to a raw request."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def how(answer: dict[str, Any]) -> str | None:
    found: str | None = answer["headers"].get("x-cache")
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def as_here(conf: str, *, port: int, behind: int, folder: Path, static: Path, media: Path) -> str:
    """The file with the placeholders that an operator replaces, and without TLS."""
    changes = {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
        "listen 443 ssl default_server;": f"listen 127.0.0.1:{port} default_server;",
        "ssl_reject_handshake on;": "",
        "    listen 80 default_server;\n": "",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{behind};",
        "news.example.org": "testserver",
        "/var/lib/spokesperson/static/": f"{static}/",
        "/var/lib/spokesperson/media/": f"{media}/",
        "/var/cache/nginx/spokesperson": f"{folder}/pages",
        "/var/log/nginx/spokesperson.log": f"{folder}/access.log",
    }
    for old, new in changes.items():
        assert old in conf, old
        conf = conf.replace(old, new)
    return re.sub(r"\n *ssl_\w+ [^;]*;", "", conf)


WRAPPER = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 256; }}
http {{
    types {{ text/html html; text/css css; text/javascript js; image/webp webp; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@pytest.fixture
def nginx() -> str:
    """The program."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("No nginx is installed.")
    assert found
    return found


def user() -> str:
    """Our folders are ours alone, so that a nginx of root's must not become somebody else."""
    return f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""


def certify(folder: Path) -> None:
    """A certificate that certifies itself, under the names that the file expects."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "testserver")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_nginx_takes_the_file_as_it_is(nginx: str, tmp_path: Path) -> None:
    """With TLS and all, only in folders and on ports of our own."""
    certify(tmp_path)
    conf = CONF.read_text()
    for old, new in {
        "/etc/ssl/news.example.org": str(tmp_path),
        "/var/cache/nginx": str(tmp_path),
        "/var/log/nginx": str(tmp_path),
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "listen 443": f"listen 127.0.0.1:{free_port()}",
    }.items():
        assert old in conf
        conf = conf.replace(old, new)
    (tmp_path / "site.conf").write_text(conf)
    (tmp_path / "nginx.conf").write_text(WRAPPER.format(folder=tmp_path, user=user()))
    command = [nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    assert checked.returncode == 0, checked.stderr
    # Newer ones would like "http2 on;", which 1.22 does not know.
    warned = [line for line in checked.stderr.splitlines() if "[warn]" in line and "http2" not in line]
    assert not warned


@pytest.fixture
def start(nginx: str, tmp_path: Path) -> Iterator[Callable[[Behind], Front]]:
    """Starts nginx in a folder of its own, with what stands behind it on a port of its own."""
    folder, static, media = (tmp_path / name for name in ("nginx", "static", "media"))
    for one in (folder, static, media):
        one.mkdir(exist_ok=True)
    running: list[subprocess.Popen[bytes]] = []
    servers: list[Server] = []

    def begin(behind: Behind) -> Front:
        server = Server(("127.0.0.1", 0), Quiet)
        server.set_app(behind)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        port = free_port()
        site = as_here(
            CONF.read_text(), port=port, behind=server.server_port, folder=folder, static=static, media=media
        )
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user=user()))
        command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))  # noqa: S603 - a fixed command
        eventually(lambda: accepts(port), (folder / "error.log").read_text)
        return Front(port, behind)

    try:
        yield begin
    finally:
        for process in running:
            process.terminate()
            process.wait(20)
        for server in servers:
            server.shutdown()
            server.server_close()


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def eventually(holds: Callable[[], Any], explain: Callable[[], str] = str) -> None:
    """Ask again until it holds; nginx counts in whole seconds and renews behind the answer."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, explain()
        threading.Event().wait(0.02)


@pytest.fixture
def stub(start: Callable[[Behind], Front]) -> Front:
    """A page that is fresh for an hour, unless a test says otherwise."""
    behind = Behind(headers=[("Content-Type", "text/html"), ("Cache-Control", "public, s-maxage=3600")])
    return start(behind)


def said(front: Front, *, fresh: int, stale: int = 0, error: int = 0) -> None:
    """Have what stands behind say how long its page is fresh, seconds each."""
    policy = PUBLIC.format(fresh=fresh, stale=stale, error=error)
    front.behind.headers = [("Content-Type", "text/html"), ("Cache-Control", policy)]


def test_a_page_is_asked_for_once_and_then_served(stub: Front) -> None:
    first, second = stub.ask(), stub.ask()
    assert (first["body"], how(first)) == (b"page", None)
    assert (second["body"], how(second)) == (b"page", "hit")
    assert len(stub.behind.asked) == 1


@pytest.mark.parametrize(
    "variant",
    [
        {"path": "/about/?utm_source=x"},
        {"path": "/about/?AFTER=1&after[]=1&xafter=2&afterx=3"},
        {"path": "/about/?"},
        {"host": "TESTSERVER"},
        {"host": "testserver:81"},
        {"cookie": "csrf=1; sessionid=2; xsession=3; a=session"},
        {"accept_language": "ru"},
        {"accept_encoding": "br;q=0, gzip;q=0.000, *"},
        {"x_forwarded_host": "evil.example"},
        {"x_forwarded_proto": "https"},
        {"x_http_method_override": "POST"},
        {"hx_request": "true"},
        {"range": "bytes=0-1"},
        {"if_none_match": '"other"'},
        {"user_agent": "another"},
        {"method": "HEAD"},
    ],
)
def test_variants_of_a_request_share_one_page(stub: Front, variant: dict[str, Any]) -> None:
    stub.ask()
    answer = stub.ask(**variant)
    assert (answer["status"], how(answer)) == (200, "hit")
    assert answer["body"] == (b"" if variant.get("method") == "HEAD" else b"page")
    assert len(stub.behind.asked) == 1


@pytest.mark.parametrize(
    "variant",
    [
        {"path": "/about/?after=1"},
        {"path": "/about/?x=1&after=1"},
        {"path": "/about/?after"},
        {"path": "/about/?q=x"},
        {"path": "/about/x"},
        {"path": "//about/"},
        {"path": "/x/../about/"},
        {"path": "/%61bout/"},
        {"accept_encoding": "gzip"},
        {"accept_encoding": "gzip, deflate, br;q=0.9"},
    ],
)
def test_what_a_page_depends_on_makes_another_copy(stub: Front, variant: dict[str, Any]) -> None:
    stub.ask()
    stub.behind.body = b"another"
    assert stub.ask(**variant)["body"] == b"another"
    again = stub.ask(**variant)
    assert (again["body"], how(again)) == (b"another", "hit")
    assert stub.ask()["body"] == b"page"


@pytest.mark.parametrize(
    "path",
    [
        "/about/?after=1&after=2",
        "/about/?after=2&x=1&after=1",
        "/about/?after&after=2",
        "/about/?%61fter=1",
        "/about/?aft%65r=1&after=1",
        "/about/?x=1#&after=1",
        "/about/#?after=1",
        "/about/?q=1&" + "x" * 1000,
    ],
)
def test_what_two_programs_may_read_differently_is_never_kept(stub: Front, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n".encode()
    for _ in range(2):
        assert stub.send(request).endswith(b"page")
    assert len(stub.behind.asked) == 2
    stub.behind.body = b"clean"
    assert stub.ask("/about/?after=1")["body"] == stub.ask()["body"] == b"clean"


@pytest.mark.parametrize(
    "variant",
    [
        {"cookie": "session=1"},
        {"cookie": "a=1; session=1"},
        {"cookie": "a=1;__Host-session=1"},
        {"cookie": "session="},
        {"path": "/desk/"},
        {"path": "/hy/accounts/login/?next=/desk/"},
        {"path": "/beacon/1.gif"},
        {"path": "/admin/"},
        {"method": "POST", "body": b"x=1"},
    ],
)
def test_what_is_not_everybodys_is_neither_served_nor_kept(stub: Front, variant: dict[str, Any]) -> None:
    path = variant.get("path", "/about/")
    stub.ask()
    stub.behind.body = b"mine"
    for _ in range(2):
        assert stub.ask(**variant)["body"] == b"mine"
    if path == "/about/":
        assert stub.ask()["body"] == b"page"
    asked = stub.behind.asked[-1]
    assert f"{asked['PATH_INFO']}?{asked['QUERY_STRING']}".rstrip("?") == path


@pytest.mark.parametrize(
    "headers",
    [
        [("Cache-Control", "private, no-store")],
        [("Cache-Control", "public, s-maxage=3600"), ("Set-Cookie", "a=1")],
        [],
    ],
)
@pytest.mark.parametrize("status", ["200 OK", "302 Found", "404 Not Found", "500 Internal Server Error"])
def test_what_may_not_be_kept_is_not(stub: Front, headers: list[tuple[str, str]], status: str) -> None:
    stub.behind.status, stub.behind.headers = status, headers
    for _ in range(2):
        stub.ask()
    assert len(stub.behind.asked) == 2


def test_only_what_nginx_knows_itself_is_forwarded(stub: Front) -> None:
    stub.ask(
        x_forwarded_for="203.0.113.9",
        x_forwarded_proto="https",
        x_forwarded_host="evil.example",
        x_forwarded_port="1",
        forwarded="host=evil.example",
        accept_encoding="zstd, gzip;q=0.5",
        host="TestServer:99",
        connection="close",
    )
    asked = stub.behind.asked[0]
    assert asked["HTTP_HOST"] == "testserver"
    assert asked["HTTP_X_FORWARDED_FOR"] == "203.0.113.9, 127.0.0.1"
    assert asked["HTTP_X_FORWARDED_PROTO"] == "http"
    assert asked["HTTP_ACCEPT_ENCODING"] == "gzip"
    for name in ("X_FORWARDED_HOST", "X_FORWARDED_PORT", "FORWARDED"):
        assert not asked.get(f"HTTP_{name}")


def test_another_host_gets_no_answer(stub: Front) -> None:
    for request in (
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: testserver\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ):
        assert stub.send(request) == b""
    assert not stub.behind.asked


def test_a_crowd_at_a_new_page_asks_once(stub: Front) -> None:
    stub.behind.gate = threading.Event()
    with ThreadPoolExecutor(8) as crowd:
        answers = [crowd.submit(stub.ask) for _ in range(8)]
        assert stub.behind.entered.acquire(timeout=20)
        stub.behind.gate.set()
        assert {answer.result()["body"] for answer in answers} == {b"page"}
    assert len(stub.behind.asked) == 1


def test_a_stale_page_serves_while_it_is_renewed_behind_the_answer(stub: Front) -> None:
    said(stub, fresh=1, stale=3600)
    stub.ask()
    stub.behind.entered.acquire()
    stub.behind.gate, stub.behind.body = threading.Event(), b"new"
    eventually(lambda: how(stub.ask()) == "stale")
    assert stub.behind.entered.acquire(timeout=20)
    for _ in range(5):
        assert stub.ask()["body"] == b"page"
    assert len(stub.behind.asked) == 2
    stub.behind.gate.set()
    eventually(lambda: stub.ask()["body"] == b"new")


def test_a_page_that_is_too_old_is_not_served_while_it_is_renewed(stub: Front) -> None:
    said(stub, fresh=1)
    stub.ask()
    stub.behind.body = b"new"

    def renewed() -> bool:
        answer = stub.ask()
        assert how(answer) != "stale"
        return bool(answer["body"] == b"new")

    eventually(renewed)


def test_the_age_counts_from_the_rendering(stub: Front) -> None:
    """What the application kept for a while may be kept here for what is left of its time."""
    said(stub, fresh=3600)
    stub.behind.headers.append(("X-Accel-Expires", f"@{int(time.time()) - 1}"))
    for _ in range(2):
        answer = stub.ask()
        assert "x-accel-expires" not in answer["headers"]
    assert len(stub.behind.asked) == 2
    stub.behind.headers[-1] = ("X-Accel-Expires", f"@{int(time.time()) + 3600}")
    stub.ask()
    assert how(stub.ask()) == "hit"


def test_while_the_application_is_away_the_last_copy_serves(stub: Front) -> None:
    said(stub, fresh=1, error=3600)
    stub.ask()
    stub.behind.away = True
    eventually(lambda: how(stub.ask()) == "stale")
    answer = stub.ask()
    assert (answer["status"], answer["body"]) == (200, b"page")


def test_it_serves_no_longer_than_the_page_allows(stub: Front) -> None:
    said(stub, fresh=1)
    stub.ask()
    stub.behind.away = True
    eventually(lambda: stub.ask()["status"] == 502)


def test_an_error_of_the_application_is_its_last_word(stub: Front) -> None:
    """It has covered it up for thirty seconds itself."""
    said(stub, fresh=1, stale=0, error=3600)
    stub.ask()
    stub.behind.status, stub.behind.headers = "500 Internal Server Error", []
    eventually(lambda: stub.ask()["status"] == 500)


def test_more_than_twelve_megabytes_are_refused_before_they_are_read(stub: Front) -> None:
    length = 12 * 1024 * 1024 + 1
    head = f"POST /desk/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    assert stub.send(head.encode()).startswith(b"HTTP/1.1 413 ")
    assert not stub.behind.asked
    assert stub.ask("/desk/", "POST", b"x" * 11_000_000)["status"] == 200


def test_files_are_served_from_the_disk_and_for_good(stub: Front, tmp_path: Path) -> None:
    (tmp_path / "static" / "site.0123.css").write_bytes(b"a{}")
    (tmp_path / "static" / "site.0123.css.gz").write_bytes(gzip.compress(b"a{}"))
    (tmp_path / "static" / "staticfiles.json").write_bytes(b"{}")
    (tmp_path / "media" / "x.webp").write_bytes(b"picture")
    plain = stub.ask("/static/site.0123.css")
    small = stub.ask("/static/site.0123.css", accept_encoding="gzip, br")
    picture = stub.ask("/media/x.webp", range="bytes=0-2")
    assert (plain["body"], gzip.decompress(small["body"])) == (b"a{}", b"a{}")
    assert small["headers"]["content-encoding"] == "gzip"
    assert plain["headers"]["content-type"] == "text/css"
    assert (picture["status"], picture["body"]) == (206, b"pic")
    for answer in (plain, small, picture):
        assert "immutable" in answer["headers"]["cache-control"]
        assert answer["headers"]["x-content-type-options"] == "nosniff"
    for path in ("/static/staticfiles.json", "/static/none.css", "/static../media/x.webp", "/media/", "/static/"):
        assert stub.ask(path)["status"] in {403, 404} or stub.behind.asked.pop()["PATH_INFO"] == path
    assert not stub.behind.asked


@pytest.mark.django_db(transaction=True)
def test_in_front_of_the_real_site(start: Callable[[Behind], Front], settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = factories.published(title="Street lamps").get_absolute_url()
    front = start(Behind(app=PageCache(get_wsgi_application(), max_bytes=1024 * 1024)))
    first = front.ask(path, accept_encoding="gzip, br", x_forwarded_host="evil.example")
    assert (first["status"], how(first)) == (200, "miss")
    assert b"Street lamps" in brotli.decompress(first["body"])
    assert "set-cookie" not in first["headers"]
    assert "x-accel-expires" not in first["headers"]
    second = front.ask(f"{path}?utm_source=x", accept_encoding="br")
    assert (second["body"], how(second)) == (first["body"], "hit")
    assert front.ask(path, accept_encoding="br", if_none_match=first["headers"]["etag"])["status"] == 304
    assert len(front.behind.asked) == 1
    assert b"Street lamps" in front.ask(path)["body"]
    assert b"evil.example" not in front.ask(path)["body"]
    assert how(front.ask(path, cookie="session=x")) is None
    assert front.ask("/nothing/")["status"] == 404
