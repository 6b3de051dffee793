"""Identify the kind of a file that is not the required checkpoint."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import ModelError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_SHOWN = 3  # missing names in a message

# An entry that only this network's checkpoint has.
_SIGNS = {
    "TASED-Net": "convtsp4.13.weight",
    "STAViS": "score_dsn.0.side_prep.weight",
    "SoundNet, the audio part of STAViS": "soundnet8.0.weight",
    "S3D, the encoder of TASED-Net before training": "base.0.conv_s.weight",
    "ResNet, the trunk of STAViS before training": "layer1.0.conv1.weight",
    "STRA-Net": "A_conv1/kernel",
}


def check_form(path: Path, form: str, title: str) -> None:
    """Raise ModelError unless a file starts as `form`, "torch" or "hdf5", does."""
    if path.is_dir():
        raise ModelError(f"{path}: must be a checkpoint file of {title}; got a folder")
    try:
        with path.open("rb") as file:
            head = file.read(512)
        size = path.stat().st_size
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    found = _form_of(path, head)
    if found != form:
        remedy = "download the file again" if found in _FAILED else f"pass the file of {title}"
        raise ModelError(
            f"{path}: must be a checkpoint of {title}; got {_WORDS[found]} of {size:,} bytes; "
            f"{remedy}"
        )


_FAILED = ("empty", "html", "text", "broken zip", "unknown")  # as failed downloads leave
_WORDS = {
    "torch": "a PyTorch file, perhaps of another network,",
    "hdf5": "an HDF5 file, as Keras writes,",
    "picture": "a picture",
    "video": "a video",
    "gzip": "a file compressed by gzip",
    "tar": "a tar archive",
    "numpy": "an array of NumPy",
    "pdf": "a PDF document",
    "empty": "an empty file",
    "html": "an HTML page, as failed downloads leave,",
    "text": "a text file",
    "broken zip": "a ZIP file, as PyTorch writes, without its end: a truncated download",
    "zip": "a ZIP file without PyTorch tensors",
    "unknown": "a file of an unknown format",
}


def _form_of(path: Path, head: bytes) -> str:
    if not head:
        return "empty"
    if head.startswith(_HDF5):
        return "hdf5"
    if head.startswith(b"PK\x03\x04"):
        if not zipfile.is_zipfile(path):
            return "broken zip"
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        return "torch" if any(name.endswith("data.pkl") for name in names) else "zip"
    for name, places in _STARTS.items():
        if any(head[place:].startswith(start) for place, start in places):
            return name
    if head[:1] == b"\x80":  # a pickle: files of PyTorch before 1.6
        return "torch"
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "html"
    return "text" if re.fullmatch(rb"[\t\n\r\x20-\x7e\x80-\xff]+", head) else "unknown"


_STARTS = {
    "picture": ((0, b"\x89PNG"), (0, b"\xff\xd8\xff"), (8, b"WEBP"), (0, b"GIF8")),
    "video": ((4, b"ftyp"), (0, b"\x1a\x45\xdf\xa3"), (8, b"AVI ")),
    "gzip": ((0, b"\x1f\x8b"),),
    "tar": ((257, b"ustar"),),
    "numpy": ((0, b"\x93NUMPY"),),
    "pdf": ((0, b"%PDF"),),
}


def damage(error: Exception) -> str:
    """Return why PyTorch could not read a file, in one line."""
    reason = " ".join(str(error).split())
    if "weights_only" in reason.lower() or "Unsupported" in reason:
        return "got a pickle with other objects than tensors, which is not loaded for safety"
    return f"got a damaged file ({type(error).__name__}); download the file again"


def missing(path: Path, title: str, names: Sequence[str], total: int, found: Iterable[str]) -> str:
    """Return the message for a file that lacks entries, with its apparent kind."""
    present = set(found)
    others = [net for net, sign in _SIGNS.items() if net != title and sign in present]
    if others and len(names) > total // 2:
        return f"{path}: must be a checkpoint of {title}; it appears to be one of {others[0]}"
    if len(names) > total // 2:
        return (
            f"{path}: must be a checkpoint of {title}; it appears to be one of another network, "
            f"with {len(present)} tensors: {_listed(sorted(present))}"
        )
    return (
        f"{path}: must have all entries of {title}; {len(names)} of {total} are missing: "
        f"{_listed(names)}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
