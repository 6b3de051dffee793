"""Clients of the page's server, good ones and raw ones."""

import contextlib
import json
import socket
import threading
from urllib.parse import urlsplit

import cv2
import numpy as np
from websockets.sync.client import connect

from fastsal.live.engine import Choice
from fastsal.live.web.server import Server


@contextlib.contextmanager
def running(method="lc", host="127.0.0.1", **options):
    """Run a server in a thread, and end it."""
    server = Server(host, 0, Choice(method, "cpu"), **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(10)
        assert not thread.is_alive()


def joined(server, **options):
    origin = options.pop("origin", server.url.rstrip("/"))
    return connect(server.url.replace("http", "ws", 1) + "socket", origin=origin, **options)


def jpeg_of(image):
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def reply_to(client, image):
    client.send(jpeg_of(image))
    return json.loads(client.recv(timeout=60)), decoded(client.recv(timeout=60))


def plugged(server, timeout=10):
    """Return a raw TCP connection to a server."""
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port), timeout)


def answer_to(server, data, timeout=10):
    """Send raw bytes, and return all that comes back."""
    with plugged(server, timeout) as client:
        client.sendall(data)
        return rest_of(client)


def rest_of(client):
    """Return all that still comes until the server closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def request(path="/", method="GET", **headers):
    """Return a request as bytes; a header of None is left out, ``_`` stands for ``-``."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()
             if value is not None]  # fmt: skip
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def handshake(host, **headers):
    """Return the request for a WebSocket that the page of `host` would send."""
    usual = {
        "Host": host, "Origin": f"http://{host}", "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec_WebSocket_Version": "13",
    }  # fmt: skip
    return request("/socket", **{**usual, **headers})


def frame(opcode, data=b"", *, fin=True, mask=b"\1\2\3\4", length=None, reserved=0):
    """Return a WebSocket frame of a client; `length` may lie, no mask is a fault."""
    length = len(data) if length is None else length
    head = bytes([fin << 7 | reserved << 4 | opcode])
    flag = 0x80 if mask else 0
    if length < 126:
        head += bytes([flag | length])
    elif length < 1 << 16:
        head += bytes([flag | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + length.to_bytes(8, "big")
    if mask:
        keys = np.resize(np.frombuffer(mask, np.uint8), len(data))
        data = (np.frombuffer(data, np.uint8) ^ keys).tobytes()
    return head + mask + data
