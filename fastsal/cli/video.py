"""``fastsal video``: run one or several methods on video files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..errors import VideoError
from ..methods import DEFAULT, METHODS
from ..pipelines.counts import count_of
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
    add_weights,
    bad_use,
    check_apart,
    keys_of,
    look_of,
    make_folder,
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
        "-o", "--output", required=True, metavar="OUT.mp4",
        help="a file (.mp4, .mov, .avi); for several videos or methods a folder for IN-KEY.mp4",
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
    add_look(parser, (*VIEWS, GRID))
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Process the videos and print a report; 1 if any failed, which does not stop the others."""
    output = named(options.output, "-o")
    keys = keys_of(options.method, ("static", "motion"))
    view, _ = look_of(options)
    _check(options)
    weights = weights_of(options, keys)
    groups = {GRID: keys} if view == GRID else {key: [key] for key in keys}
    if options.cluster is not None:
        return run_on_cluster(options, groups, weights)
    refuse(options, CLUSTER_ONLY, "without --cluster")
    jobs = _jobs(options.sources, list(groups), Path(output), output)
    guard = FileGuard()
    for source, name, target in jobs:
        with guard.file(source):
            _process(source, target, groups[name], options, weights)
    if len(jobs) > 1:
        print(f"wrote {len(jobs) - len(guard.failures)} of {len(jobs)} videos to {output}")
    return guard.status


def _check(options: argparse.Namespace) -> None:
    """Refuse what is wrong with the options themselves, whatever the videos are."""
    from ..pipelines.video_reader import check_request
    from ..pipelines.views import check_look

    view, alpha = look_of(options)
    check_look("overlay" if view == GRID else view, alpha)
    check_request(options.start, options.end, options.resize)


def _jobs(
    names: list[str], suffixes: list[str], output: Path, text: str
) -> list[tuple[Any, str, Path]]:
    """Return every source with every suffix, a method's key for example, and their target."""
    from ..pipelines.video_files import check_suffix

    sources = [source for name in names for source in _sources(name)]
    is_folder = output.is_dir() or text.endswith(("/", "\\"))
    pairs = [(source, suffix) for source in sources for suffix in suffixes]
    if len(pairs) == 1 and not is_folder:
        with bad_use():
            check_suffix(output)
        return [(*pairs[0], output)]
    if output.suffix and not is_folder:
        raise ValueError(f"-o must be a folder for {len(pairs)} videos; got the file name {output}")
    targets = [output / f"{Path(str(source)).stem}-{suffix}{_SUFFIX}" for source, suffix in pairs]
    check_apart([source for source, _ in pairs], targets, "videos")
    make_folder(output)
    return [(*pair, target) for pair, target in zip(pairs, targets, strict=True)]


def _sources(name: str) -> list[Any]:
    from ..pipelines.find import find_files
    from ..pipelines.video_files import VIDEO_SUFFIXES, index_or_name

    index = index_or_name(named(name, "IN"))
    if isinstance(index, int) or "://" in name:
        return [index]

    return list(find_files(name, VIDEO_SUFFIXES, "video", VideoError))


def _process(
    source: Any,
    target: Path,
    keys: list[str],
    options: argparse.Namespace,
    weights: dict[str, Any],
) -> None:
    from ..pipelines.video import process_video

    view, alpha = look_of(options)
    report = process_video(
        source,
        target,
        keys,
        view=view,
        alpha=alpha,
        backend=options.backend,
        start=options.start,
        end=options.end,
        resize=options.resize,
        **weights,
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
