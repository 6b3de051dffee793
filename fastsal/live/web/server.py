"""One static page and its WebSocket: frames come small, maps go back smaller."""

from __future__ import annotations

import contextlib
import errno
import queue
import socket
import threading
import time
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import FastsalError, ImageError
from ..engine import Choice
from .certificates import tls_context
from .hosts import Hosts, is_same_origin, parse_host
from .listening import address_of as address_of
from .listening import listen
from .session import Session

try:
    from .connection import MOST_BYTES as MOST_BYTES
    from .connection import BadRequest, Connection, Gone, Stopping

    _missing: ImportError | None = None
except ImportError as error:
    _missing = error

if TYPE_CHECKING:
    from websockets.http11 import Request

MOST_CLIENTS = 4  # with a WebSocket
MOST_CONNECTIONS = 32
STOP_SECONDS = 3.0
_TICK = 0.1
_SOCKET = "/socket"
_GOING_AWAY, _REFUSED, _FAILED, _FULL = 1001, 1008, 1011, 1013  # WebSocket close codes
_FATAL = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK)  # for a listening socket


class Server:
    """Serves the page and its socket until it is shut down.

    At most `MOST_CONNECTIONS` are open. One more takes the place of the oldest that has not
    completed its request, so idle connections cannot keep a browser out.

    Parameters
    ----------
    host, port : str, int
        Where to listen; port 0 takes a free one.
    choice : Choice
        Method and backend of new clients.
    smoothing : float
        As `Engine`.
    certificate, key : Path, optional
        For https, which browsers ask of any host but localhost before they give a camera.

    Raises
    ------
    FastsalError
        If the library ``websockets`` is missing, certificate or key cannot be used, or it cannot
        listen there.
    """

    def __init__(
        self, host: str, port: int, choice: Choice, *, smoothing: float = 0.0,
        certificate: Path | None = None, key: Path | None = None,
    ) -> None:  # fmt: skip
        if _missing is not None:
            raise FastsalError("--web needs websockets; run `pip install websockets`") from _missing
        Session(choice, smoothing=smoothing).close()  # an error here would affect all clients
        self._choice, self._smoothing = choice, smoothing
        self._page = resources.files(__package__).joinpath("page.html").read_bytes()
        self._tls = tls_context(certificate, key)
        self._stopping = threading.Event()
        self._seats = threading.BoundedSemaphore(MOST_CLIENTS)
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()  # Ctrl-C leaves it whole
        for _ in range(MOST_CONNECTIONS):
            self._places.put(None)
        self._pending: dict[Connection, None] = {}  # oldest first
        self._socket = listen(host, port)
        self._socket.settimeout(_TICK)
        address, bound = self._socket.getsockname()[:2]
        self._hosts = Hosts(host, address, has_tls=self._tls is not None)
        name = f"[{host}]" if ":" in host else host
        self.url = f"http{'s' if self._tls else ''}://{name}:{bound}/"

    def run(self) -> None:
        """Serve until `close`, or Ctrl-C, then say goodbye to all clients.

        Raises
        ------
        FastsalError
            If no connection can be accepted any more.
        """
        try:
            while not self._stopping.is_set():
                client = self._accepted()
                if client is not None:
                    self._start(client)
        finally:
            self._stop()

    def close(self) -> None:
        """End `run`, from another thread."""
        self._stopping.set()

    def _accepted(self) -> socket.socket | None:
        try:
            return self._socket.accept()[0]
        except TimeoutError:
            return None
        except OSError as error:
            if error.errno in _FATAL:
                raise FastsalError(f"the server stopped: {error}") from error
            time.sleep(_TICK)  # no file descriptor is left, for example
            self._drop_oldest()
            return None

    def _start(self, client: socket.socket) -> None:
        """Serve a client in its own thread, if a place is or becomes free."""
        try:
            self._places.get(block=False)
        except queue.Empty:
            self._drop_oldest()
            try:
                self._places.get(timeout=5 * _TICK)
            except queue.Empty:
                client.close()
                return
        connection = Connection(client, self._tls, self._stopping)
        self._pending[connection] = None
        # A daemon: nothing a client does keeps the program from ending.
        thread = threading.Thread(
            target=self._attend, args=(connection,), name="fastsal-client", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # no thread is left
            self._finish(connection)

    def _drop_oldest(self) -> None:
        for connection in list(self._pending):
            if self._pending.pop(connection, True) is None:
                connection.abandon()
                return

    def _stop(self) -> None:
        """Close all connections, and wait for them at most `STOP_SECONDS`."""
        self._stopping.set()
        self._socket.close()
        deadline = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(queue.Empty):
            for _ in range(MOST_CONNECTIONS):
                self._places.get(timeout=max(0.0, deadline - time.monotonic()))

    def _finish(self, connection: Connection) -> None:
        self._pending.pop(connection, None)
        connection.close_socket()
        self._places.put(None)

    def _attend(self, connection: Connection) -> None:
        """Answer one client's request, and serve its WebSocket."""
        try:
            with contextlib.suppress(Gone):
                connection.start_tls()
                try:
                    is_socket = self._answer(connection, connection.request())
                except BadRequest as error:
                    more = {"Allow": "GET"} if error.status == HTTPStatus.METHOD_NOT_ALLOWED else {}
                    connection.respond(error.status, f"{error}\n".encode(), **more)
                    return
                self._pending.pop(connection, None)
                if is_socket:
                    self._talk(connection)
        finally:
            self._finish(connection)

    def _answer(self, connection: Connection, request: Request) -> bool:
        """Answer a request; return whether it has opened a WebSocket."""
        hosts = request.headers.get_all("Host")
        host = parse_host(hosts[0]) if len(hosts) == 1 else None
        path = request.path.partition("?")[0]
        if host is None or not path.startswith("/"):
            raise BadRequest(HTTPStatus.BAD_REQUEST, "malformed request")
        if not self._hosts.accept(host[0]):
            who = "accepts localhost only" if self._hosts.is_local else "has another host name"
            raise BadRequest(HTTPStatus.FORBIDDEN, f"this server {who}")
        if getattr(request, "method", "GET") != "GET":  # websockets 15 takes GET alone
            raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, "the method must be GET")
        if path == "/":
            connection.respond(HTTPStatus.OK, self._page, "text/html; charset=utf-8")
            return False
        if path == "/favicon.ico":  # the page names its own, but some browsers ask anyway
            connection.respond(HTTPStatus.NO_CONTENT, b"")
            return False
        if path != _SOCKET:
            raise BadRequest(HTTPStatus.NOT_FOUND, "not found")
        self._check_origin(request.headers.get_all("Origin"), host)
        connection.open(request)
        return True

    def _check_origin(self, origins: list[str], host: tuple[str, int | None]) -> None:
        """Refuse the pages of other servers: their scripts may connect to any address."""
        is_same = is_same_origin(origins[0], host) if len(origins) == 1 else False
        if is_same is None or len(origins) > 1:
            raise BadRequest(HTTPStatus.BAD_REQUEST, "malformed Origin")
        if not is_same:
            raise BadRequest(HTTPStatus.FORBIDDEN, "origin not allowed")

    def _talk(self, connection: Connection) -> None:
        if not self._seats.acquire(blocking=False):
            connection.close(_FULL, f"{MOST_CLIENTS} clients are here already")
            return
        try:
            session = Session(self._choice, smoothing=self._smoothing)
            try:
                self._serve(connection, session)
            except Stopping:
                connection.close(_GOING_AWAY, "")
            finally:
                session.close()
        finally:
            self._seats.release()

    def _serve(self, connection: Connection, session: Session) -> None:
        connection.send(session.greeting())
        for message in connection.messages():
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


def _reason(error: Any) -> str:
    """Return an error's text, cut to fit into a closing message of 123 bytes."""
    return str(error).encode()[:120].decode(errors="ignore")
