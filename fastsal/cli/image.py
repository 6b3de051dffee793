"""``fastsal image``: saliency maps of image files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImageError
from ..methods import METHODS, method_of
from .messages import say, text_of
from .options import (
    Commands,
    add_command,
    add_look,
    bad_use,
    check_apart,
    count,
    look_of,
    make_folder,
    named,
    refuse,
)

if TYPE_CHECKING:
    from ..pipelines.stream import Stream

_MOST_FOCI = 1000  # more circles cover the picture


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "image", "saliency maps of image files", run)
    parser.add_argument("images", nargs="+", metavar="IN", help="files, folders or globs")
    parser.add_argument(
        "-m", "--method", default="lc", metavar="KEY[,KEY|all]",
        help=f"one or more of {', '.join(METHODS)}, or all static ones (default: lc); motion "
        "methods take the images as the frames of a video",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT",
        help="a file for one map (png, jpg, npy, ...), else a folder for IN-KEY.png",
    )  # fmt: skip
    parser.add_argument(
        "--scanpath", type=_foci, metavar="N",
        help=f"draw the first N places that attention goes to, numbered; at most {_MOST_FOCI}",
    )  # fmt: skip
    parser.add_argument(
        "--boxes", action="store_true",
        help="draw the best boxes: those that bing proposes, else around what stands out",
    )  # fmt: skip
    add_look(parser)


def _foci(text: str) -> int:
    """Return how many places of a scan path to draw."""
    number = count(text)
    if number > _MOST_FOCI:
        raise argparse.ArgumentTypeError(
            f"expected an integer from 1 to {_MOST_FOCI}, got {number}; "
            "`fastsal.scanpath` computes longer paths"
        )
    return number


def run(options: argparse.Namespace) -> int:
    """Write a map, or its picture, per image and method; 1 if there were images with none."""
    keys = _keys(options.method)
    look = look_of(options)

    from ..pipelines.pictures import find_images
    from ..pipelines.progress import progress_bar
    from ..pipelines.stream import Stream
    from ..pipelines.views import check_look

    check_look(*look)
    output = named(options.output, "-o")
    streams = {key: Stream(key, backend=options.backend) for key in keys}
    paths = find_images([named(each, "IN") for each in options.images])
    _check_counts(keys, len(paths))
    targets = _targets(paths, keys, Path(output), output.endswith(("/", "\\")))
    _check_inputs_stay(paths, targets)
    _check_drawable(targets, options)
    written, errors = [], []
    several = len(paths) > 1
    for path in progress_bar(paths, desc="images", unit="image") if several else paths:
        try:
            written += _maps_of(path, streams, targets, options)
        except ImageError as error:  # the other images are none the worse for it
            errors.append(error)
    if written:
        print(f"wrote {_named(written)}")
    for each in errors:
        say(f"error: {text_of(each)}")
    return 1 if errors else 0


def _maps_of(
    path: Path,
    streams: dict[str, Stream],
    targets: dict[tuple[Path, str], Path],
    options: argparse.Namespace,
) -> list[Path]:
    """Write the maps of one image, and return their names."""
    from ..pipelines.pictures import read_image, write_image

    frame = read_image(path)
    for key, stream in streams.items():
        if METHODS[key].kind == "static":
            stream.reset()  # images do not follow each other as frames do
        try:
            picture = _picture(targets[path, key], frame, stream, options)
        except ImageError as error:
            raise ImageError(f"{path}: {error}") from error
        write_image(targets[path, key], picture)
    return [targets[path, key] for key in streams]


def _keys(names: str) -> list[str]:
    if names == "all":
        return [key for key, method in METHODS.items() if method.kind == "static"]
    return [method_of(name).key for name in dict.fromkeys(names.split(","))]


def _check_counts(keys: list[str], images: int) -> None:
    motion = [key for key in keys if METHODS[key].kind == "motion"]
    if motion and images < 2:
        raise ImageError(f"{motion[0]} compares frames: expected two images or more, got {images}")


def _check_inputs_stay(paths: list[Path], targets: dict[tuple[Path, str], Path]) -> None:
    inputs = {path.resolve() for path in paths}
    for target in targets.values():
        if target.resolve() in inputs:
            raise ImageError(
                f"{target}: expected another name than an input's, which it overwrites"
            )


def _check_drawable(targets: dict[tuple[Path, str], Path], options: argparse.Namespace) -> None:
    for target in targets.values():
        if target.suffix.lower() == ".npy":  # which holds the map, however it is to look
            shown = ("view",) if options.view != "map" else ()
            refuse(options, ("scanpath", "boxes", "alpha", *shown), f"on {target}, an array")


def _targets(
    paths: list[Path], keys: list[str], output: Path, is_folder: bool
) -> dict[tuple[Path, str], Path]:
    """Return a file name per image and method, all different, in a folder that exists."""
    from ..pipelines.pictures import check_suffix

    jobs = [(path, key) for path in paths for key in keys]
    if len(jobs) == 1 and output.suffix and not is_folder and not output.is_dir():
        with bad_use():
            check_suffix(output)
        return {jobs[0]: output}
    if output.suffix and not is_folder and not output.is_dir():
        raise ValueError(f"{output}: expected a folder for {len(jobs)} maps, got a file's name")
    targets = {(path, key): output / f"{path.stem}-{key}.png" for path, key in jobs}
    check_apart([path for path, _ in jobs], list(targets.values()), "images")
    make_folder(output)
    return targets


def _picture(target: Path, frame: Any, stream: Stream, options: argparse.Namespace) -> Any:
    view, alpha = look_of(options)
    saliency = stream.update(frame)
    has_drawings = options.scanpath or options.boxes
    if target.suffix.lower() == ".npy" or (view == "map" and not has_drawings):
        return saliency
    from ..pipelines.views import render

    picture = render(frame, saliency, view=view, alpha=alpha)
    if options.boxes:
        from ..pipelines.boxes import best_boxes, draw_boxes

        draw_boxes(picture, best_boxes(stream, saliency), frame.shape[1])
    if options.scanpath:
        from ..algorithms.scanpath import scanpath
        from ..pipelines.scanpaths import draw_scanpath

        copies = 2 if view == "side-by-side" else 1
        draw_scanpath(picture, scanpath(saliency, options.scanpath), copies=copies)
    return picture


def _named(targets: list[Path]) -> str:
    return str(targets[0]) if len(targets) == 1 else f"{len(targets)} maps to {targets[0].parent}"
