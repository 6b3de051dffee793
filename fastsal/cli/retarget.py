"""``fastsal retarget``: images and videos in another size; salient regions keep their shape."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import FastsalError, ImageError
from ..registry import method_of
from .batches import FileGuard
from .messages import say
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

_LARGEST = 32_768


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    summary = "resize images and videos; salient regions keep their shape"
    parser = add_command(commands, "retarget", summary, run)
    parser.add_argument("sources", nargs="+", metavar="IN", help="files, folders or globs")
    parser.add_argument(
        "--size", type=_size, required=True, metavar="WxH",
        help="width and height of the results, such as 960x1080",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT",
        help="a file for one input, else a folder for files of the same names",
    )  # fmt: skip
    add_method(parser)
    parser.add_argument(
        "--strength", type=number, default=1.0, metavar="X",
        help="from 0, plain scaling, to 1 (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--min-scale", type=number, default=0.15, metavar="X",
        help="smallest part of the image relative to plain scaling, 0.01 to 1 (default: 0.15)",
    )  # fmt: skip
    add_background(parser)
    add_backend(parser)


def _size(text: str) -> tuple[int, int]:
    size = size_of(text)
    if max(size) > _LARGEST:
        raise argparse.ArgumentTypeError(f"must be at most {_LARGEST}x{_LARGEST}; got {text!r}")
    return size


def run(options: argparse.Namespace) -> int:
    """Write every image and video in its new size; 1 if any failed."""
    method_of(options.method)
    for name, low in (("strength", 0), ("min_scale", 0.01)):
        value = getattr(options, name)
        if not low <= value <= 1:
            option = name.replace("_", "-")
            raise ValueError(f"--{option} must be from {low} to 1; got {value}")
    output = named(options.output, "-o")

    from ..applications.deformation import check_solver
    from ..io.pixels import parse_color

    parse_color(options.background)
    check_solver()
    sources = _sources(options.sources)
    is_motion = method_of(options.method).kind in ("motion", "network")
    if is_motion and not all(map(_is_video, sources)):
        raise ValueError(f"--method must be a method for single images; got {options.method}")
    targets = _targets(sources, output)
    guard = FileGuard()
    for source, target in zip(sources, targets, strict=True):
        with guard.file(source):
            if _is_video(source):
                _retarget_video(source, target, options, guard)
            else:
                _retarget_image(source, target, options)
    if len(sources) > 1:
        print(f"wrote {len(sources) - len(guard.failures)} of {len(sources)} files to {output}")
    return guard.status


def _sources(names: list[str]) -> list[Path]:
    from ..io.paths import find_files
    from ..io.pictures import READ_SUFFIXES
    from ..io.video_files import VIDEO_SUFFIXES

    suffixes = (*READ_SUFFIXES, *VIDEO_SUFFIXES)
    given = [named(each, "IN") for each in names]
    return find_files(given, suffixes, "image or video", FastsalError)


def _is_video(path: Path) -> bool:
    """Return whether the name is that of a video; a GIF is one if it has several pictures."""
    from ..io.pictures import READ_SUFFIXES, ImageFile
    from ..io.video_files import VIDEO_SUFFIXES

    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES or suffix not in READ_SUFFIXES:
        return suffix in VIDEO_SUFFIXES
    try:
        return ImageFile(path).pages > 1
    except ImageError:
        return False  # reading it gives the error its place among those of the other files


def _targets(sources: list[Path], output: str) -> list[Path]:
    from ..io import pictures, video_files

    of_kind = video_files if _is_video(sources[0]) else pictures
    return targets_of(output, sources, map(_name, sources), "files", of_kind.check_suffix)


def _name(source: Path) -> str:
    from ..io.encoders import CODECS
    from ..io.pictures import IMAGE_SUFFIXES

    kept, other = (CODECS, ".mp4") if _is_video(source) else (IMAGE_SUFFIXES, ".png")
    return source.name if source.suffix.lower() in kept else f"{source.stem}{other}"


def _retarget_image(source: Path, target: Path, options: argparse.Namespace) -> None:
    from ..applications import retarget
    from ..io.pictures import ImageFile, write_image
    from ..stream import Stream

    file = ImageFile(source)
    image = file.read(background=options.background)
    found = retarget(
        image, options.size[::-1],
        saliency=Stream(options.method, backend=options.backend).update,
        strength=options.strength, min_scale=options.min_scale,
    )  # fmt: skip
    write_image(target, found)
    print(f"wrote {target}")
    if file.pages > 1:
        say(f"{source}: read the first of {file.pages} pictures")


def _retarget_video(
    source: Path, target: Path, options: argparse.Namespace, guard: FileGuard
) -> None:
    from ..io.counts import count_of
    from ..pipelines.video import convert_video

    report = convert_video(source, target, partial(_renderer, options), label="retarget")
    guard.tell(report.target, report.limits)
    width, height = report.size
    print(
        f"wrote {report.target}: {count_of(report.frames, 'frame')} of {width}x{height} in "
        f"{report.seconds:.1f} s"
    )


def _renderer(options: argparse.Namespace, _: tuple[int, int]) -> Any:
    from ..applications import RetargetStream
    from ..stream import Stream

    method = Stream(options.method, backend=options.backend, color="bgr")
    stream = RetargetStream(
        options.size[::-1], saliency=method.update,
        strength=options.strength, min_scale=options.min_scale,
    )  # fmt: skip
    return options.size, stream.update
