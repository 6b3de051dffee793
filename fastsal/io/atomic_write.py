"""Files that are complete under their names, or not there."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import FastsalError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_unfinished: set[Path] = set()  # partial files that exist, or may exist


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a hidden name beside `path`; its file replaces `path` at the end of the block.

    Raises
    ------
    OSError
        `path` exists and is no regular file, or it cannot be replaced.
    """
    check_regular(path)
    # The link stays: the file behind it is replaced, in its own folder.
    final = Path(os.path.realpath(path))
    # A short random name: a long target name plus a suffix could pass the file system's limit.
    partial = final.parent / f".fastsal-{secrets.token_hex(6)}.part"
    with unfinished(partial):
        yield partial
        os.replace(partial, final)


@contextmanager
def unfinished(partial: Path) -> Iterator[None]:
    """Remove a partial file at the end of the block, or else at the end of the program."""
    start_partial(partial)
    try:
        yield
    finally:
        partial.unlink(missing_ok=True)
        forget_partial(partial)


def start_partial(partial: Path) -> None:
    """Note a partial file before it is created, for `remove_unfinished`."""
    _unfinished.add(partial)


def forget_partial(partial: Path) -> None:
    """Note that a partial file was renamed, removed or kept on purpose."""
    _unfinished.discard(partial)


def remove_unfinished() -> None:
    """Remove the partial files that an interrupted clean-up has left behind."""
    while _unfinished:
        with contextlib.suppress(OSError):
            _unfinished.pop().unlink(missing_ok=True)


def check_regular(path: Path) -> None:
    """Refuse a target that exists and is no regular file; a link to a regular file is one.

    Raises
    ------
    OSError
        Its `strerror` is the reason, without the name.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return  # creating it raises an error that names the missing folder
    for is_kind, kind in _KINDS:
        if is_kind(mode):
            raise OSError(errno.EINVAL, f"the target must be a regular file; got {kind}")


def reason_of(error: OSError) -> str:
    """Return the operating system's reason, without number and name."""
    return (error.strerror or str(error)).lower()


def write_text(path: Path, text: str) -> None:
    """Write a text file.

    Raises
    ------
    FastsalError
        If it cannot be written; the previous file is then unchanged.
    """
    try:
        with whole_file(path) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FastsalError(f"{path}: {reason_of(error)}") from error
