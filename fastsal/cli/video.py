"""``fastsal video``: run one or several methods on videos, or on folders of numbered images."""

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
    number,
    refuse,
    size_of,
    weights_of,
)

_SUFFIX = ".mp4"  # suffix of videos that the program names


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "video", "compute saliency videos of video files", run)
    parser.add_argument(
        "sources", nargs="+", metavar="IN",
        help="files, folders, globs, a URL or a camera index; a folder of numbered images "
        "(img_0001.png ...) is one video",
    )  # fmt: skip
    parser.add_argument(
        "-m", "--method", default=DEFAULT, metavar="KEY[,KEY|all]",
        help=f"one or more of {', '.join(METHODS)}, or all but bing and networks "
        f"(default: {DEFAULT})",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="OUT",
        help="a file (.mp4, .mov, .avi), or a folder: numbered PNG files of one video, "
        "IN-KEY.mp4 of several videos or methods (default: beside the files)",
    )  # fmt: skip
    parser.add_argument(
        "--frames",
        choices=("png", "npy"),
        help="write numbered images to a folder; npy keeps the float32 values of maps",
    )
    parser.add_argument(
        "--fps", type=number, metavar="N", help="frames per second of numbered images (default: 25)"
    )
    parser.add_argument(
        "--start", type=number, metavar="S", help="start at S seconds after the first frame"
    )
    parser.add_argument(
        "--end", type=number, metavar="S", help="stop at S seconds after the first frame"
    )
    parser.add_argument(
        "--resize", type=size_of, metavar="WxH", help="resize the frames before the method runs"
    )
    parser.add_argument(
        "--skip-learning", action="store_true",
        help="leave out the first frames, from which a method learns (bin-wang: 51)",
    )  # fmt: skip
    add_weights(parser)
    add_option(parser)
    add_look(parser, (*VIEWS, GRID))
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Process the videos and print a report; 1 if any failed, which does not stop the others."""
    output = None if options.output is None else named(options.output, "-o")
    keys = keys_of(options.method, ("static", "motion"))
    if options.frames is None and _is_for_images(options, keys, output):
        options.frames = "png"
    if options.frames and options.view is None:
        options.view = "map"
    view, _ = look_of(options)
    _check(options, keys)
    chosen = {**weights_of(options, keys), **method_options(options, keys)}
    groups = {GRID: keys} if view == GRID else {key: [key] for key in keys}
    if options.cluster is not None:
        _check_cluster(options)
        return run_on_cluster(options, groups, chosen)
    refuse(options, CLUSTER_ONLY, "without --cluster")
    jobs = _jobs(options, list(groups), output)
    guard = FileGuard()
    for source, name, target in jobs:
        with guard.file(source):
            _process(source, target, groups[name], options, chosen, guard)
    if len(jobs) > 1:
        place = output or "the folders of their sources"
        print(f"wrote {len(jobs) - len(guard.failures)} of {len(jobs)} videos to {place}")
    return guard.status


def _check_cluster(options: argparse.Namespace) -> None:
    """Refuse options that a cluster does not have."""
    if options.frames is not None:
        raise ValueError(
            "--frames must come without --cluster, which writes videos; remove one of them"
        )
    if options.fps is not None:
        raise ValueError(
            "--fps must come without --cluster, which reads no folders of numbered images; "
            "remove --cluster, or make a video of the folder first"
        )
    if options.skip_learning:
        raise ValueError("--skip-learning must come without --cluster; remove one of them")


def _is_for_images(options: argparse.Namespace, keys: list[str], output: str | None) -> bool:
    """Return whether a single named video goes to a folder with one picture per frame."""
    from ..io.video_folders import is_folder, is_folder_target

    name = options.sources[0]
    is_pattern = any(sign in name for sign in "*?[") and not Path(name).exists()
    has_one = len(options.sources) == 1 and not is_pattern
    has_one &= not is_folder(name) or _holds_images(Path(name))
    has_one &= len(keys) == 1 or options.view == GRID
    return has_one and options.cluster is None and output is not None and is_folder_target(output)


def _holds_images(folder: Path) -> bool:
    """Return whether a folder holds images and no videos."""
    from ..io.pictures import READ_SUFFIXES
    from ..io.video_files import VIDEO_SUFFIXES

    suffixes = {path.suffix.lower() for path in folder.iterdir() if path.name[0] != "."}
    return suffixes.isdisjoint(VIDEO_SUFFIXES) and not suffixes.isdisjoint(READ_SUFFIXES)


def _check(options: argparse.Namespace, keys: list[str]) -> None:
    """Refuse options that are wrong for any video."""
    from ..io.video_folders import is_folder
    from ..io.video_reader import check_request
    from ..pipelines.video import check_learning
    from ..render.views import check_look

    view, alpha = look_of(options)
    check_look("overlay" if view == GRID else view, alpha)
    colormap_of(options)
    check_request(options.start, options.end, options.resize, options.fps)
    if options.fps is not None and not any(map(is_folder, options.sources)):
        refuse(options, ("fps",), "without a folder of numbered images")
    if options.frames == "npy" and view != "map":
        raise ValueError(f"--view must be map with --frames npy; got {view}")
    if options.skip_learning:
        check_learning(keys)


def _jobs(
    options: argparse.Namespace, suffixes: list[str], output: str | None
) -> list[tuple[Any, str, Path]]:
    """Return every source with every suffix, a method's key for example, and their target."""
    from ..io.encoders import CODECS
    from ..io.video_files import check_suffix
    from ..io.video_folders import is_folder_target

    folder = None if output is None else Path(output)
    sources = [source for name in options.sources for source in _sources(name)]
    if folder is None:
        check_files(name for name in options.sources if Path(name) not in sources)
    pairs = [(source, suffix) for source in sources for suffix in suffixes]
    is_folder = output is not None and is_folder_target(output)
    if options.frames and folder is not None:
        if folder.suffix.lower() in CODECS and not is_folder:
            raise ValueError(f"-o must be a folder with --frames; got the file name {folder}")
        if len(pairs) == 1:
            return [(*pairs[0], folder)]
    elif folder is not None and not is_folder:
        if len(pairs) == 1:
            with bad_use():
                check_suffix(folder)
            return [(*pairs[0], folder)]
        if folder.suffix:
            raise ValueError(
                f"-o must be a folder for {len(pairs)} videos; got the file name {folder}"
            )
    ending = "" if options.frames else _SUFFIX
    targets = [
        (folder or Path(source).parent) / f"{_stem(source)}-{suffix}{ending}"
        for source, suffix in pairs
    ]
    check_apart([source for source, _ in pairs], targets)
    if folder is not None:
        make_folder(folder)
    return [(*pair, target) for pair, target in zip(pairs, targets, strict=True)]


def _stem(source: Any) -> str:
    path = Path(str(source))
    return path.resolve().name if path.is_dir() else path.stem


def _sources(name: str) -> list[Any]:
    from ..io.paths import find_files
    from ..io.video_files import VIDEO_SUFFIXES, index_or_name
    from ..io.video_folders import is_folder

    index = index_or_name(named(name, "IN"))
    if isinstance(index, int) or "://" in name:
        return [index]
    if is_folder(name) and _holds_images(Path(name)):
        return [Path(name)]
    return list(find_files(name, VIDEO_SUFFIXES, "video", VideoError))


def _process(
    source: Any,
    target: Path,
    keys: list[str],
    options: argparse.Namespace,
    chosen: dict[str, Any],
    guard: FileGuard,
) -> None:
    from ..io.video_folders import is_folder
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
        fps=options.fps if is_folder(source) else None,
        frames=options.frames,
        skip_learning=options.skip_learning,
        **chosen,
    )
    width, height = report.size
    compute = report.compute_ms
    rate = f"{report.fps:.{0 if report.fps >= 10 else 1}f} fps steady state; "
    guard.tell(report.target, report.limits)
    if report.learned:
        print(f"{report.target}: {_learned(keys, report.learned, options)}")
    files = f" as {keys[0] if len(keys) == 1 else GRID}_000001.{options.frames} and so on"
    print(
        f"wrote {report.target}{'' if options.frames is None else '/'}: "
        f"{count_of(report.frames, 'frame')} of {width}x{height}"
        f"{files if options.frames else ''} in "
        f"{report.seconds:.1f} s ({rate if report.fps else ''}"
        f"compute {compute['p50']:.2f} ms/frame, p95 {compute['p95']:.2f} ms)"
    )


def _learned(keys: list[str], count: int, options: argparse.Namespace) -> str:
    """Say which methods learn from the first frames, and if these are there."""
    learning = ", ".join(key for key in keys if METHODS[key].learns)
    left_out = "left out" if options.skip_learning else "--skip-learning leaves them out"
    return f"{learning} only learns from the first {count_of(count, 'frame')}; {left_out}"
