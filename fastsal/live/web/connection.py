"""One client's connection, HTTP and WebSocket, in which every wait has a deadline."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

MOST_BYTES = 1 << 20  # of one message; a picture of 320 x 240 takes 20 kB
REQUEST_SECONDS = 5.0  # for the TLS handshake and the request together
SEND_SECONDS = 5.0
PING_SECONDS = 20.0  # a client that sends nothing for twice as long is gone
_LINGER_SECONDS = 1.0  # for a client to read the last answer
_TICK = 0.1  # between two looks at whether to stop
_BUFFER = 1 << 16
_INVALID_DATA = 1007
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)

_SILENT = logging.getLogger("fastsal.web")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class Gone(Exception):
    """The client is gone, or did not keep a deadline."""


class Stopping(Gone):
    """The server stops."""


class BadRequest(Exception):
    """A request that gets an error response.

    Parameters
    ----------
    status : HTTPStatus
        Status code of the response.
    text : str
        Its body, one line.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class Connection:
    """One client's connection.

    All methods but `abandon` run in the client's own thread.

    Parameters
    ----------
    client : socket.socket
        As accepted; closed by `close_socket`.
    tls : ssl.SSLContext or None
        For https.
    stopping : threading.Event
        Set when the server stops.
    """

    def __init__(
        self, client: socket.socket, tls: ssl.SSLContext | None, stopping: threading.Event
    ) -> None:
        self._socket, self._tls, self._stopping = client, tls, stopping
        self._is_abandoned = False
        self._request_deadline = time.monotonic() + REQUEST_SECONDS
        self._protocol = ServerProtocol(max_size=MOST_BYTES, logger=_SILENT)
        client.settimeout(_TICK)

    def abandon(self) -> None:
        """End the connection from another thread."""
        self._is_abandoned = True
        with contextlib.suppress(OSError):
            # Ends the wait for data. SSLSocket's own method is not safe for two threads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def start_tls(self) -> None:
        """Shake hands for https, if that is served."""
        if self._tls is None:
            return
        wrapped = self._tls.wrap_socket(
            self._socket, server_side=True, do_handshake_on_connect=False
        )
        self._socket = wrapped
        while True:
            self._check_stop()
            if time.monotonic() > self._request_deadline:
                raise Gone
            try:
                wrapped.do_handshake()
                return
            except TimeoutError:
                continue
            except OSError as error:
                raise Gone from error

    def request(self) -> Request:
        """Return the client's request.

        Raises
        ------
        BadRequest
            If it is malformed or takes too long.
        Gone
            If it does not come.
        """
        while True:
            try:
                data = self._receive(self._request_deadline)
            except TimeoutError:
                raise BadRequest(HTTPStatus.REQUEST_TIMEOUT, "the request is too slow") from None
            if not data:
                raise Gone
            self._protocol.receive_data(data)
            events = self._protocol.events_received()
            if events and isinstance(events[0], Request):
                if len(events) > 1 or self._protocol.close_expected():
                    raise BadRequest(HTTPStatus.BAD_REQUEST, "data after the request")
                return events[0]
            if self._protocol.handshake_exc is not None:
                raise BadRequest(_status_of(self._protocol.data_to_send()), "malformed request")

    def respond(
        self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8", **more: str
    ) -> None:
        """Answer a request and close; further headers are keywords, ``_`` for ``-``."""
        headers = Headers({
            "Connection": "close", "Content-Type": kind, "Content-Length": str(len(body)),
            "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        })  # fmt: skip
        for name, value in more.items():
            headers[name.replace("_", "-")] = value
        self._send_all(Response(status.value, status.phrase, headers, body).serialize())
        self._linger()

    def open(self, request: Request) -> None:
        """Answer a request for a WebSocket.

        Raises
        ------
        BadRequest
            If it is none.
        """
        try:
            response = self._protocol.accept(request)
        except UnicodeError:  # of websockets 15, for a key beyond ASCII
            raise BadRequest(HTTPStatus.BAD_REQUEST, "malformed request") from None
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            status = HTTPStatus(response.status_code if response.status_code < 500 else 400)
            raise BadRequest(status, "not a WebSocket handshake")
        self._protocol.send_response(response)
        self._flush()

    def messages(self) -> Iterator[str | bytes]:
        """Yield each message until the client closes."""
        kind, parts = Opcode.BINARY, bytearray()
        for frame in self._frames():
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                kind, parts = frame.opcode, bytearray()
            parts += frame.data
            if not frame.fin:
                continue
            if kind is Opcode.BINARY:
                yield bytes(parts)
                continue
            try:
                text = parts.decode()
            except UnicodeDecodeError:
                self.close(_INVALID_DATA, "expected UTF-8")
                return
            yield text

    def send(self, message: str | bytes) -> None:
        """Send one message within `SEND_SECONDS`.

        Raises
        ------
        Gone
            If the client does not take it.
        """
        try:
            if isinstance(message, str):
                self._protocol.send_text(message.encode())
            else:
                self._protocol.send_binary(message)
        except InvalidState:
            raise Gone from None
        self._flush()

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and wait a moment for the client's."""
        with contextlib.suppress(InvalidState):
            self._protocol.send_close(code, reason)
        self._flush()
        self._linger()

    def close_socket(self) -> None:
        """Close the socket in any state."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _frames(self) -> Iterator[Frame]:
        """Yield data frames; answer the others, and ping a client that is silent."""
        heard, has_pinged = time.monotonic(), False
        while True:
            # Only whole frames count as a sign of life, so that one cannot drip in for ever.
            try:
                data = self._receive(heard + PING_SECONDS * (2 if has_pinged else 1))
            except TimeoutError:
                if has_pinged:
                    raise Gone from None
                has_pinged = True
                self._protocol.send_ping(b"")
                self._flush()
                continue
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            events = self._protocol.events_received()
            if events:
                heard, has_pinged = time.monotonic(), False
            self._flush()
            for event in events:
                if isinstance(event, Frame) and event.opcode in _DATA:
                    yield event
            if self._protocol.close_expected():
                self._linger()
                return
            if not data:
                return

    def _receive(self, deadline: float) -> bytes:
        """Return the bytes that the client sent, none at the end of the stream."""
        while True:
            self._check_stop()
            if time.monotonic() > deadline:
                raise TimeoutError
            try:
                return self._socket.recv(_BUFFER)
            except TimeoutError:
                continue
            except OSError as error:
                raise Gone from error

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._send_all(data)
            else:
                self._end_stream()

    def _send_all(self, data: bytes) -> None:
        left, deadline = memoryview(data), time.monotonic() + SEND_SECONDS
        while left:
            try:
                left = left[self._socket.send(left) :]
            except TimeoutError:
                self._check_stop()
            except OSError as error:
                raise Gone from error
            if left and time.monotonic() > deadline:
                raise Gone

    def _end_stream(self) -> None:
        """Signal the end of the stream to the client."""
        with contextlib.suppress(OSError, ValueError):  # ended before
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.unwrap()
            else:
                self._socket.shutdown(socket.SHUT_WR)

    def _linger(self) -> None:
        """Discard remaining input: unread data at the close would destroy our last answer."""
        self._end_stream()
        deadline = time.monotonic() + _LINGER_SECONDS
        while time.monotonic() < deadline and not self._is_abandoned:
            try:
                if not self._socket.recv(_BUFFER):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def _check_stop(self) -> None:
        if self._is_abandoned:
            raise Gone
        if self._stopping.is_set():
            raise Stopping


def _status_of(answers: list[bytes]) -> HTTPStatus:
    """Return the status of the library's answer to a malformed request, 400 if it has none."""
    with contextlib.suppress(IndexError, ValueError):
        status = HTTPStatus(int(answers[0].split(b" ", 2)[1]))
        if 400 <= status < 500:
            return status
    return HTTPStatus.BAD_REQUEST
