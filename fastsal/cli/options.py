"""Options that several commands share."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import FastsalError
from ..registry import DEFAULT, METHODS, method_of, options_from

# Literals, not imports: the parser must not load OpenCV for the choices of --view.
VIEWS = ("overlay", "map", "side-by-side")
GRID = "grid"  # a cell for each method
CLUSTER_ONLY = ("overwrite", "json")  # options that need --cluster
_SHORT = {"side": "side-by-side"}
_VIEW, _ALPHA, _COLORMAP = VIEWS[0], 0.5, "inferno"
_A_DAY = 86_400
BACKENDS = ("auto", "cpu", "cuda")

Commands = Any  # argparse keeps the type of its subparsers to itself


def add_command(commands: Commands, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    """Add a command that calls `run` with the parsed options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, allow_abbrev=False
    )
    parser.set_defaults(run=run)
    return parser


def count(text: str) -> int:
    """Return how many of something an option asks for."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1; got {text!r}")
    return int(text)


def number(text: str) -> float:
    """Return the number that an option gives."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number; got {text!r}") from None


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Add the choice of a backend."""
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="device that computes the map (default: auto)",
    )


def add_background(parser: argparse.ArgumentParser) -> None:
    """Add the colour that transparent pixels show."""
    parser.add_argument(
        "--background", default="white", metavar="COLOR",
        help="colour behind transparent pixels, a name or #rrggbb (default: white)",
    )  # fmt: skip


def add_look(parser: argparse.ArgumentParser, views: tuple[str, ...] = VIEWS) -> None:
    """Add how a map is computed and shown."""
    parser.add_argument(
        "--view", type=lambda text: _SHORT.get(text, text), choices=views,
        help=f"how to show the map (default: {_VIEW}); 'side' means side-by-side",
    )  # fmt: skip
    parser.add_argument(
        "--alpha", type=number, help=f"strength of the overlay, 0 to 1 (default: {_ALPHA})"
    )
    parser.add_argument(
        "--colormap", metavar="NAME",
        help=f"OpenCV's colours of the overlay, such as turbo or viridis (default: {_COLORMAP})",
    )  # fmt: skip
    add_backend(parser)


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add the choice of a cluster, and the options that only it has."""
    parser.add_argument(
        "--cluster", metavar="ADDRESS|local[:N]",
        help="run on a Dask scheduler, or on N local processes, and skip finished outputs. OUT is "
        "a folder or a URL such as s3://bucket/maps",
    )  # fmt: skip
    parser.add_argument(
        "--overwrite", action="store_true", help="with --cluster, compute finished outputs again"
    )
    parser.add_argument("--json", metavar="F", help="with --cluster, write a report to this file")


def add_method(parser: argparse.ArgumentParser) -> None:
    """Add the choice of one method; `method_of` checks it and suggests similar names."""
    parser.add_argument(
        "-m", "--method", default=DEFAULT, metavar="KEY",
        help=f"one of {', '.join(METHODS)} (default: {DEFAULT})",
    )  # fmt: skip


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add options of the methods."""
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE",
        help="option of the method, such as size=240; may be repeated. `fastsal methods KEY` "
        "lists them",
    )  # fmt: skip


def method_options(options: argparse.Namespace, keys: Iterable[str]) -> dict[str, Any]:
    """Return the values of --option, which every method must accept."""
    for text in options.option:
        if not text.partition("=")[0] or "=" not in text:
            raise ValueError(f"--option must be NAME=VALUE, such as size=240; got {text!r}")
    found = options_from(options.option)
    for key in keys:
        method_of(key).check_options(found)
    return found


def colormap_of(options: argparse.Namespace) -> str:
    """Return the colour map asked for, which must exist, or the usual one."""
    from ..render.overlay import check_colormap

    if options.view == "map":
        refuse(options, ("colormap",), "with --view map")
    colormap: str = options.colormap or _COLORMAP
    check_colormap(colormap)
    return colormap


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add the checkpoint file of a network."""
    parser.add_argument(
        "--weights", metavar="FILE",
        help="checkpoint file of a network (tased, stra-net, stavis), as its authors publish it; "
        "a name is also looked up in the folder FASTSAL_WEIGHTS",
    )  # fmt: skip


def weights_of(options: argparse.Namespace, keys: Sequence[str]) -> dict[str, Any]:
    """Return --weights as an option of the method, or nothing if it was not given."""
    if options.weights is None:
        return {}
    if len(keys) != 1 or method_of(keys[0]).kind != "network":
        networks = ", ".join(key for key, row in METHODS.items() if row.kind == "network")
        raise ValueError(
            f"--weights must come with one network, of {networks}; got -m {','.join(keys)}"
        )
    return {"weights": named(options.weights, "--weights")}


def keys_of(text: str, kinds: tuple[str, ...]) -> list[str]:
    """Return the keys of the methods in a list such as ``lc,flow``, or all of these kinds."""
    if text == "all":
        return [key for key, method in METHODS.items() if method.kind in kinds]
    return [method_of(name).key for name in dict.fromkeys(text.split(","))]


@contextmanager
def bad_use() -> Iterator[None]:
    """Report an error of an option's value as bad use of the option."""
    try:
        yield
    except FastsalError as error:
        raise ValueError(str(error)) from error


def refuse(options: argparse.Namespace, names: Iterable[str], reason: str) -> None:
    """Refuse those of the options that were given, since they would do nothing."""
    values = {name: getattr(options, name) for name in names}
    given = [
        f"--{name.replace('_', '-')}"
        for name, value in values.items()
        if value not in (None, False)
    ]
    if given:
        verb, them = ("has", "it") if len(given) == 1 else ("have", "them")
        raise ValueError(f"{', '.join(given)} {verb} no effect {reason}; remove {them}")


def look_of(options: argparse.Namespace, *, is_fixed: bool = True) -> tuple[str, float]:
    """Return the view and the strength asked for, or those that are usual.

    `is_fixed` means that the view does not change later.
    """
    view = options.view or _VIEW
    if is_fixed and view == "map" and options.alpha is not None:
        raise ValueError("--alpha has no effect with --view map; remove it")
    return view, _ALPHA if options.alpha is None else options.alpha


def size_of(text: str) -> tuple[int, int]:
    """Return the width and height that an option gives as WxH."""
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be WxH, for example 640x480; got {text!r}"
        ) from None
    if width < 1 or height < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1x1; got {text!r}")
    return width, height


def seconds(text: str) -> float:
    """Return how long something that an option asks for is to take."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= _A_DAY:
        raise argparse.ArgumentTypeError(
            f"must be above 0 and at most {_A_DAY} seconds; got {text!r}"
        )
    return value


def check_writeable(path: Path, option: str) -> None:
    """Refuse a file that could not be written, before there is anything to write to it."""
    check_regular_targets([path], f"{option}: ")
    if not path.parent.is_dir():
        raise FastsalError(f"{option}: no such folder: {path.parent}; create it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise FastsalError(f"{option}: {path} cannot be written to")


def check_regular_targets(paths: Iterable[Path], prefix: str = "") -> None:
    """Refuse existing targets that are no regular file: folders, pipes, devices, links to them."""
    from ..io.atomic_write import check_regular, reason_of

    for path in paths:
        try:
            check_regular(path)
        except OSError as error:
            raise FastsalError(f"{prefix}{path}: {reason_of(error)}") from error


def check_files(names: Iterable[str]) -> None:
    """Refuse anything but files; their folder takes the outputs if there is no -o."""
    for name in names:
        is_pattern = name.isdecimal() or "://" in name or any(sign in name for sign in "*?[")
        if not Path(name).is_file() and (is_pattern or Path(name).is_dir()):
            raise ValueError(f"-o must be given for anything but files; got the input {name}")


def is_file_name(output: str) -> bool:
    """Return whether -o names a file: it has a suffix, and is no folder."""
    target = Path(output)
    return bool(target.suffix) and not (output.endswith(("/", "\\")) or target.is_dir())


def make_folder(path: Path) -> None:
    """Make a folder, with those above it, unless it exists; refuse a file."""
    if path.exists() and not path.is_dir():
        raise FastsalError(f"{path} is a file; choose a folder")
    path.mkdir(parents=True, exist_ok=True)


def targets_of(
    output: str, sources: Sequence[Path], names: Iterable[str], kind: str, check_suffix: Any
) -> list[Path]:
    """Return a target per source, all different and no source, in a folder that exists.

    -o is a file for a single source, which `check_suffix` checks, else the folder of `names`.
    """
    target = Path(output)
    is_file = is_file_name(output)
    if is_file:
        if len(sources) > 1:
            raise ValueError(
                f"-o must be a folder for {len(sources)} {kind}; got the file name {target}"
            )
        with bad_use():
            check_suffix(target)
        check_writeable(target, "-o")
        targets = [target]
    else:
        targets = [target / name for name in names]
        check_apart(sources, targets)
    check_inputs_stay(sources, targets)
    if not is_file:
        make_folder(target)
        check_regular_targets(targets)
    return targets


def check_inputs_stay(sources: Iterable[Path], targets: Iterable[Path]) -> None:
    """Refuse a target that is a source."""
    inputs = {source.resolve() for source in sources}
    for target in targets:
        if target.resolve() in inputs:
            raise FastsalError(f"{target}: would overwrite an input; choose another name or folder")


def check_apart(sources: Sequence[Any], targets: Sequence[Path]) -> None:
    """Refuse two sources that would go to one target."""
    first: dict[Path, Any] = {}
    for source, target in zip(sources, targets, strict=True):
        if target in first:
            raise FastsalError(
                f"{first[target]} and {source} would both be written to {target}; "
                "rename one of them or use two folders"
            )
        first[target] = source


def named(text: str, option: str) -> str:
    """Return the value of an option that names a file or folder, unless it is empty.

    As a path nothing would mean the current folder.
    """
    if not text:
        raise ValueError(f"{option} must be a file or folder name; got an empty one")
    return text
