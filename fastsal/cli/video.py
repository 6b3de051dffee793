"""``fastsal video``: run one or several methods on video files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import VideoError
from ..io.counts import count_of
from ..registry import DEFAULT, METHODS
from .batches import FileGuard
from .clusters import videos as run_on_cluster
from .options import (
    CLUSTER_ONLY,
    GRID,
    VIEWS,
    Commands,
    add_cluster,
    add_command,
    add_look,
    add_option,
    add_weights,
    bad_use,
    check_apart,
    check_files,
    colormap_of,
    keys_of,
    look_of,
    make_folder,
    method_options,
    named,
    refuse,
    size_of,
    weights_of,
)

_SUFFIX = ".mp4"  # of videos whose names the program makes


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "video", "compute saliency videos of video files", run)
    parser.add_argument(
        "sources", nargs="+", metavar="IN", help="files, folders, globs, a URL or a camera index"
    )
    parser.add_argument(
        "-m", "--method", default=DEFAULT, metavar="KEY[,KEY|all]",
        help=f"one or more of {', '.join(METHODS)}, or all but bing and networks "
        f"(default: {DEFAULT})",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="OUT.mp4",
        help="a file (.mp4, .mov, .avi); for several videos or methods a folder for IN-KEY.mp4 "
        "(default: beside the files)",
    )  # fmt: skip
    parser.add_argument(
        "--start", type=float, metavar="S", help="start at S seconds after the first frame"
    )
    parser.add_argument(
        "--end", type=float, metavar="S", help="stop at S seconds after the first frame"
    )
    parser.add_argument(
        "--resize", type=size_of, metavar="WxH", help="resize the frames before the method runs"
    )
    add_weights(parser)
    add_option(parser)
    add_look(parser, (*VIEWS, GRID))
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Process the videos and print a report; 1 if any failed, which does not stop the others."""
    output = None if options.output is None else named(options.output, "-o")
    keys = keys_of(options.method, ("static", "motion"))
    view, _ = look_of(options)
    _check(options)
    chosen = {**weights_of(options, keys), **method_options(options, keys)}
    groups = {GRID: keys} if view == GRID else {key: [key] for key in keys}
    if options.cluster is not None:
        return run_on_cluster(options, groups, chosen)
    refuse(options, CLUSTER_ONLY, "without --cluster")
    jobs = _jobs(options.sources, list(groups), output)
    guard = FileGuard()
    for source, name, target in jobs:
        with guard.file(source):
            _process(source, target, groups[name], options, chosen)
    if len(jobs) > 1:
        place = output or "the folders of their sources"
        print(f"wrote {len(jobs) - len(guard.failures)} of {len(jobs)} videos to {place}")
    return guard.status


def _check(options: argparse.Namespace) -> None:
    """Refuse what is wrong with the options themselves, whatever the videos are."""
    from ..io.video_reader import check_request
    from ..render.views import check_look

    view, alpha = look_of(options)
    check_look("overlay" if view == GRID else view, alpha)
    colormap_of(options)
    check_request(options.start, options.end, options.resize)


def _jobs(names: list[str], suffixes: list[str], output: str | None) -> list[tuple[Any, str, Path]]:
    """Return every source with every suffix, a method's key for example, and their target."""
    from ..io.video_files import check_suffix

    folder = None if output is None else Path(output)
    if folder is None:
        check_files(names)
    sources = [source for name in names for source in _sources(name)]
    is_folder = output is not None and (Path(output).is_dir() or output.endswith(("/", "\\")))
    pairs = [(source, suffix) for source in sources for suffix in suffixes]
    if folder is not None and len(pairs) == 1 and not is_folder:
        with bad_use():
            check_suffix(folder)
        return [(*pairs[0], folder)]
    if folder is not None and folder.suffix and not is_folder:
        raise ValueError(f"-o must be a folder for {len(pairs)} videos; got the file name {folder}")
    targets = [
        (folder or Path(source).parent) / f"{Path(str(source)).stem}-{suffix}{_SUFFIX}"
        for source, suffix in pairs
    ]
    check_apart([source for source, _ in pairs], targets, "videos")
    if folder is not None:
        make_folder(folder)
    return [(*pair, target) for pair, target in zip(pairs, targets, strict=True)]


def _sources(name: str) -> list[Any]:
    from ..io.paths import find_files
    from ..io.video_files import VIDEO_SUFFIXES, index_or_name

    index = index_or_name(named(name, "IN"))
    if isinstance(index, int) or "://" in name:
        return [index]

    return list(find_files(name, VIDEO_SUFFIXES, "video", VideoError))


def _process(
    source: Any,
    target: Path,
    keys: list[str],
    options: argparse.Namespace,
    chosen: dict[str, Any],
) -> None:
    from ..pipelines.video import process_video

    view, alpha = look_of(options)
    report = process_video(
        source,
        target,
        keys,
        view=view,
        alpha=alpha,
        colormap=colormap_of(options),
        backend=options.backend,
        start=options.start,
        end=options.end,
        resize=options.resize,
        **chosen,
    )
    width, height = report.size
    compute = report.compute_ms
    rate = f"{report.fps:.{0 if report.fps >= 10 else 1}f} fps steady state; "
    if report.limits:
        print(f"{report.target}: {report.limits}")
    print(
        f"wrote {report.target}: {count_of(report.frames, 'frame')} of {width}x{height} in "
        f"{report.seconds:.1f} s ({rate if report.fps else ''}"
        f"compute {compute['p50']:.2f} ms/frame, p95 {compute['p95']:.2f} ms)"
    )
