"""The names that a browser may use for the server: a defence against DNS rebinding.

Any web page can send requests to a local port under a name that its owner resolves to this machine.
A browser sends that name as ``Host``. So the server answers only to its own names.
"""

from __future__ import annotations

import ipaddress
import re
import socket

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+(?:%[\w.~-]+)?\]|[a-z0-9_.-]+)(?::([0-9]{0,5}))?", re.ASCII)
_ORIGIN = re.compile(r"(https?)://(.+)", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Hosts:
    """The host names that one server accepts.

    Parameters
    ----------
    name : str
        The host that the user asked to listen on.
    address : str
        The IP address that it is bound to.
    has_tls : bool
        Whether it serves https. Rebinding fails there, because no browser accepts the certificate
        for the attacker's name.
    """

    def __init__(self, name: str, address: str, *, has_tls: bool) -> None:
        self.is_local = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        self._names = _LOOPBACK | {_plain(name), _plain(address)}
        self._accepts_addresses = not self.is_local
        self._accepts_all = has_tls and not self.is_local
        if not self.is_local:
            machine = _plain(socket.gethostname())
            short = machine.partition(".")[0]
            self._names |= {machine, short, f"{short}.local"}

    def accept(self, host: str) -> bool:
        """Return whether `host`, as `parse_host` returns it, is a name of this server.

        A server for other machines accepts every IP address: those cannot be rebound.
        """
        if host in self._names or self._accepts_all:
            return True
        return self._accepts_addresses and _is_address(host)


def parse_host(value: str) -> tuple[str, int | None] | None:
    """Return host and port of a ``Host`` header, the host in its plain form; None if malformed."""
    match = _AUTHORITY.fullmatch(value.strip().lower())
    if match is None:
        return None
    host, port = match[1], match[2]
    if host.startswith("["):
        if not _is_address(host[1:-1]):
            return None
    elif not host.removesuffix(".").replace(".", ""):
        return None
    if port and int(port) > 65_535:
        return None
    return _plain(host), int(port) if port else None


def is_same_origin(origin: str, host: tuple[str, int | None]) -> bool | None:
    """Return whether an ``Origin`` header names `host`; None if it is malformed."""
    if origin == "null":
        return False
    match = _ORIGIN.fullmatch(origin.strip().lower())
    parsed = parse_host(match[2]) if match else None
    if match is None or parsed is None:
        return None
    default = _DEFAULT_PORTS[match[1]]
    return (parsed[0], parsed[1] or default) == (host[0], host[1] or default)


def _plain(host: str) -> str:
    """Return a host in lower case, without brackets and final dot; an address in its short form."""
    host = host.strip("[]").lower().removesuffix(".")
    return str(ipaddress.ip_address(host)) if _is_address(host) else host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
