"""``fastsal video``: a whole video through one method."""

from __future__ import annotations

import argparse
from typing import Any

from ..methods import METHODS
from .options import Commands, add_command, add_look, named


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "video", "a video of the saliency of a video", run)
    parser.add_argument("source", metavar="IN", help="a file, a URL, or a camera's index")
    parser.add_argument("-m", "--method", choices=METHODS, default="lc", help="default: lc")
    parser.add_argument("-o", "--output", required=True, metavar="OUT.mp4", help="or .avi, .mov")
    parser.add_argument("--start", type=float, metavar="S", help="seconds to skip")
    parser.add_argument("--end", type=float, metavar="S", help="seconds at which to stop")
    parser.add_argument("--resize", type=_size, metavar="WxH", help="scale the frames first")
    add_look(parser)


def run(options: argparse.Namespace) -> None:
    """Process the video and print the report."""
    from ..pipelines.video import process_video

    name = named(options.source, "IN")
    source: Any = int(name) if name.isdecimal() else name
    report = process_video(
        source,
        named(options.output, "-o"),
        options.method,
        view=options.view,
        alpha=options.alpha,
        backend=options.backend,
        start=options.start,
        end=options.end,
        resize=options.resize,
    )
    width, height = report.size
    compute = report.compute_ms
    print(
        f"wrote {report.target}: {report.frames} frames of {width}x{height} in "
        f"{report.seconds:.1f} s, {report.fps:.0f} frames per second, "
        f"{compute['p50']:.2f} ms per frame (p95 {compute['p95']:.2f})"
    )


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected WxH, 640x480 say, got {text!r}") from None
    if width < 1 or height < 1:
        raise argparse.ArgumentTypeError(f"expected a size of at least 1x1, got {text!r}")
    return width, height
