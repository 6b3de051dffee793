"""``fastsal video``: whole videos through one method."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import VideoError
from ..methods import method_of
from .batches import FileGuard
from .options import (
    Commands,
    add_command,
    add_look,
    add_method,
    bad_use,
    check_apart,
    look_of,
    make_folder,
    named,
    size_of,
)

_SUFFIX = ".mp4"  # of videos whose names the program makes


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "video", "videos of the saliency of videos", run)
    parser.add_argument(
        "sources", nargs="+", metavar="IN", help="files, folders, globs; a URL or a camera's index"
    )
    add_method(parser)
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT.mp4",
        help="or .avi, .mov; for several videos a folder for IN-KEY.mp4",
    )  # fmt: skip
    parser.add_argument("--start", type=float, metavar="S", help="seconds to skip")
    parser.add_argument("--end", type=float, metavar="S", help="seconds at which to stop")
    parser.add_argument("--resize", type=size_of, metavar="WxH", help="scale the frames first")
    add_look(parser)


def run(options: argparse.Namespace) -> int:
    """Process the videos and print a report; 1 if any failed, which does not stop the others."""
    output = named(options.output, "-o")
    _check(options)
    jobs = _jobs(options.sources, options.method, Path(output), output)
    guard = FileGuard()
    for source, target in jobs:
        with guard.file(source):
            _process(source, target, options)
    if len(jobs) > 1:
        print(f"{len(jobs) - len(guard.failures)} of {len(jobs)} videos done, in {output}")
    return guard.status


def _check(options: argparse.Namespace) -> None:
    """Refuse what is wrong with the options themselves, whatever the videos are."""
    from ..pipelines.video_reader import check_request
    from ..pipelines.views import check_look

    method_of(options.method)
    check_look(*look_of(options))
    check_request(options.start, options.end, options.resize)


def _jobs(names: list[str], method: str, output: Path, text: str) -> list[tuple[Any, Path]]:
    """Return every source with its target."""
    from ..pipelines.video_files import check_suffix

    sources = [source for name in names for source in _sources(name)]
    is_folder = output.is_dir() or text.endswith(("/", "\\"))
    if len(sources) == 1 and not is_folder:
        with bad_use():
            check_suffix(output)
        return [(sources[0], output)]
    if output.suffix and not is_folder:
        raise ValueError(
            f"{output}: expected a folder for {len(sources)} videos, got a file's name"
        )
    targets = [output / f"{Path(str(source)).stem}-{method}{_SUFFIX}" for source in sources]
    check_apart(sources, targets, "videos")
    make_folder(output)
    return list(zip(sources, targets, strict=True))


def _sources(name: str) -> list[Any]:
    from ..pipelines.find import find_files
    from ..pipelines.video_files import VIDEO_SUFFIXES, index_or_name

    index = index_or_name(named(name, "IN"))
    if isinstance(index, int) or "://" in name:
        return [index]

    return list(find_files(name, VIDEO_SUFFIXES, "video", VideoError))


def _process(source: Any, target: Path, options: argparse.Namespace) -> None:
    from ..pipelines.video import process_video

    view, alpha = look_of(options)
    report = process_video(
        source,
        target,
        options.method,
        view=view,
        alpha=alpha,
        backend=options.backend,
        start=options.start,
        end=options.end,
        resize=options.resize,
    )
    width, height = report.size
    compute = report.compute_ms
    print(
        f"wrote {report.target}: {report.frames} frames of {width}x{height} in "
        f"{report.seconds:.1f} s, start and end included; once under way {report.fps:.0f} frames "
        f"per second, the method and drawing alone {compute['p50']:.2f} ms per frame "
        f"(p95 {compute['p95']:.2f})"
    )
    if report.limits:
        print(f"  with {report.limits}; an .mp4 by PyAV, pip install 'fastsal[video]', does better")
