"""One static page and its WebSocket: frames come small, maps go back smaller."""

from __future__ import annotations

import contextlib
import errno
import ssl
import threading
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ....errors import FastsalError, ImageError
from ..engine import Choice
from .session import Session

MOST_BYTES = 1 << 20  # of one message; a picture of 320 x 240 takes 20 kB
MOST_CLIENTS = 4
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SOCKET = "/socket"
_REFUSED, _FAILED, _FULL = 1008, 1011, 1013  # WebSocket's codes for why a connection ends


class Server:
    """Serves the page and its socket until it is shut down.

    Parameters
    ----------
    host, port : str, int
        Where to listen; port 0 takes a free one.
    choice : Choice
        What clients start with.
    smoothing : float
        As `Engine`.
    certificate, key : Path, optional
        For https, which browsers ask of any host but localhost before they give a camera.

    Raises
    ------
    FastsalError
        If the library ``websockets`` is missing, certificate or key cannot be used, or the port
        is in use.
    OSError
        If it cannot listen there.
    """

    def __init__(
        self, host: str, port: int, choice: Choice, *, smoothing: float = 0.0,
        certificate: Path | None = None, key: Path | None = None,
    ) -> None:  # fmt: skip
        try:
            from websockets.sync.server import serve
        except ImportError as error:
            raise FastsalError("--web needs websockets: pip install 'fastsal[web]'") from error
        Session(choice, smoothing=smoothing).close()  # whatever is wrong is wrong for all clients
        self._choice, self._smoothing = choice, smoothing
        self._is_local = host in _LOOPBACK
        self._page = resources.files(__package__).joinpath("page.html").read_bytes()
        self._seats = threading.BoundedSemaphore(MOST_CLIENTS)
        tls = _context(certificate, key)
        try:
            self._server = serve(
                self._talk, host, port, ssl=tls, process_request=self._answer,
                compression=None, max_size=MOST_BYTES, server_header=None,
            )  # fmt: skip
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise FastsalError(f"port {port} is in use") from error
            raise
        bound = self._server.socket.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.url = f"http{'s' if tls else ''}://{name}:{bound}/"

    def run(self) -> None:
        """Serve until `close`, or Ctrl-C, then say goodbye to all clients."""
        with self._server:
            self._server.serve_forever()

    def close(self) -> None:
        """End `run`, from another thread."""
        self._server.shutdown()

    def _answer(self, connection: Any, request: Any) -> Any:
        """Answer a plain request, or return None for the socket's handshake to go on."""
        path, host = urlsplit(request.path).path, request.headers.get("Host", "")
        # Any page in the browser can reach a local port, under any name that resolves to here.
        if self._is_local and urlsplit(f"//{host}").hostname not in _LOOPBACK:
            return connection.respond(HTTPStatus.FORBIDDEN, "this server is for localhost only\n")
        if path == "/":
            response = connection.respond(HTTPStatus.OK, "")
            response.body = self._page
            for name in ("Content-Type", "Content-Length"):
                del response.headers[name]
            response.headers["Content-Type"] = "text/html; charset=utf-8"
            response.headers["Content-Length"] = str(len(self._page))
            return response
        if path != _SOCKET:
            return connection.respond(HTTPStatus.NOT_FOUND, "nothing is here\n")
        origin = urlsplit(request.headers.get("Origin", ""))
        if origin.netloc != host:
            return connection.respond(HTTPStatus.FORBIDDEN, "the page is another server's\n")
        return None

    def _talk(self, connection: Any) -> None:
        from websockets.exceptions import ConnectionClosed

        if not self._seats.acquire(blocking=False):
            connection.close(_FULL, f"{MOST_CLIENTS} clients are here already")
            return
        session = Session(self._choice, smoothing=self._smoothing)
        try:
            with contextlib.suppress(ConnectionClosed):  # by the browser, at any time
                self._serve(connection, session)
        finally:
            session.close()
            self._seats.release()

    def _serve(self, connection: Any, session: Session) -> None:
        connection.send(session.greeting())
        for message in connection:
            try:
                if isinstance(message, str):
                    session.obey(message)
                    continue
                figures, picture = session.reply(message)
            except ImageError as error:
                connection.close(_REFUSED, _reason(error))
                return
            except Exception as error:  # of the method: the page shows it, others go on
                connection.close(_FAILED, _reason(error))
                return
            connection.send(figures)
            connection.send(picture)


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of ``[HOST:]PORT``; without a host, this machine alone.

    Raises
    ------
    ValueError
        If it is something else.
    """
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"expected [HOST:]PORT, 8000 say, got {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


def _reason(error: Exception) -> str:
    """Return what fits into a closing message: 123 bytes."""
    return str(error).encode()[:120].decode(errors="ignore")


def _context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        if key is not None:
            raise FastsalError("--keyfile needs --certfile")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise FastsalError(f"{certificate}: no certificate that can be used: {error}") from error
    return context
