"""``fastsal crop``: image files cropped to where people look."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ..errors import ImageError
from ..registry import method_of
from .batches import FileGuard
from .options import (
    Commands,
    add_backend,
    add_background,
    add_command,
    add_method,
    named,
    number,
    size_of,
    targets_of,
)

_LARGEST_ASPECT = 1000


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "crop", "crop image files to their most salient part", run)
    parser.add_argument("images", nargs="+", metavar="IN", help="files, folders or globs")
    shape = parser.add_mutually_exclusive_group(required=True)
    shape.add_argument(
        "--aspect", type=_aspect, metavar="W:H",
        help="width to height of the crops, such as 16:9; their pixels are not resized",
    )  # fmt: skip
    shape.add_argument(
        "--size", type=size_of, metavar="WxH",
        help="width and height of the results: crops of this aspect, reduced to this size",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT",
        help="a file for one image, else a folder for crops of the same names",
    )  # fmt: skip
    add_method(parser)
    parser.add_argument(
        "--min-scale", type=number, default=0.4, metavar="X",
        help="smallest crop as a fraction of the largest one of this aspect (default: 0.4)",
    )  # fmt: skip
    add_background(parser)
    add_backend(parser)


def _aspect(text: str) -> float:
    """Return width / height of an option such as 16:9."""
    try:
        width, height = map(float, text.split(":"))
        aspect = width / height
    except (ValueError, ZeroDivisionError):
        aspect = math.nan
    if not 1 / _LARGEST_ASPECT <= aspect <= _LARGEST_ASPECT:
        raise argparse.ArgumentTypeError(
            f"must be W:H, for example 16:9, from 1:{_LARGEST_ASPECT} to {_LARGEST_ASPECT}:1; "
            f"got {text!r}"
        )
    return aspect


def run(options: argparse.Namespace) -> int:
    """Write a crop per image; 1 if there were images with none."""
    row = method_of(options.method)
    if row.kind in ("motion", "network"):
        raise ValueError(f"--method must be a method for single images; got {row.key}")
    if not 0.01 <= options.min_scale <= 1:
        raise ValueError(f"--min-scale must be from 0.01 to 1; got {options.min_scale}")

    from ..io.pictures import find_images, read_image, write_image
    from ..io.pixels import parse_color
    from ..pipelines.progress import progress_bar
    from ..stream import Stream

    parse_color(options.background)
    output = named(options.output, "-o")
    stream = Stream(row.key, backend=options.backend)
    paths = find_images([named(each, "IN") for each in options.images])
    targets = _targets(paths, output)
    guard = FileGuard(prints_at_once=False)
    written: list[Path] = []
    pairs = list(zip(paths, targets, strict=True))
    bar = progress_bar(pairs, desc="crops", unit="image") if len(pairs) > 1 else pairs
    for path, target in bar:
        with guard.file(path):
            image = read_image(path, background=options.background)
            write_image(target, _cropped(image, stream, options))
            written.append(target)
    if written:
        name = str(written[0]) if len(written) == 1 else f"{len(written)} crops to {Path(output)}"
        print(f"wrote {name}")
    guard.print_failures()
    return guard.status


def _targets(paths: list[Path], output: str) -> list[Path]:
    from ..io.pictures import IMAGE_SUFFIXES, check_suffix

    def name(path: Path) -> str:
        return path.name if path.suffix.lower() in IMAGE_SUFFIXES else f"{path.stem}.png"

    return targets_of(output, paths, map(name, paths), "images", check_suffix)


def _cropped(image: Any, stream: Any, options: argparse.Namespace) -> Any:
    """Return the best crop of an image, reduced to --size if that was given."""
    import cv2

    from ..applications.cropping import best_crop

    height, width = image.shape[:2]
    aspect, smallest = options.aspect, options.min_scale
    if options.size:
        cols, rows = options.size
        if cols > width or rows > height:
            raise ImageError(f"must have at least {cols}x{rows} pixels; got {width}x{height}")
        aspect = cols / rows
        smallest = max(smallest, cols / min(width, height * aspect))
    crop = best_crop(stream.update(image), aspect=aspect, min_scale=min(1.0, smallest))
    found = image[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    if options.size:
        found = cv2.resize(found, options.size, interpolation=cv2.INTER_AREA)
    return found
