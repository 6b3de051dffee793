"""The names that the server answers to, and its replies to malformed requests."""

import socket

import pytest

pytest.importorskip("websockets", reason="websockets is not installed")
from web_clients import answer_to, handshake, plugged, request, running, status_of

from fastsal.live.web.hosts import Hosts, is_same_origin, parse_host

OWN = ["localhost", "LOCALHOST", "LocalHost:80", "localhost.", "127.0.0.1", "127.0.0.1:9",
       "[::1]", "[::1]:8000", "[0:0:0:0:0:0:0:1]", "localhost:"]  # fmt: skip
OTHERS = ["evil.example", "127.0.0.2", "127.1", "0.0.0.0", "0", "2130706433", "0x7f000001",
          "127.0.0.1.evil.example", "localhost.evil.example", "evil.localhost.example",
          "[::]", "[::ffff:127.0.0.1]", "10.0.0.1", "127.000.000.001"]  # fmt: skip
MALFORMED = ["", ":80", "[::1", "::1", "[::1]x", "[:::]", "localhost:x", "localhost:99999",
             "localhost:123456", "a b", "user@localhost", "localhost/", "localhost,evil.example",
             "localh\u00f6st", "[localhost]", "..", "http://localhost", "%6cocalhost"]  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


@pytest.mark.parametrize(("host", "status"), [
    *((host, 200) for host in OWN),
    *((host, 403) for host in OTHERS),
    *((host, 400) for host in [*MALFORMED, None]),
])  # fmt: skip
def test_host_on_loopback(server, host, status):
    assert status_of(answer_to(server, request(Host=host))) == status


def test_two_hosts_are_malformed(server):
    data = b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert status_of(answer_to(server, data)) == 400


@pytest.mark.parametrize("name", ["127.0.0.2", "127.1", "LOCALHOST", "127.0.0.1"])
def test_every_spelling_of_loopback_is_checked(name):
    with running(host=name) as server:
        port = server.url.rstrip("/").rpartition(":")[2]
        assert status_of(answer_to(server, request(Host=f"evil.example:{port}"))) == 403
        assert status_of(answer_to(server, request(Host=f"{name}:{port}"))) == 200
        assert status_of(answer_to(server, request(Host=f"localhost:{port}"))) == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6_loopback():
    with running(host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert status_of(answer_to(server, request(Host="evil.example"))) == 403
        assert status_of(answer_to(server, request(Host="[::1]"))) == 200


def test_all_addresses_still_refuse_names_of_others():
    with running(host="0.0.0.0") as server:
        machine = socket.gethostname()
        for host in ("192.168.1.2:8000", "0.0.0.0", "[fe80::1]", machine.upper(), "localhost"):
            assert status_of(answer_to(server, request(Host=host))) == 200
        for host in ("evil.example", "127.1", f"{machine}.evil.example"):
            assert status_of(answer_to(server, request(Host=host))) == 403


def test_https_for_other_machines_needs_no_check():
    """A browser refuses the certificate under any name that is not in it."""
    assert Hosts("0.0.0.0", "0.0.0.0", has_tls=True).accept("cam.example")
    assert not Hosts("localhost", "127.0.0.1", has_tls=True).accept("cam.example")
    assert Hosts("cam.example", "10.0.0.7", has_tls=False).accept("cam.example")


@pytest.mark.parametrize(("origin", "status"), [
    ("http://localhost:8000", 101), ("HTTP://LOCALHOST:8000", 101), ("http://localhost.:8000", 101),
    ("http://localhost:8001", 403), ("http://localhost", 403), ("https://evil.example:8000", 403),
    ("http://127.0.0.1:8000", 403), ("null", 403), (None, 403),
    ("http://[::1", 400), ("http://", 400), ("", 400), ("file://", 400), ("localhost:8000", 400),
    ("http://localhost:8000/", 400), ("http://a@localhost:8000", 400), ("http://[", 400),
])  # fmt: skip
def test_origin(server, origin, status):
    with plugged(server) as client:
        client.sendall(handshake("localhost:8000", Origin=origin))
        assert status_of(client.recv(65536)) == status


def test_default_ports_of_origins():
    assert is_same_origin("https://cam.example", parse_host("cam.example:443"))
    assert is_same_origin("http://cam.example:80", parse_host("cam.example"))
    assert not is_same_origin("https://cam.example", parse_host("cam.example:80"))


@pytest.mark.parametrize(("line", "status"), [
    (b"GET // HTTP/1.1", 404), (b"GET //[ HTTP/1.1", 404), (b"GET /[ HTTP/1.1", 404),
    (b"GET http://[ HTTP/1.1", 400), (b"GET http://localhost/ HTTP/1.1", 400),
    (b"GET * HTTP/1.1", 400), (b"OPTIONS * HTTP/1.1", 400), (b"POST / HTTP/1.1", (400, 405)),
    (b"DELETE /socket HTTP/1.1", (400, 405)),
    (b"HEAD / HTTP/1.1", (400, 405)), (b"GET", 400), (b"", 400),
    (b"GET / HTTP/9.9", 400), (b"GET  / HTTP/1.1", 400), (b"G\xffT / HTTP/1.1", 400),
    (b"GET /\xff HTTP/1.1", (400, 404)), (b"\x16\x03\x01\x02\x00\x01", 400),
    (b"GET /?x=/socket HTTP/1.1", 200),
    (b"GET /../../etc/passwd HTTP/1.1", 404), (b"GET /%2e%2e/x HTTP/1.1", 404),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1", (400, 414)), (b"GET /favicon.ico HTTP/1.1", 204),
])  # fmt: skip
def test_request_lines(server, line, status):
    answer = answer_to(server, line + b"\r\nHost: localhost\r\n\r\n")
    assert status_of(answer) in (status if isinstance(status, tuple) else (status,))


@pytest.mark.parametrize("header", [
    b"no colon", b": no name", b"Bad Name: x", b"X: \x00", b" folded: x", b"Content-Length: 5",
    b"Transfer-Encoding: chunked", b"Content-Length: -1", b"X: " + b"y" * 9000,
    b"\r\n".join(b"X: y" for _ in range(200)),
])  # fmt: skip
def test_malformed_headers(server, header):
    answer = answer_to(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n\r\n")
    assert status_of(answer) in (400, 431)


@pytest.mark.parametrize("changed", [
    {"Upgrade": "h2c"}, {"Upgrade": None}, {"Connection": "close"}, {"Sec_WebSocket_Key": "x"},
    {"Sec_WebSocket_Key": None}, {"Sec_WebSocket_Version": "12"}, {"Sec_WebSocket_Key": "\u00ff"},
    {"Sec_WebSocket_Version": None}, {"Connection": "\u00ff,,"}, {"Upgrade": "(("},
])  # fmt: skip
def test_malformed_handshakes(server, changed):
    answer = answer_to(server, handshake("localhost", **changed))
    assert 400 <= status_of(answer) < 500
