"""Clients that keep a connection and do nothing, or do not read the answers."""

import contextlib
import errno
import os
import signal
import socket
import sys
import threading
import time

import numpy as np
import pytest

import fastsal

pytest.importorskip("websockets", reason="websockets is not installed")
from processes import started
from web_clients import (
    answer_to,
    frame,
    handshake,
    joined,
    jpeg_of,
    plugged,
    reply_to,
    request,
    rest_of,
    running,
    status_of,
)
from websockets.exceptions import ConnectionClosed

from fastsal.live.engine import Choice
from fastsal.live.web import connection as module
from fastsal.live.web.server import MOST_CLIENTS, MOST_CONNECTIONS, Server

PICTURE = np.zeros((20, 30, 3), np.uint8)


def host_of(server):
    return server.url.split("/")[2]


def is_served(server):
    with joined(server) as client:
        client.recv(timeout=30)
        return reply_to(client, PICTURE)[0]["method"] == "lc"


def open_socket(server):
    """Return a raw client with an open WebSocket."""
    client = plugged(server)
    client.sendall(handshake(host_of(server)))
    data = b""
    while b"\r\n\r\n" not in data:
        data += client.recv(65536)
    assert status_of(data) == 101
    return client


def flood(client, seconds=20):
    """Send pictures and read nothing, until the server reads no more."""
    client.settimeout(1)
    picture = frame(2, jpeg_of(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)))
    deadline = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            client.sendall(picture)


def drip(client, data):
    for byte in data:
        client.sendall(bytes([byte]))
        time.sleep(0.02)


def test_idle_connections_do_not_keep_a_browser_out():
    with running() as server, contextlib.ExitStack() as stack:
        before = threading.active_count()
        for _ in range(300):
            stack.enter_context(plugged(server))
        assert is_served(server)
        assert threading.active_count() <= before + MOST_CONNECTIONS + 2
        assert status_of(answer_to(server, request(Host="localhost"))) == 200


def test_open_sockets_are_not_dropped_for_idle_connections():
    with running() as server, joined(server) as client, contextlib.ExitStack() as stack:
        client.recv()
        for _ in range(2 * MOST_CONNECTIONS):
            stack.enter_context(plugged(server))
        assert reply_to(client, PICTURE)[0]["method"] == "lc"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: local"])
def test_a_request_has_a_deadline(sent, monkeypatch):
    monkeypatch.setattr(module, "REQUEST_SECONDS", 0.3)
    with running() as server:
        assert status_of(answer_to(server, sent)) == 408


def test_a_request_that_drips_in_has_a_deadline(monkeypatch):
    monkeypatch.setattr(module, "REQUEST_SECONDS", 0.5)
    with running() as server, plugged(server) as client:
        with contextlib.suppress(OSError):
            drip(client, b"GET / HTTP/1.1\r\nX: " + b"y" * 60)
        assert b" 408 " in rest_of(client)


def test_a_client_that_does_not_read_loses_its_place(monkeypatch):
    monkeypatch.setattr(module, "SEND_SECONDS", 0.5)
    with running() as server, contextlib.ExitStack() as stack:
        deaf = [stack.enter_context(open_socket(server)) for _ in range(MOST_CLIENTS)]
        threads = [threading.Thread(target=flood, args=(each,)) for each in deaf]
        for each in threads:
            each.start()
        for each in threads:  # each ends because the server has closed its connection
            each.join(30)
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(ConnectionClosed):
                assert is_served(server)
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_silent_client_is_pinged_and_then_dropped(monkeypatch):
    monkeypatch.setattr(module, "PING_SECONDS", 0.3)
    with running() as server, open_socket(server) as client:
        assert b"\x89\x00" in rest_of(client)  # a ping, and then the end


def test_a_client_that_answers_pings_stays(monkeypatch):
    monkeypatch.setattr(module, "PING_SECONDS", 0.2)
    with running() as server, joined(server) as client:
        client.recv()
        time.sleep(1.2)
        assert reply_to(client, PICTURE)[0]["method"] == "lc"


def test_a_frame_that_drips_in_is_no_sign_of_life(monkeypatch):
    monkeypatch.setattr(module, "PING_SECONDS", 0.3)
    with (
        running() as server,
        open_socket(server) as client,
        pytest.raises(OSError, match=r"reset|pipe|aborted"),
    ):
        drip(client, frame(2, bytes(2000)))


def test_without_file_descriptors_it_waits_and_goes_on(monkeypatch):
    with running() as server:
        accept, fails = socket.socket.accept, iter(range(3))

        def failing(self):
            if next(fails, None) is not None:
                raise OSError(errno.EMFILE, "Too many open files")
            return accept(self)

        monkeypatch.setattr(socket.socket, "accept", failing)
        assert is_served(server)


def test_an_unexpected_end_is_an_error():
    server = Server("127.0.0.1", 0, Choice("lc", "cpu"))
    server._socket.close()
    with pytest.raises(fastsal.FastsalError, match="the server stopped"):
        server.run()


@pytest.fixture
def program():
    """Start the program itself; return it and the stand-in for its server."""

    class Remote:
        url = ""

    remote = Remote()
    command = [sys.executable, "-m", "fastsal", "webcam", "--web", "0"]
    with started(command) as process:
        line = process.stdout.readline()
        assert line.startswith("open http"), process.communicate(timeout=10)
        remote.url = line.split()[1]
        yield process, remote


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process")
def test_ctrl_c_with_clients_that_do_not_read(program):
    process, server = program
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(plugged(server))
        for _ in range(2):
            deaf = stack.enter_context(open_socket(server))
            threading.Thread(target=flood, args=(deaf, 3), daemon=True).start()
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "fastsal: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="file descriptors are not limited there")
def test_few_file_descriptors():
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40));"
        "from fastsal.cli.main import main; sys.exit(main(['webcam', '-m', 'lc', '--web', '0']))"
    )
    with started([sys.executable, "-c", code]) as process, contextlib.ExitStack() as stack:

        class remote:
            url = process.stdout.readline().split()[1]

        for _ in range(300):
            stack.enter_context(plugged(remote))
        assert is_served(remote)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "fastsal: interrupted\n")
