"""The socket that the server listens on."""

from __future__ import annotations

import errno
import socket

from ...errors import FastsalError


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of ``[HOST:]PORT``; without a host, this machine alone.

    Raises
    ------
    ValueError
        If it is something else.
    """
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        raise ValueError(f"the address must be [HOST:]PORT, such as 8000; got {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host`; on its IPv4 address where it has several.

    Raises
    ------
    FastsalError
        If the host is unknown or not of this machine, or the port is in use or reserved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        families = [each[0] for each in found]
        if socket.AF_INET in families:
            return socket.create_server((host, port))
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            (host, port), family=socket.AF_INET6, dualstack_ipv6=both
        )  # fmt: skip
    except (OSError, UnicodeError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise FastsalError(f"port {port} is in use") from error
        reason = getattr(error, "strerror", None) or error
        raise FastsalError(f"cannot listen on {host}, port {port}: {reason}") from error
