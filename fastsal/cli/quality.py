"""``fastsal quality``: PSNR and SSIM of an image or a video against its original."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..io.counts import count_of
from ..registry import method_of
from .options import Commands, add_command, add_method, check_writeable, named, refuse

_SMALLEST_FOR_MS_SSIM = 161


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "quality", "measure PSNR and SSIM, plain and weighted by saliency", run
    )
    parser.add_argument("reference", metavar="REFERENCE", help="the original image or video")
    parser.add_argument("distorted", metavar="DISTORTED", help="its compressed or damaged version")
    add_method(parser)
    parser.add_argument("--csv", metavar="F", help="write the values of every frame to this file")
    parser.add_argument("--plot", metavar="F", help="draw them over time; needs matplotlib")


def run(options: argparse.Namespace) -> int:
    """Print the mean values; write those of frames if that is asked for."""
    from ..io.video_files import VIDEO_SUFFIXES

    reference = named(options.reference, "REFERENCE")
    distorted = named(options.distorted, "DISTORTED")
    row = method_of(options.method)
    is_video = Path(reference).suffix.lower() in VIDEO_SUFFIXES or Path(reference).is_dir()
    if is_video or "://" in reference:
        _of_videos(reference, distorted, row.key, options)
        return 0
    refuse(options, ("csv", "plot"), "with images")
    if row.kind == "motion":
        raise ValueError(f"--method must be a method for single images; got {row.key}")
    _of_images(reference, distorted, row.key)
    return 0


def _of_videos(reference: str, distorted: str, key: str, options: argparse.Namespace) -> None:
    from ..applications.video_quality import compare_videos

    for path, option in ((options.csv, "--csv"), (options.plot, "--plot")):
        if path is not None:
            check_writeable(Path(named(path, option)), option)
    quality = compare_videos(reference, distorted, key)
    print(f"{count_of(len(quality.seconds), 'frame')}, weights by {key}")
    _print("PSNR, dB", quality.mean("psnr"), quality.mean("psnr_salient"), 2)
    _print("SSIM", quality.mean("ssim"), quality.mean("ssim_salient"), 4)
    if options.csv is not None:
        quality.write_csv(options.csv)
        print(f"wrote {options.csv}")
    if options.plot is not None:
        quality.write_plot(options.plot)
        print(f"wrote {options.plot}")


def _of_images(reference: str, distorted: str, key: str) -> None:
    from ..applications.quality import ms_ssim, psnr, ssim
    from ..io.pictures import read_image
    from ..stream import Stream

    first, second = read_image(reference), read_image(distorted)
    saliency = Stream(key).update(first)
    decibels = psnr(first, second), psnr(first, second, saliency=saliency)
    print(f"{first.shape[1]}x{first.shape[0]} pixels, weights by {key}")
    _print("PSNR, dB", *decibels, 2)
    _print("SSIM", ssim(first, second), ssim(first, second, saliency=saliency), 4)
    if min(first.shape[:2]) >= _SMALLEST_FOR_MS_SSIM:
        weighted = ms_ssim(first, second, saliency=saliency)
        _print("MS-SSIM", ms_ssim(first, second), weighted, 4)


def _print(name: str, plain: float, weighted: float, digits: int) -> None:
    print(f"{name:8}  {plain:.{digits}f}  weighted {weighted:.{digits}f}")
