"""Servers behind https://, and what only looks like one."""

import ssl

import pytest

from convlens.errors import UnreachableError
from convlens.sources import http
from tests.server import LOG, send


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate authority, which is trusted where REQUESTS_CA_BUNDLE names its file."""
    trustme = pytest.importorskip("trustme", reason="makes certificates; comes with the group dev")
    made = trustme.CA()
    path = tmp_path / "ca.pem"
    made.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    return made


def https(server, authority, name):
    """The server's address, behind a certificate for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server.url.replace("http://", "https://")


def test_a_server_that_is_trusted(server, authority):
    server.answers = [send(b"", 302, Location="/b.log"), send()]
    assert http.get(https(server, authority, "127.0.0.1")).data == LOG
    assert [seen["path"] for seen in server.seen] == ["/runs/a.log", "/b.log"]


def test_a_server_that_nobody_vouches_for(server, authority, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(UnreachableError, match=r"certificate cannot be trusted \(.*(self-signed|issuer)"):
        http.get(https(server, authority, "127.0.0.1"))
    assert server.seen == []


def test_a_certificate_for_another_server(server, authority):
    with pytest.raises(UnreachableError, match=r"certificate cannot be trusted \(.*not valid for '127"):
        http.get(https(server, authority, "example.org"))
    assert server.seen == []


def test_a_server_without_tls(server):
    with pytest.raises(UnreachableError, match=r"does not speak TLS as it should; is the address http://\?"):
        http.get(server.url.replace("http://", "https://"))
