"""Checkpoint files: found, read without unpickling, and assigned with full coverage."""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from ..errors import ModelError
from . import identify
from .report import Entry, Report
from .sources import SOURCES

Remedies = Mapping[tuple[str, ...], str]
Pairs = Mapping[str, tuple[str, Any]]  # parameter of the network -> name in the file, tensor


def find_weights(weights: str | os.PathLike[str] | None, key: str) -> Path:
    """Return the checkpoint file of a network.

    A relative name is also looked up in the folder `FASTSAL_WEIGHTS`. Without `weights`, that
    folder must hold one of the names that the authors gave to the file.

    Parameters
    ----------
    weights : path or None
        The caller's argument.
    key : str
        Key of the network in `SOURCES`.

    Raises
    ------
    ModelError
        If there is no such file. The message names the file to get and the page of the authors.
    """
    source, folder = SOURCES[key], os.environ.get("FASTSAL_WEIGHTS", "")
    if weights is None:
        found = _first_of(folder, source.files) if folder else None
        if found is None:
            where = f"; FASTSAL_WEIGHTS names {folder}, which has none" if folder else ""
            raise ModelError(f"`weights` must be a checkpoint file of {source.title}{where}; "
                             f"get {source.files[0]} from {source.page}")  # fmt: skip
        return found
    if not isinstance(weights, str | os.PathLike):
        raise TypeError(f"`weights` must be a path; got {type(weights).__name__}")
    path = Path(weights)
    candidates = [path] if path.is_absolute() or not folder else [path, Path(folder) / path]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    raise ModelError(f"{path}: no such file; get {source.files[0]} from {source.page}")


def _first_of(folder: str, patterns: Iterable[str]) -> Path | None:
    for pattern in patterns:
        if found := sorted(Path(folder).glob(pattern)):
            return found[0]
    return None


def read_state_dict(path: Path, title: str) -> dict[str, Any]:
    """Return the tensors of a PyTorch checkpoint by their names in the file, on the CPU.

    A dictionary with the entry "state_dict" is unwrapped. Nothing is unpickled but tensors,
    numbers and containers (``weights_only=True``).

    Raises
    ------
    ModelError
        If the file is no PyTorch checkpoint; the message names its apparent kind.
    """
    identify.check_form(path, "torch", title)
    try:
        is_zip = zipfile.is_zipfile(path)  # its entries can be read on demand
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles that are refused in a moment
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except Exception as error:  # many types, with pages of advice
        raise ModelError(
            f"{path}: must be a checkpoint of {title}; {identify.damage(error)}"
        ) from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise ModelError(
            f"{path}: must be a checkpoint of {title}; got a file with "
            f"{type(content).__name__} and without names"
        )
    tensors = {str(name): value for name, value in content.items() if torch.is_tensor(value)}
    if not tensors:
        raise ModelError(f"{path}: must be a checkpoint of {title}; got a file without tensors")
    return tensors


def is_counter(name: str) -> bool:
    """Return whether an entry counts the batches of training, which nothing needs."""
    return name.endswith("num_batches_tracked")


def bare(name: str) -> str:
    """Return a name without the prefix ``module.`` that parallel training adds."""
    return name.removeprefix("module.")


def load(
    weights: str | os.PathLike[str] | None,
    key: str,
    shapes: Mapping[str, tuple[int, ...]],
    is_optional: Callable[[str], bool] = is_counter,
    remedies: Remedies = MappingProxyType({}),
) -> tuple[dict[str, Any], Report]:
    """Return the tensors of a PyTorch checkpoint by the network's names, and a report.

    Parameters
    ----------
    weights : path or None
        As in `find_weights`.
    key : str
        Key of the network in `SOURCES`.
    shapes : mapping
        Name and shape of every entry.
    is_optional : callable
        Returns whether the file may lack a name.
    remedies : mapping
        Prefixes -> end of the message where all missing entries have one of them.

    Raises
    ------
    ModelError
        As in `find_weights`, `read_state_dict` and `select`.
    """
    path, title = find_weights(weights, key), SOURCES[key].title
    pairs = {bare(name): (name, tensor) for name, tensor in read_state_dict(path, title).items()}
    return select(
        shapes, pairs, path, title=title, form="PyTorch checkpoint", is_optional=is_optional,
        remedies=remedies,
    )  # fmt: skip


def select(
    shapes: Mapping[str, tuple[int, ...]],
    pairs: Pairs,
    path: Path,
    *,
    title: str,
    form: str,
    is_optional: Callable[[str], bool] = is_counter,
    unused: Iterable[str] = (),
    remedies: Remedies = MappingProxyType({}),
) -> tuple[dict[str, Any], Report]:
    """Return the tensors of all names in `shapes`, and a report of their sources.

    Parameters
    ----------
    shapes : mapping
        Name and shape of every entry of the network.
    pairs : mapping
        Name in the network -> (name in the file, tensor). Names that the network lacks are listed
        as unused.
    path : Path
        The file, for messages and the report.
    title, form : str
        Name of the network and format of the file in words.
    is_optional : callable
        Returns whether the file may lack a name of the network.
    unused : iterable of str
        Further names in the file that nothing takes.
    remedies : mapping
        As in `load`.

    Raises
    ------
    ModelError
        If a required entry is missing, or a shape or dtype does not fit, or a value is not finite.
    """
    missing = [name for name in shapes if name not in pairs and not is_optional(name)]
    if missing:
        fitting = [
            text
            for prefixes, text in remedies.items()
            if all(name.startswith(prefixes) for name in missing)
        ]
        message = identify.missing(path, title, missing, len(shapes), pairs)
        raise ModelError("; ".join([message, *fitting]))
    state, entries, rest = {}, [], list(unused)
    for name, (source, tensor) in pairs.items():
        if name not in shapes:
            rest.append(source)
            continue
        _check_tensor(path, source, tensor, shapes[name], is_counter(name))
        state[name] = tensor
        entries.append(Entry(source, name, tuple(tensor.shape)))
    absent = tuple(name for name in shapes if name not in pairs)
    return state, Report(str(path), form, tuple(entries), tuple(rest), absent)


def assign(
    module: torch.nn.Module, pairs: Pairs, path: Path, *, title: str, form: str, **options: Any
) -> Report:
    """Copy tensors into a module's parameters and buffers, and return a report.

    Parameters
    ----------
    module : torch.nn.Module
        Its `state_dict` names the parameters and buffers.
    pairs, path, title, form
        As in `select`, with its further `options`.

    Raises
    ------
    ModelError
        As in `select`. The module is unchanged then.
    """
    own = module.state_dict()
    shapes = {name: tuple(each.shape) for name, each in own.items()}
    state, report = select(shapes, pairs, path, title=title, form=form, **options)
    with torch.no_grad():
        for name, tensor in state.items():
            own[name].copy_(tensor)
    return report


def _check_tensor(
    path: Path, name: str, tensor: Any, shape: tuple[int, ...], is_integer: bool
) -> None:
    if tuple(tensor.shape) != shape:
        raise ModelError(f"{path}: {name} must have shape {shape}; got {tuple(tensor.shape)}")
    if is_integer:
        return
    if not tensor.is_floating_point():
        raise ModelError(f"{path}: {name} must be of floats; got {tensor.dtype}")
    if not bool(torch.isfinite(tensor).all()):
        raise ModelError(f"{path}: {name} must be finite; got NaN or infinity; get the file again")
