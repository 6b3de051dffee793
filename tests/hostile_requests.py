"""Hostile clients of the page's server, drawn at random."""

import contextlib
import socket
import struct

import numpy as np
from web_clients import frame, handshake, jpeg_of, plugged, request, rest_of, status_of

NAMES = ("Host", "Origin", "Upgrade", "Connection", "Sec_WebSocket_Key", "Content_Length",
         "Transfer_Encoding", "Cookie", "Range", "Expect")  # fmt: skip
METHODS = (
    "GET",
    "GET",
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "get",
    "G\0T",
    "PRI",
)
PATHS = (
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/shadow",
    "/..\\..\\win.ini",
    "//evil.example/",
    "/socket/../page.html",
    "/page.html",
    "/\0",
    "/[",
    "//[",
    "http://[",
    "*",
    "/?" + "a" * 7000,
)
HOSTS = ("evil.example", "127.1", "0.0.0.0", "[::1", "localhost@evil.example", "", "a b", "[::]")


def attack(server, rng):
    """Attack once; return the kind of attack and its outcome."""
    kinds = (_noise, _line, _headers, _huge, _origin, _slow, _half_open, _vanishes,
             _frames, _frames, _messages, _messages, _pictures, _pictures)  # fmt: skip
    kind = kinds[rng.integers(len(kinds))]
    try:
        return kind.__name__.strip("_"), kind(server, rng)
    except (TimeoutError, ConnectionError) as error:
        return kind.__name__.strip("_"), f"client: {type(error).__name__}"


def _pick(rng, values):
    return values[rng.integers(len(values))]


def _host(server):
    return server.url.split("/")[2]


def _answer(server, data, end=True):
    with plugged(server, timeout=20) as client:
        client.sendall(data)
        if end:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
        answer = rest_of(client)
    return f"{status_of(answer)}" if answer else "closed"


def _noise(server, rng):
    data = rng.integers(0, 256, rng.integers(1, 3000), dtype=np.uint8).tobytes()
    return _answer(server, data + b"\r\n\r\n")


def _line(server, rng):
    return _answer(server, request(_pick(rng, PATHS), _pick(rng, METHODS), Host=_host(server)))


def _headers(server, rng):
    data = bytearray(request(Host=_pick(rng, HOSTS)))
    for _ in range(rng.integers(1, 6)):
        name = _pick(rng, NAMES).replace("_", "-").encode()
        value = rng.integers(0, 256, rng.integers(0, 60), dtype=np.uint8).tobytes()
        data[-2:] = name + _pick(rng, (b": ", b":", b" : ", b"")) + value + b"\r\n\r\n"
    return _answer(server, bytes(data))


def _huge(server, rng):
    line = b"X: " + b"y" * int(_pick(rng, (100, 9_000, 200_000))) + b"\r\n"
    data = b"GET / HTTP/1.1\r\n" + line * int(rng.integers(130, 300)) + b"\r\n"
    return _answer(server, data)


def _origin(server, rng):
    origin = _pick(rng, (None, "null", "http://evil.example", "http://[", "\xff", "a" * 5000))
    return _answer(server, handshake(_host(server), Origin=origin))


def _slow(server, rng):
    """Send part of a request, and leave the connection open for a moment."""
    data = handshake(_host(server))
    with plugged(server) as client:
        client.sendall(data[: rng.integers(len(data))])
        client.settimeout(0.05)
        with contextlib.suppress(TimeoutError):
            return f"{status_of(client.recv(100))}"
    return "left open, closed by the client"


def _half_open(server, rng):
    data = handshake(_host(server))
    return _answer(server, data[: rng.integers(len(data))])


def _vanishes(server, rng):
    """Reset the connection at some point of a good conversation."""
    data = handshake(_host(server)) + frame(2, jpeg_of(np.zeros((50, 60, 3), np.uint8)))
    with plugged(server) as client:
        client.sendall(data[: rng.integers(len(data))])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "reset by the client"


def _talk(server, data):
    """Open a WebSocket, send data, and return how the server ends the conversation."""
    with plugged(server, timeout=20) as client:
        client.sendall(handshake(_host(server)))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.recv(65536)
        assert status_of(answer) == 101
        with contextlib.suppress(ConnectionError):
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        return _close_code(answer.partition(b"\r\n\r\n")[2] + rest_of(client))


def _close_code(data):
    """Return the code of the close frame among frames of the server."""
    while len(data) >= 2:
        opcode, length, start = data[0] & 15, data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        if opcode == 8:
            return f"close {int.from_bytes(data[start : start + 2], 'big')}"
        data = data[start + length :]
    return "closed"


def _frames(server, rng):
    """Break the rules of frames."""
    return _talk(server, _pick(rng, (
        frame(2, b"x", mask=b""),
        frame(0, b"continues nothing"),
        frame(1, b"begins", fin=False) + frame(2, b"begins again"),
        frame(9, b"p" * 200),
        frame(8, b"\x03"),
        frame(8, b"\x00\x01bad code"),
        frame(int(_pick(rng, (3, 7, 11, 15))), b"no such opcode"),
        frame(2, b"x", reserved=int(rng.integers(1, 8))),
        frame(9, b"ping", fin=False),
        frame(2, b"short", length=int(_pick(rng, (6, 2_000, 70_000)))),
        frame(2, b"x", length=int(_pick(rng, (1 << 21, 1 << 40, 1 << 62, (1 << 64) - 1)))),
        frame(10, b"a pong that nobody asked for") * 50 + frame(8),
        frame(9) * 500 + frame(8),
        rng.integers(0, 256, 500, dtype=np.uint8).tobytes(),
    )))  # fmt: skip


def _messages(server, rng):
    """Break the rules of messages."""
    return _talk(server, _pick(rng, (
        frame(1, b"\xff\xfe"),
        frame(1, b"[" * 100_000),
        frame(1, b'{"method": {}}'),
        frame(1, b'{"method": "none"}'),
        frame(1, b'{"backend": ["cpu"]}'),
        frame(1, b'{"colormap": null}'),
        frame(1, b'{"method": "' + b"x" * 500_000 + b'"}'),
        frame(1, b"9" * 100_000),
        frame(1, b"NaN"),
        frame(2, b"a", fin=False) + frame(0, b"", fin=False) * 3_000 + frame(0, b"z"),
        frame(2, bytes(600_000), fin=False) + frame(0, bytes(600_000)),
        frame(2, bytes((1 << 20) + 1)),
        frame(2, b"".join(rng.permutation(256).astype(np.uint8).tobytes() for _ in range(9))),
    )))  # fmt: skip


def _pictures(server, rng):
    """Send pictures that lie, and bombs."""
    good = jpeg_of(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8))
    return _talk(server, frame(2, _pick(rng, (
        _sized(good, 65_500, 65_500), _sized(good, 1, 1), _sized(good, 0, 0), _sized(good, 0, 50),
        _sized(good, 1080, 1920), _sized(good, 20_000, 20_000),
        good[: rng.integers(2, len(good))],
        _flipped(good, rng),
        good[:2] + b"\xff\xfe\xff\xff" + good[2:],
        good + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 50_000,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"GIF89a" + bytes(100),
        b"II*\0" + bytes(100),
        jpeg_of(np.zeros((1, 1, 3), np.uint8)),
        jpeg_of(np.zeros((1, 3000, 3), np.uint8)),
    ))))  # fmt: skip


def _sized(jpeg, height, width):
    """Return a JPEG with another size in its header."""
    data = bytearray(jpeg)
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def _flipped(jpeg, rng):
    data = np.frombuffer(jpeg, np.uint8).copy()
    data[rng.integers(2, len(data), 5)] ^= np.uint8(1) << rng.integers(0, 8, 5, dtype=np.uint8)
    return data.tobytes()
