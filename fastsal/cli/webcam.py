"""``fastsal webcam``: saliency of a camera, live."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from ..registry import method_of
from .options import (
    VIEWS,
    Commands,
    add_command,
    add_look,
    add_method,
    add_weights,
    bad_use,
    check_writeable,
    look_of,
    number,
    refuse,
    size_of,
    weights_of,
)

# The page has none of them.
_OF_WINDOWS = ("source", "weights", "size", "record", "headless", "frames", "json", "view", "alpha",
               "colormap")  # fmt: skip
_OF_PAGES = ("certfile", "keyfile")


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(commands, "webcam", "show the saliency of a camera live", run)
    parser.add_argument(
        "--source", metavar="S",
        help="camera index, file, URL, or 'synthetic' for a generated test clip (default: 0)",
    )  # fmt: skip
    add_method(parser)
    add_weights(parser)
    parser.add_argument("--size", type=size_of, metavar="WxH", help="size of the processed frames")
    parser.add_argument(
        "--mirror", action=argparse.BooleanOptionalAction, default=None,
        help="flip horizontally (default: for cameras)",
    )  # fmt: skip
    parser.add_argument(
        "--temporal-smoothing", type=number, default=0.0, metavar="FRACTION",
        help="weight of the previous map in the next, 0 to below 1 (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--record", type=Path, metavar="OUT.mp4", help="record the window to a video"
    )
    parser.add_argument("--headless", action="store_true", help="run without a window")
    parser.add_argument(
        "--web", metavar="[HOST:]PORT", help="serve a page that uses the browser's camera"
    )
    parser.add_argument(
        "--certfile", type=Path, metavar="PEM", help="certificate, to serve --web over https"
    )
    parser.add_argument(
        "--keyfile",
        type=Path,
        metavar="PEM",
        help="private key, if it is not in the certificate file",
    )
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames")
    parser.add_argument(
        "--json", type=Path, metavar="F", help="write a report when the session ends"
    )
    add_look(parser, (*VIEWS, "boxes"))


def run(options: argparse.Namespace) -> None:
    """Run the session, and print and write its report; or serve the page."""
    method_of(options.method)
    weights = weights_of(options, [options.method]).get("weights")
    if not 0 <= options.temporal_smoothing < 1:
        raise ValueError(
            "--temporal-smoothing must be at least 0 and below 1; "
            f"got {options.temporal_smoothing:g}"
        )
    if options.web is not None:
        _serve(options)
        return
    refuse(options, _OF_PAGES, "without --web")
    view, alpha = look_of(options, is_fixed=False)  # keys change it
    from ..io.atomic_write import write_text
    from ..io.video_reader import check_request
    from ..live.view_settings import COLORMAPS, Look
    from ..live.webcam import Settings, Webcam
    from ..render.overlay import check_alpha, check_colormap

    check_alpha(alpha)
    colormap = options.colormap or COLORMAPS[0]
    check_colormap(colormap)
    if options.frames is not None and options.frames < 1:
        raise ValueError(f"--frames must be at least 1; got {options.frames}")
    check_request(None, None, options.size)
    _check_targets(options)
    webcam = Webcam(
        Settings(
            source="0" if options.source is None else options.source, method=options.method,
            backend=options.backend, look=Look(view=view, alpha=alpha, colormap=colormap),
            size=options.size,
            mirror=options.mirror, smoothing=options.temporal_smoothing, record=options.record,
            frames=options.frames, headless=options.headless, weights=weights,
        )
    )  # fmt: skip
    try:
        webcam.run()
    finally:
        report = webcam.report()
        print(_line(report))
        if options.json:
            write_text(options.json, json.dumps(dataclasses.asdict(report), indent=1) + "\n")
        for path in (options.record, options.json):
            if path is not None and path.exists():
                print(f"wrote {path}")


def _check_targets(options: argparse.Namespace) -> None:
    from ..io.video_files import check_not_source, check_suffix, check_target

    if options.record is not None:
        with bad_use():
            check_suffix(options.record)
        check_target(options.record)
        check_writeable(options.record, "--record")
        check_not_source(options.source, options.record)
    if options.json is not None:
        check_writeable(options.json, "--json")
        check_not_source(options.source, options.json)
        if options.record is not None and options.json.resolve() == options.record.resolve():
            raise ValueError(f"--record and --json must be two files; got {options.json} for both")


def _serve(options: argparse.Namespace) -> None:
    from ..live.engine import Choice
    from ..live.web.server import Server, address_of

    refuse(options, _OF_WINDOWS, "with --web")
    if options.mirror is not None:
        raise ValueError("--mirror and --no-mirror have no effect with --web; remove them")
    if options.keyfile is not None and options.certfile is None:
        raise ValueError("--keyfile needs --certfile")
    host, port = address_of(options.web)
    server = Server(
        host, port, Choice(options.method, options.backend),
        smoothing=options.temporal_smoothing,
        certificate=options.certfile, key=options.keyfile,
    )  # fmt: skip
    print(f"open {server.url} in a browser; press Ctrl-C to stop", flush=True)
    server.run()


def _line(report: Any) -> str:
    width, height = report.size
    rate = f"{report.fps:.1f} fps, " if report.fps else ""  # of one frame there is none
    return (
        f"{report.method} on {report.backend}, {width}x{height}: {report.captured} captured, "
        f"{report.shown} shown, {report.dropped} dropped, {rate}latency p50 "
        f"{report.latency_ms['p50']:.0f} p95 {report.latency_ms['p95']:.0f} ms, compute "
        f"{report.compute_ms['p50']:.1f} ms"
    )
