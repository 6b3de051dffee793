"""Certificate and key for https, with errors that name the file at fault."""

from __future__ import annotations

import ssl
from pathlib import Path

from ...errors import FastsalError


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return the context to serve https with, or None without a certificate.

    Raises
    ------
    FastsalError
        If a file cannot be read or used, or there is a key without a certificate.
    """
    if certificate is None:
        if key is not None:
            raise FastsalError("--keyfile needs --certfile; give both")
        return None
    _check_certificate(certificate)
    holder = key or certificate  # which may hold both
    if key is not None:
        _check_readable(key, "private key")

    def refuse_password() -> str:
        raise FastsalError(f"{holder}: the private key must not be encrypted")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=refuse_password)
    except OSError as error:  # ssl.SSLError is one
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise FastsalError(f"{holder}: not the private key of {certificate}") from error
        hint = "" if key else "; give it with --keyfile"
        raise FastsalError(f"{holder}: cannot load the private key{hint}") from error
    return context


def _check_certificate(path: Path) -> None:
    _check_readable(path, "certificate")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:
        raise FastsalError(f"{path}: cannot load the certificate: not in PEM format") from error


def _check_readable(path: Path, kind: str) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise FastsalError(f"{path}: cannot load the {kind}: {error.strerror}") from error
