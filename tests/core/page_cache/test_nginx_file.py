"""nginx accepts deploy/nginx.conf as it is."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.system import free_port
from tests.core.page_cache.nginx import CONF, WRAPPER, user


def write_certificate(folder: Path) -> None:
    """Write a self-signed certificate with the file names in the configuration."""
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


def test_nginx_conf_is_valid(nginx: str, tmp_path: Path) -> None:
    """Check the file with TLS; only folders and ports are replaced."""
    write_certificate(tmp_path)
    conf = CONF.read_text()
    for old, new in {
        "/etc/ssl/news.example.org": str(tmp_path),
        "/var/lib/nginx": str(tmp_path),
        "/var/log/nginx": str(tmp_path),
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "listen 443": f"listen 127.0.0.1:{free_port()}",
        "listen [::]:80": f"listen [::1]:{free_port()}",
        "listen [::]:443": f"listen [::1]:{free_port()}",
    }.items():
        assert old in conf
        conf = conf.replace(old, new)
    (tmp_path / "site.conf").write_text(conf)
    (tmp_path / "nginx.conf").write_text(WRAPPER.format(folder=tmp_path, user=user()))
    command = [nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    assert checked.returncode == 0, checked.stderr
    # Newer versions recommend "http2 on;", which 1.22 does not know.
    warned = [line for line in checked.stderr.splitlines() if "[warn]" in line and "http2" not in line]
    assert not warned
