"""Compute saliency for every frame of a video and write the result as a video."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..concurrency.interrupts import heeded_interrupts
from ..concurrency.threaded_pipeline import Timings, run_stages
from ..io.encoders import has_av
from ..io.video_files import check_not_source, is_file
from ..io.videos import VideoReader, VideoWriter, check_target
from ..render.grid import GRID, Grid
from ..render.overlay import check_colormap
from ..render.views import check_look, render
from ..runtime import Choice
from ..stream import Stream
from .clock import frames_per_second, percentiles_ms
from .network_video import NetworkVideo
from .progress import progress_bar

_Picture = NDArray[np.uint8]
Renderer = tuple[tuple[int, int], Callable[[_Picture], _Picture]]  # width and height; BGR to BGR


@dataclass(frozen=True)
class VideoReport:
    """Report of `process_video`.

    Attributes
    ----------
    target : Path
        Output file.
    frames : int
        Number of frames in the output file.
    size : (int, int)
        Width and height of the frames, in pixels.
    dropped : int
        Number of frames of a live source that were skipped; 0 for files.
    seconds : float
        Total time, including opening, compilation and the check of the output.
    fps : float
        Frames per second between the first and the last written frame.
    latency_ms : dict
        Milliseconds from decoding a frame to writing it: ``p50``, ``p95``, ``p99``, ``max``.
    compute_ms : dict
        Milliseconds for saliency and drawing, with the same keys.
    limits : str
        Limitations of the output file, such as missing audio; empty if there are none. Whenever
        audio of the source is lost, this says which and why.
    starts_at : float
        Time of the first frame in the source, in seconds.
    """

    target: Path
    frames: int
    size: tuple[int, int]
    dropped: int
    seconds: float
    fps: float
    latency_ms: dict[str, float]
    compute_ms: dict[str, float]
    limits: str = ""
    starts_at: float = 0.0


def process_video(
    source: str | Path | int,
    target: str | Path,
    method: str | Sequence[str],
    /,
    *,
    progress: bool = True,
    view: str = "overlay",
    alpha: float = 0.5,
    colormap: str = "inferno",
    backend: Choice = "auto",
    start: float | None = None,
    end: float | None = None,
    resize: tuple[int, int] | None = None,
    **options: Any,
) -> VideoReport:
    """Compute saliency for every frame of a video and write the result as a video.

    Reading, the method and writing run in three threads. With PyAV
    (``pip install 'fastsal[video]'``) the output is H.264 with the sound of the source, and frames
    keep their times at variable frame rates. An .avi is Motion JPEG at a steady rate, with PCM
    audio. Without PyAV the output is MPEG-4 or Motion JPEG without sound.

    Parameters
    ----------
    source : str, Path or int
        File, URL or camera index. A live source needs `end`, or runs until it is interrupted.
    target : str or Path
        Output file, ending in .mp4, .m4v, .mov or .avi. It is created or replaced only when it is
        complete.
    method : str or sequence of str
        A key of `METHODS`, or several keys for ``view="grid"``.
    progress : bool, default True
        Show a progress bar on stderr if stderr is a terminal.
    view : {"overlay", "map", "side-by-side", "grid"}, default "overlay"
        "overlay" draws the map over the frame, "map" draws it in grey with white as 1.
        "side-by-side" shows frame and overlay, twice as wide. "grid" shows the overlay of each
        method, scaled down to at most 3840 x 2160 pixels.
    alpha : float, default 0.5
        Weight of the map in the overlay, 0 to 1.
    colormap : str, default "inferno"
        Name of an OpenCV colour map for the overlay.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the CPU, since frames are in host memory.
    start, end : float, optional
        Range of the source in seconds, exact to the frame.
    resize : (int, int), optional
        Width and height in pixels to which frames are scaled first.
    **options
        Options of the method's function. A network needs ``weights``, its checkpoint file. It
        follows its authors' order of windows, and hears the sound of the file through PyAV.

    Returns
    -------
    VideoReport

    Raises
    ------
    ValueError, TypeError, BackendUnavailableError
        If an argument is not one of the allowed values. No file is written.
    VideoError
        If the source cannot be read completely or the target cannot be written. Frames
        written before the error are kept in a hidden file beside the target if it plays. The
        message names that file. Other exceptions, such as KeyboardInterrupt, carry a note with it.
        Damage of a single frame's header can lose that frame without an error; see the notes of
        `fastsal.io.video_reader.VideoReader`.

    Examples
    --------
    >>> report = process_video("street.mp4", "salient.mp4", "lc")  # doctest: +SKIP
    >>> report.frames, report.compute_ms["p95"]  # doctest: +SKIP
    (325, 1.9)
    """
    keys = (method,) if isinstance(method, str) else tuple(dict.fromkeys(method))
    check_video_look(keys, view, alpha)
    check_colormap(colormap)
    streams = {key: Stream(key, backend=backend, color="bgr", **options) for key in keys}
    return convert_video(
        source,
        target,
        lambda size: renderer_of(streams, size, view, alpha, colormap),
        network=network_of(streams, view, alpha, colormap),
        label=", ".join(keys),
        progress=progress,
        start=start,
        end=end,
        resize=resize,
    )


def convert_video(
    source: str | Path | int,
    target: str | Path,
    renderer: Callable[[tuple[int, int]], Renderer],
    *,
    label: str,
    network: NetworkVideo | None = None,
    progress: bool = True,
    start: float | None = None,
    end: float | None = None,
    resize: tuple[int, int] | None = None,
    keeps_part: bool = True,
) -> VideoReport:
    """Write a video with a picture for every frame of another, with its sound and times.

    `renderer` gets the width and height of the frames. It returns those of the pictures, and the
    function that makes a picture of a BGR frame. `label` stands before the progress bar. For files,
    `network` takes the place of that function. `keeps_part` keeps the frames written before an
    error. The rest is as in `process_video`.
    """
    began = time.perf_counter()
    check_not_source(source, check_target(target))
    with VideoReader(source, start=start, end=end, resize=resize) as reader:
        shown, picture = renderer(reader.size)
        sound = sound_of(source, reader, is_cut=bool(start))
        ratio = reader.sample_aspect_ratio
        writer = VideoWriter(target, reader.fps, shown, sound, ratio, keeps_part=keeps_part)
        with writer:
            # An AVI has a steady rate; with audio, its frames are repeated to keep their times.
            is_timed = writer.keeps_times or (sound is not None and sound.has_tracks)
            bar = _bar(reader, label, progress)
            if network is not None and not reader.live:
                timings = network.run(source, reader, writer, bar, is_timed=is_timed)
            else:
                timings = _run(reader, writer, picture, bar, is_timed=is_timed)
            first = reader.starts_at
            if sound is not None:
                sound.keeps_rest = end is None
        lost = "the audio of a live stream is left out" if reader.live and reader.has_audio else ""
    return _report(writer, timings, time.perf_counter() - began, lost, first)


def sound_of(source: str | Path | int, reader: VideoReader, *, is_cut: bool) -> Any:
    """Return the audio that goes with the video; None where there is none, or no PyAV."""
    is_carried = is_file(source) or (reader.has_audio and not reader.live)
    if not (has_av() and is_carried):
        return None
    from ..io.audio import Sound  # which needs PyAV

    return Sound(str(source), reader.starts_at, is_cut=is_cut)


def check_video_look(keys: Sequence[str], view: str, alpha: float) -> None:
    """Refuse a view or strength that no video has, before there is anything to draw.

    Raises
    ------
    ValueError
    """
    check_look("overlay" if view == GRID else view, alpha)
    if not keys or (len(keys) > 1 and view != GRID):
        raise ValueError(f"`method` must be one key unless view='grid'; got {list(keys)}")


def renderer_of(
    streams: dict[str, Stream],
    size: tuple[int, int],
    view: str,
    alpha: float,
    colormap: str = "inferno",
) -> Renderer:
    """Return the size of the pictures and the function that makes them, from a BGR frame."""
    width, height = size
    # The pictures have 8 bits anyway.
    maps = {key: np.empty((height, width), np.uint8) for key in streams}
    grid = Grid(list(streams), size)

    def picture(frame: _Picture) -> _Picture:
        for key, stream in streams.items():
            stream.update(frame, out=maps[key])
        if view == GRID:
            return grid.picture(frame, maps, alpha=alpha, colormap=colormap, color="bgr")
        ((key, saliency),) = maps.items()
        percentile = streams[key].method.display_percentile
        return render(
            frame, saliency, view=view, alpha=alpha, colormap=colormap, percentile=percentile,
            color="bgr",
        )  # fmt: skip

    if view == GRID:
        return grid.size, picture
    return (2 * width if view == "side-by-side" else width, height), picture


def network_of(
    streams: dict[str, Stream], view: str, alpha: float, colormap: str = "inferno"
) -> NetworkVideo | None:
    """Return a network that takes whole videos, if the only stream is one."""
    (stream, *others) = streams.values()
    if others or view == GRID or stream.network is None:
        return None
    return NetworkVideo(
        stream,
        lambda frame, saliency: render(
            frame, saliency, view=view, alpha=alpha, colormap=colormap, color="bgr"
        ),
    )


def _bar(reader: VideoReader, method: str, progress: bool) -> Any:
    return progress_bar(total=reader.frame_count, desc=method, unit="frame", shown=progress)


def _run(
    reader: VideoReader,
    writer: VideoWriter,
    picture: Callable[[_Picture], _Picture],
    bar: Any,
    *,
    is_timed: bool,
) -> Timings:
    """Run the three stages, along which frames and pictures go with their times."""

    def timed() -> Iterator[tuple[_Picture, float]]:
        for frame in reader:
            yield frame, reader.seconds - reader.starts_at

    def rendered(item: tuple[_Picture, float]) -> tuple[_Picture, float]:
        return picture(item[0]), item[1]

    def write(item: tuple[_Picture, float]) -> None:
        writer.write(item[0], at=item[1] if is_timed else None)

    with bar, heeded_interrupts():
        return run_stages(timed(), rendered, write, live=reader.live, on_frame=bar.update)


def _report(
    writer: VideoWriter, timings: Timings, seconds: float, lost: str, first: float
) -> VideoReport:
    return VideoReport(
        target=writer.target,
        frames=writer.frames,
        size=writer.encoded_size,
        dropped=timings.dropped,
        seconds=seconds,
        fps=frames_per_second(timings.written),
        latency_ms=percentiles_ms(timings.latency),
        compute_ms=percentiles_ms(timings.compute),
        limits="; ".join(filter(None, (writer.limits, lost))),
        starts_at=first,
    )
