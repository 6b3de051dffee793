"""``fastsal compress``: an image or a video that spends its bytes where people look."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ..io.counts import count_of
from ..registry import method_of
from .options import Commands, add_command, add_method, named, number, refuse

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".webp", ".avif")
_VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov")
_OF_IMAGES = ("quality", "subsampling")
_OF_VIDEOS = ("crf", "strength", "codec", "preset", "compare")


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "compress", "compress an image or a video, finer where people look", run
    )
    parser.add_argument("source", metavar="IN", help="an image or a video file")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT",
        help=f"output file: {', '.join(_IMAGE_SUFFIXES)} for images, "
        f"{', '.join(_VIDEO_SUFFIXES)} for videos",
    )  # fmt: skip
    add_method(parser)
    parser.add_argument(
        "--background", type=number, metavar="X",
        help="how much coarser the rest is: for images 1 to 64 (default: 8), "
        "for videos 0 to 1 (default: 0.15)",
    )  # fmt: skip
    images = parser.add_argument_group("images")
    images.add_argument(
        "--quality",
        type=int,
        metavar="Q",
        help="quality of salient regions, 1 to 100 (default: 80)",
    )
    images.add_argument(
        "--subsampling", choices=("4:4:4", "4:2:2", "4:2:0"),
        help="resolution of the colours in JPEG and AVIF (default: 4:4:4)",
    )  # fmt: skip
    videos = parser.add_argument_group("videos")
    videos.add_argument(
        "--crf", type=number, metavar="N",
        help="constant rate factor, 1 to 51: lower is finer and larger (default: 28)",
    )  # fmt: skip
    videos.add_argument(
        "--strength", type=number, metavar="X",
        help="how much finer salient regions are, 0 to 1 (default: 0.15)",
    )  # fmt: skip
    videos.add_argument(
        "--codec", choices=("libx264", "libx265"),
        help="encoder of H.264 or H.265 (default: libx264)",
    )  # fmt: skip
    videos.add_argument(
        "--preset", metavar="NAME",
        help="preset of the encoder, ultrafast to veryslow (default: medium)",
    )  # fmt: skip
    videos.add_argument(
        "--compare", action="store_true",
        help="encode without regions too, to about as many bytes, and print its quality",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Write the file and print its size and quality."""
    source, target = named(options.source, "IN"), Path(named(options.output, "-o"))
    row = method_of(options.method)
    if target.suffix.lower() in _IMAGE_SUFFIXES:
        refuse(options, _OF_VIDEOS, "with images")
        if row.kind == "motion":
            raise ValueError(f"--method must be a method for single images; got {row.key}")
        _compress_image(source, target, row.key, options)
    elif target.suffix.lower() in _VIDEO_SUFFIXES:
        refuse(options, _OF_IMAGES, "with videos")
        _compress_video(source, target, row.key, options)
    else:
        suffixes = ", ".join((*_IMAGE_SUFFIXES, *_VIDEO_SUFFIXES))
        raise ValueError(f"-o must end in one of {suffixes}; got {target}")
    return 0


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Return the options that were given."""
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _compress_image(source: str, target: Path, key: str, options: argparse.Namespace) -> None:
    from ..applications.image_compression import compress_image

    given = _given(options, "background", *_OF_IMAGES)
    report = compress_image(source, target, saliency=key, **given)
    print(
        f"wrote {report.target}: {report.bytes:,} bytes, {report.saved:.0%} less than the plain "
        f"file; PSNR of salient pixels {report.psnr_salient:.2f} dB "
        f"(plain {report.plain_psnr_salient:.2f}){_background(report.psnr_background)}"
    )


def _compress_video(source: str, target: Path, key: str, options: argparse.Namespace) -> None:
    from ..applications.video_compression import compress_video

    given = _given(options, "background", "crf", "strength", "codec", "preset")
    report = compress_video(source, target, key, compare_plain=options.compare, **given)
    if report.limits:
        print(f"{report.target}: {report.limits}")
    print(
        f"wrote {report.target}: {count_of(report.frames, 'frame')}, {report.bytes:,} bytes in "
        f"{report.seconds:.1f} s; {_quality(report)}"
    )
    if report.plain is not None:
        plain = report.plain
        print(f"without regions: {plain.bytes:,} bytes at CRF {plain.crf:g}; {_quality(plain)}")


def _quality(report: Any) -> str:
    return (
        f"PSNR of salient pixels {report.psnr_salient:.2f} dB"
        f"{_background(report.psnr_background)}, SSIM {report.ssim_salient:.4f}"
    )


def _background(psnr: float) -> str:
    return "" if math.isnan(psnr) else f", background {psnr:.2f} dB"
