"""The Keras checkpoint of STRA-Net, matched by position as Keras loads it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..errors import BackendUnavailableError, ModelError
from ..images import Array
from . import identify
from .api import INSTALL
from .report import Entry, Report
from .sources import SOURCES
from .stra_net_layers import Shapes, groups

_TITLE = SOURCES["stra-net"].title
_FILE = SOURCES["stra-net"].files[0]
_LEAVES = ("kernel", "recurrent_kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")


class Checkpoint(Mapping[str, Array]):
    """The arrays of a checkpoint by their names in the network, read when asked for.

    Groups and arrays are matched in the order of the file. Their number and their shapes must
    agree. Keras numbers most layers automatically. Therefore only the names of the two trunks'
    layers are compared, without a number at their end. Use it in a ``with`` statement.

    Parameters
    ----------
    path : Path
        A file of ``save_weights`` or ``save`` of Keras.

    Raises
    ------
    ModelError
        If the file is not a complete checkpoint of STRA-Net; the message names its apparent kind.
    BackendUnavailableError
        If h5py is not installed.
    """

    def __init__(self, path: Path) -> None:
        identify.check_form(path, "hdf5", _TITLE)
        try:
            import h5py
        except ImportError as error:
            raise BackendUnavailableError(f"h5py is not installed: {INSTALL}") from error
        self.path = path
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise ModelError(f"{path}: {_why_unreadable(error)}") from error
        try:
            self._sources = self._matched()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, key: str) -> Array:
        """Return an array of the network as float32."""
        source = self._sources[key]
        try:
            values = np.asarray(self._file[source][()], np.float32)
        except OSError as error:
            raise ModelError(f"{self.path}: {source}: {_why_unreadable(error)}") from error
        if not np.isfinite(values).all():
            raise ModelError(
                f"{self.path}: {source} must be finite; got NaN or infinity; get the file again"
            )
        if key.endswith("/moving_variance") and values.min() < 0:
            raise ModelError(
                f"{self.path}: {source} must not be negative; got {values.min():g}; "
                "get the file again"
            )
        return values

    def report(self) -> Report:
        """Return a report of the assigned arrays."""
        entries = [
            Entry(source, key, self._file[source].shape) for key, source in self._sources.items()
        ]
        names: list[str] = []
        self._file.visititems(lambda name, item: names.append(name) if _is_array(item) else None)
        unused = set(names) - set(self._sources.values())
        version = _text(self._root().attrs.get("keras_version", "of unknown version"))
        return Report(
            str(self.path), f"weights of Keras {version}", tuple(entries), tuple(sorted(unused))
        )

    def _root(self) -> Any:
        return self._file.get("model_weights", self._file)

    def _matched(self) -> dict[str, str]:
        """Return the path in the file of each array of the network."""
        root = self._root()
        layers = _names(root, "layer_names")
        if layers is None:
            raise ModelError(
                f"{self.path}: must be a checkpoint of {_TITLE}; got an HDF5 file without the "
                f"layer names of Keras; get {_FILE}"
            )
        absent = [name for name in layers if name not in root]
        found = {name: _names(root[name], "weight_names") for name in layers if name in root}
        filled = {name: names for name, names in found.items() if names}
        expected = groups()
        if absent or len(filled) != len(expected):
            got = f"no group {absent[0]!r}" if absent else _appearance(filled)
            raise ModelError(
                f"{self.path}: must be a checkpoint of {_TITLE}; got {got}; get {_FILE}"
            )
        matched: dict[str, str] = {}
        for (group, names), shapes in zip(filled.items(), expected.values(), strict=True):
            matched |= self._matched_group(root[group], names, shapes)
        return matched

    def _matched_group(self, group: Any, names: list[str], shapes: Shapes) -> dict[str, str]:
        path, where = self.path, group.name.lstrip("/")
        if missing := [name for name in names if not _is_array(group.get(name))]:
            raise ModelError(
                f"{path}: must have all entries of {_TITLE}; {len(missing)} of {len(names)} "
                f"are missing in {where}: {', '.join(missing[:3])}"
            )
        if len(names) != len(shapes):
            raise ModelError(
                f"{path}: {where} must have {len(shapes)} arrays; got {len(names)}; get {_FILE}"
            )
        matched = {}
        for name, (key, shape) in zip(names, shapes.items(), strict=True):
            source = f"{where}/{name}"
            array = group[name]
            if array.dtype.kind != "f" or array.shape != shape:
                raise ModelError(
                    f"{path}: {source} must be floats of shape {shape}; "
                    f"got {array.dtype} {array.shape}"
                )
            if not _fits(name, key):
                raise ModelError(f"{path}: {source} must be {key}, which is stored at this place")
            matched[key] = source
        return matched


def _fits(name: str, key: str) -> bool:
    """Return whether the name of an array in the file agrees with that in the network."""
    *_, layer, leaf = ("", *name.split("/"))
    leaf = re.sub(r"(_\d+)?(:\d+)?$", "", leaf)
    layer = re.sub(r"_\d+$", "", layer)
    expected_layer, expected_leaf = key.split("/")
    if leaf in _LEAVES and leaf != expected_leaf:
        return False
    is_trunk = layer.startswith(("A_", "M_")) or expected_layer.startswith(("A_", "M_"))
    return not is_trunk or (layer, leaf) == (expected_layer, expected_leaf)


def _appearance(filled: Mapping[str, Any]) -> str:
    """Return the apparent kind of a Keras file with another number of filled groups."""
    names = set(filled)
    if {"A_conv1", "M_conv1"} <= names:
        return "its feature network alone, from the first step of training"
    if names & {"A_conv1", "M_conv1", "conv1", "res2a_branch2a"}:
        return "a ResNet-50, from which training starts"
    if not names:
        return "a Keras file without weights"
    has = "layer that has" if len(names) == 1 else "layers that have"
    return f"a Keras file with {len(names)} {has} weights; it has {len(groups())}"


def _names(group: Any, attribute: str) -> list[str] | None:
    """Return an attribute that lists names; Keras splits it beyond 64 kB."""
    if attribute in group.attrs:
        return [_text(name) for name in np.ravel(group.attrs[attribute])]
    if f"{attribute}0" not in group.attrs:
        return None
    names: list[str] = []
    for part in itertools.takewhile(
        group.attrs.__contains__, (f"{attribute}{i}" for i in itertools.count())
    ):
        names += [_text(name) for name in np.ravel(group.attrs[part])]
    return names


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_array(item: Any) -> bool:
    return hasattr(item, "dtype") and hasattr(item, "shape")


def _why_unreadable(error: OSError) -> str:
    reason = " ".join(str(error).split())
    if sizes := re.search(r"truncated file: eof = (\d+).*stored_eof = (\d+)", reason):
        got, whole = (int(size) for size in sizes.groups())
        return f"is truncated: {got:,} of {whole:,} bytes; download the file again"
    return f"is a damaged HDF5 file; download the file again ({reason})"
