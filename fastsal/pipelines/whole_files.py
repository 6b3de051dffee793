"""Files that are complete under their names, or not there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import FastsalError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a hidden name beside `path`, whose file takes the place of `path` once it is written.

    A device or a pipe is given as it is.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    # A link keeps pointing: it is the file behind it that is replaced, in its own folder.
    final = Path(os.path.realpath(path))
    # A short name of its own: a long target name plus a suffix could pass the file system's limit.
    partial = final.parent / f".fastsal-{secrets.token_hex(6)}.part"
    try:
        yield partial
        os.replace(partial, final)
    finally:
        partial.unlink(missing_ok=True)


def reason_of(error: OSError) -> str:
    """Return what the operating system says, without number and name."""
    return (error.strerror or str(error)).lower()


def write_text(path: Path, text: str) -> None:
    """Write a text file.

    Raises
    ------
    FastsalError
        If it cannot be written; what was there before is there still.
    """
    try:
        with whole_file(path) as partial:
            partial.write_text(text)
    except OSError as error:
        raise FastsalError(f"{path}: {reason_of(error)}") from error
