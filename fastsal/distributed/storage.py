"""Files by name: local paths, and URLs through fsspec."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import FastsalError
from ..io.atomic_write import whole_file
from ..io.reasons import line_of

INSTALL = "pip install distributed fsspec"
Options = Mapping[str, Mapping[str, Any]]  # of fsspec's file systems, by protocol

_LOCAL = "file://"
# Here one request stores an object, which exists when the request has succeeded.
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "cos", "memory"}
_READ_ONLY = {"http", "https", "github", "zip", "tar"}


def is_url(name: str) -> bool:
    """Return whether a name is a URL of other storage than local files."""
    return "://" in name and not name.startswith(_LOCAL)


def local_path(name: str) -> str:
    """Return the absolute path of a local name."""
    return os.path.abspath(name.removeprefix(_LOCAL))


def protocol_of(name: str) -> str:
    """Return the protocol that opens a name; of chained ones, the last."""
    return name.rpartition("://")[0].rpartition("::")[2] if is_url(name) else "file"


def check_writable(name: str) -> None:
    """Refuse a target that cannot be written to, whether or not it exists."""
    if protocol_of(name) in _READ_ONLY:
        raise FastsalError(
            f"`target` must be a folder that can be written to; got {name}; "
            "use a local folder or object storage such as s3://"
        )


def file_system(name: str, options: Options) -> tuple[Any, str]:
    """Return fsspec's file system of a name, and the path in it.

    Raises
    ------
    FastsalError
        The protocol is unknown or its package is missing.
    """
    try:
        import fsspec
    except ImportError as error:
        raise FastsalError(f"{name}: URLs need fsspec; run `{INSTALL}`") from error
    if not is_url(name):
        return fsspec.filesystem("file"), local_path(name)
    try:
        fs, path = fsspec.core.url_to_fs(name, **options.get(protocol_of(name), {}))
    except (ImportError, ValueError, TypeError) as error:
        raise FastsalError(line_of(name, error)) from error
    return fs, path


def joined_name(folder: str, name: str) -> str:
    """Return the name of a file in a folder."""
    return f"{folder.rstrip('/')}/{name}" if is_url(folder) else os.path.join(folder, name)


def stem_of(name: str) -> str:
    """Return the name of a file without folder, suffix and query."""
    if not is_url(name):
        return Path(name).stem
    path = name.partition("?")[0] if protocol_of(name) in ("http", "https") else name
    return PurePosixPath(path.partition("::")[0] if "::" in path else path).stem


def read(name: str, options: Options) -> bytes:
    """Return the content of a file."""
    fs, path = file_system(name, options)
    try:
        data: bytes = fs.cat_file(path)
    except FileNotFoundError as error:
        raise FastsalError(f"{name}: no such file") from error
    return data


def write_whole(name: str, data: bytes, options: Options) -> None:
    """Write a file that appears with all its content, or not at all."""
    if not is_url(name):
        with whole_file(Path(local_path(name))) as partial:
            partial.write_bytes(data)
        return
    fs, path = file_system(name, options)
    with _partial(fs, path, name) as partial_path:
        fs.pipe_file(partial_path, data)


def upload(local: Path, name: str, options: Options) -> None:
    """Copy a local file to a name, where it appears with all its content or not at all."""
    import shutil

    if not is_url(name):
        with whole_file(Path(local_path(name))) as partial:
            shutil.copyfile(local, partial)
        return
    fs, path = file_system(name, options)
    with _partial(fs, path, name) as partial_path:
        fs.put_file(str(local), partial_path)


@contextmanager
def local_copy(name: str, folder: Path, options: Options) -> Iterator[str]:
    """Yield the path of a local file with the content of `name`: itself, or a copy in `folder`."""
    if not is_url(name):
        yield local_path(name)
        return
    fs, path = file_system(name, options)
    copy = folder / f"{secrets.token_hex(4)}-{PurePosixPath(path).name}"
    try:
        fs.get_file(path, str(copy))
        yield str(copy)
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _partial(fs: Any, path: str, name: str) -> Iterator[str]:
    """Yield where to write: the path itself if that is atomic, else a name that is moved then."""
    if protocol_of(name) in _OBJECT_STORES:
        yield path
        return
    parent = path.rpartition("/")[0]
    partial = f"{parent}/.fastsal-{secrets.token_hex(6)}.part"
    try:
        yield partial
        with suppress(FileNotFoundError):  # some file systems do not replace
            fs.rm_file(path)
        fs.mv(partial, path)
    finally:
        with suppress(Exception):  # it has been moved, or the storage is gone
            fs.rm_file(partial)


class Folder:
    """A folder of files, on local disks or on object storage.

    Parameters
    ----------
    name : str
    options : dict
        Options of fsspec's file systems, by protocol.
    """

    def __init__(self, name: str, options: Options) -> None:
        self.name = name
        self._options = options
        self._fs, self._path = file_system(name, options)

    def make(self) -> None:
        """Make the folder, unless it is there; object storage needs none."""
        if protocol_of(self.name) not in _OBJECT_STORES:
            self._fs.makedirs(self._path, exist_ok=True)

    def sizes(self) -> dict[str, int]:
        """Return the sizes of the files directly in the folder by name."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.find(self._path, maxdepth=1, detail=True)
        except FileNotFoundError:
            return {}
        return {PurePosixPath(path).name: int(info["size"]) for path, info in found.items()}

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the content of files by name; those that have gone are left out."""
        paths = {f"{self._path.rstrip('/')}/{name}": name for name in names}
        if not paths:
            return {}
        # Several requests at a time on object storage.
        found = self._fs.cat(list(paths), on_error="omit")
        return {paths[path]: data for path, data in found.items()}

    def write(self, name: str, data: bytes) -> None:
        """Write one file: complete, or not there."""
        write_whole(joined_name(self.name, name), data, self._options)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that have gone already do not matter."""
        for name in names:
            with suppress(FileNotFoundError):
                self._fs.rm_file(f"{self._path.rstrip('/')}/{name}")
