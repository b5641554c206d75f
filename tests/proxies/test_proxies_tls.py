"""nginx with a certificate, as in the example: what sites of every age need to get through."""

import http.client
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.echoes import ask
from support.proxies import Site, running_proxy


def certificate(directory: Path) -> Path:
    """A key and a certificate of its own for localhost, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(2))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = directory / "localhost.pem"
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.rule(10)
def test_old_and_new_clients_get_through_and_the_bridge_learns_that_it_was_https(echoes, tmp_path):
    gitea, bridge = echoes
    pem = certificate(tmp_path)
    with running_proxy("nginx", Site(gitea.url, bridge.url, certificate=pem), tmp_path / "proxy") as proxy:
        old = ssl.create_default_context(cafile=str(pem))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        asked = http.client.HTTPSConnection("localhost", proxy.port, context=old, timeout=20)
        asked.request("GET", "/acme/mod/updates.xml?dlid=KEY", headers={"X-Forwarded-Proto": "http"})
        answer = asked.getresponse()
        assert (answer.status, answer.headers["X-Who"]) == (200, "bridge")
        assert '["X-Forwarded-Proto", "https"]' in answer.read().decode()
        asked.close()

        new = ssl.create_default_context(cafile=str(pem))
        new.set_alpn_protocols(["h2", "http/1.1"])
        plain = socket.create_connection(("127.0.0.1", proxy.port))
        with new.wrap_socket(plain, server_hostname="localhost") as secured:
            assert (secured.version(), secured.selected_alpn_protocol()) == ("TLSv1.3", "h2")
        moved = ask(f"http://127.0.0.1:{proxy.plain_port}", "/acme/mod/updates.xml?dlid=KEY", Host="git.example.com")
        assert moved.status == 301
        assert moved.headers["Location"] == "https://git.example.com/acme/mod/updates.xml?dlid=KEY"
