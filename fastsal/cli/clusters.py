"""``--cluster``: the jobs of ``fastsal image`` and ``fastsal video`` on a Dask cluster."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImageError, VideoError
from .messages import say
from .options import GRID, colormap_of, count, look_of, named, refuse

if TYPE_CHECKING:
    from ..distributed import BatchReport
    from ..render.image_views import ImageLook

_LOCAL = "local"


def images(
    options: argparse.Namespace, keys: list[str], look: ImageLook, chosen: dict[str, Any]
) -> int:
    """Run ``fastsal image`` on a cluster; 1 if an image failed."""
    refuse(options, ("pages", "box_format"), "with --cluster")
    if isinstance(options.boxes, Path):
        raise ValueError(f"--boxes must have no file name with --cluster; got {options.boxes}")
    settings = _settings(options)

    from ..distributed.running import run_images
    from ..distributed.sources import find_sources
    from ..distributed.storage import stem_of
    from ..io.pictures import READ_SUFFIXES

    names = [named(each, "IN") for each in options.images]
    sources = find_sources(names, READ_SUFFIXES, "image", ImageError, {})
    suffixes = [GRID] if look.view == GRID else keys
    jobs = [
        (source, tuple(f"{stem_of(source.name)}-{suffix}.png" for suffix in suffixes))
        for source in sources
    ]
    output = _output(options)
    report = run_images(jobs, output, tuple(keys), look, chosen, **settings)
    return _told([report], "image", output)


def videos(
    options: argparse.Namespace, groups: dict[str, list[str]], chosen: dict[str, Any]
) -> int:
    """Run ``fastsal video`` on a cluster; 1 if a video failed."""
    settings = _settings(options)
    if options.json and len(groups) > 1:
        raise ValueError("--json must have one method or --view grid; run one method at a time")

    from ..distributed.running import run_videos
    from ..distributed.sources import find_sources
    from ..distributed.storage import stem_of
    from ..io.video_files import VIDEO_SUFFIXES

    names = [named(each, "IN") for each in options.sources]
    sources = find_sources(names, VIDEO_SUFFIXES, "video", VideoError, {})
    output = _output(options)
    view, alpha = look_of(options)
    look: dict[str, Any] = {
        "view": view, "alpha": alpha, "colormap": colormap_of(options),
        "start": options.start, "end": options.end, "resize": options.resize,
    }  # fmt: skip
    reports = [
        run_videos(
            [(source, (f"{stem_of(source.name)}-{suffix}.mp4",)) for source in sources],
            output, tuple(keys), look, {"backend": options.backend, **chosen}, **settings,
        )
        for suffix, keys in groups.items()
    ]  # fmt: skip
    return _told(reports, "video", output)


def _output(options: argparse.Namespace) -> str:
    if options.output is None:
        raise ValueError("-o must be a folder or a URL with --cluster; got none")
    return named(options.output, "-o")


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments that choose a cluster and the rest of a run."""
    name, _, number = options.cluster.partition(":")
    if not name:
        raise ValueError("--cluster must be an address or local; got an empty one")
    is_local = name == _LOCAL
    if is_local and number:
        try:
            count(number)
        except argparse.ArgumentTypeError as error:
            raise ValueError(f"--cluster {_LOCAL}:N {error}") from None
    return {
        "client": None if is_local else options.cluster,
        "workers": int(number) if is_local and number else None,
        "overwrite": options.overwrite,
        "progress": True,
        "log": options.json,
        "storage_options": None,
    }


def _told(reports: list[BatchReport], unit: str, output: str) -> int:
    """Print the outcome of a run, and return the exit status."""
    done, skipped, failed = (
        sum(len(getattr(report, name)) for report in reports)
        for name in ("done", "skipped", "failed")
    )
    seconds = sum(report.seconds for report in reports)
    rate = f" in {seconds:.1f} s, {done / seconds:.1f} per second" if done and seconds else ""
    finished = f"; {skipped} were finished already" if skipped else ""
    print(f"processed {done} of {done + skipped + failed} {unit}s to {output}{rate}{finished}")
    for report in reports:
        for _, message in report.failed:
            say(f"error: {message}")
    return 1 if failed else 0
