"""Compute saliency for every frame of a video; write a video, or numbered images."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..concurrency.interrupts import heeded_interrupts
from ..concurrency.threaded_pipeline import Timings, run_stages
from ..errors import VideoError
from ..io.encoders import has_av
from ..io.video_files import check_not_source, is_file
from ..io.video_folders import FORMATS, FolderWriter, Format, is_folder_target
from ..io.videos import VideoReader, VideoWriter, check_target
from ..registry import method_of
from ..render.grid import GRID, Grid
from ..render.overlay import check_colormap
from ..render.views import check_look, render
from ..runtime import Choice
from ..stream import Stream
from ..validation import choice
from .clock import frames_per_second, percentiles_ms
from .network_video import NetworkVideo
from .progress import progress_bar

_Picture = NDArray[np.uint8]
Renderer = tuple[tuple[int, int], Callable[[_Picture], NDArray[Any]]]  # width, height; from BGR


@dataclass(frozen=True)
class VideoReport:
    """Report of `process_video`.

    Attributes
    ----------
    target : Path
        Output file, or folder of numbered images.
    frames : int
        Number of frames written.
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
    learned : int
        First frames of the source that only teach the method, such as 51 for "bin-wang". With
        ``skip_learning=True`` they are left out; else their maps are not reliable.
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
    learned: int = 0


def process_video(
    source: str | Path | int,
    target: str | Path,
    method: str | Sequence[str],
    /,
    *,
    progress: bool = True,
    view: str | None = None,
    alpha: float = 0.5,
    colormap: str = "inferno",
    backend: Choice = "auto",
    start: float | None = None,
    end: float | None = None,
    resize: tuple[int, int] | None = None,
    fps: float | None = None,
    frames: Format | None = None,
    skip_learning: bool = False,
    **options: Any,
) -> VideoReport:
    """Compute saliency for every frame of a video; write a video, or numbered images.

    Reading, the method and writing run in three threads. With PyAV
    (``pip install av``) the output is H.264 with the sound of the source, and frames
    keep their times at variable frame rates. An .avi is Motion JPEG at a steady rate, with PCM
    audio. Without PyAV the output is MPEG-4 or Motion JPEG without sound.

    Parameters
    ----------
    source : str, Path or int
        File, folder of numbered images (img_0001.png and so on, of one size), URL or camera index.
        A live source needs `end`, or runs until it is interrupted.
    target : str or Path
        Output file, ending in .mp4, .m4v, .mov or .avi. It is created or replaced only when it is
        complete. A folder, such as ``"maps/"``, gets an image for every frame: KEY_000001.png and
        so on, which replace those of an earlier run.
    method : str or sequence of str
        A key of `METHODS`, or several keys for ``view="grid"``.
    progress : bool, default True
        Show a progress bar on stderr if stderr is a terminal.
    view : {"overlay", "map", "side-by-side", "grid"}, optional
        By default "overlay" for videos and "map" for numbered images. "overlay" draws the map over
        the frame, "map" draws it in grey with white as 1. "side-by-side" shows frame and overlay,
        twice as wide. "grid" shows the overlay of each method, scaled down to at most 3840 x 2160
        pixels.
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
    fps : float, optional
        Frames per second of a folder of images, by default 25.
    frames : {"png", "npy"}, optional
        Format of numbered images; `target` is then a folder. "npy" stores float32 maps.
    skip_learning : bool, default False
        Leave out the first frames, from which a method learns: 51 for "bin-wang".
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
        written before the error are kept in a hidden file beside the target if it plays, and in
        the folder of numbered images. The message names that file or folder. Other exceptions, such
        as KeyboardInterrupt, carry a note with it.
        Damage of a single frame's header can lose that frame without an error; see the notes of
        `fastsal.io.video_reader.VideoReader`.

    Examples
    --------
    >>> report = process_video("street.mp4", "salient.mp4", "lc")  # doctest: +SKIP
    >>> report.frames, report.compute_ms["p95"]  # doctest: +SKIP
    (325, 1.9)
    """
    keys = (method,) if isinstance(method, str) else tuple(dict.fromkeys(method))
    if frames is not None:
        choice("frames", frames, FORMATS)
    elif is_folder_target(target):
        frames = "png"
    view = view or ("map" if frames else "overlay")
    check_video_look(keys, view, alpha)
    if frames == "npy" and view != "map":
        raise ValueError(f"`view` must be 'map' for frames='npy'; got {view!r}")
    check_colormap(colormap)
    learns = check_learning(keys) if skip_learning else learning_of(keys)
    streams = {key: Stream(key, backend=backend, color="bgr", **options) for key in keys}
    return convert_video(
        source,
        target,
        lambda size: renderer_of(streams, size, view, alpha, colormap, frames),
        network=network_of(streams, view, alpha, colormap, frames),
        label=", ".join(keys),
        progress=progress,
        start=start,
        end=end,
        resize=resize,
        fps=fps,
        frames=frames,
        learns=learns,
        skip_learning=skip_learning,
    )


def learning_of(keys: Sequence[str]) -> int:
    """Return the number of first frames that only teach one of the methods."""
    return max(method_of(key).learns for key in keys)


def check_learning(keys: Sequence[str]) -> int:
    """Return `learning_of` the methods, and refuse methods that learn from no frames.

    Raises
    ------
    ValueError
    """
    learns = learning_of(keys)
    if not learns:
        raise ValueError(
            f"`skip_learning` applies to methods that learn, such as bin-wang; got "
            f"{', '.join(keys)}"
        )
    return learns


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
    fps: float | None = None,
    frames: Format | None = None,
    learns: int = 0,
    skip_learning: bool = False,
) -> VideoReport:
    """Write a video with a picture for every frame of another, with its sound and times.

    `renderer` gets the width and height of the frames. It returns those of the pictures, and the
    function that makes a picture of a BGR frame. `label` stands before the progress bar. For files,
    `network` takes the place of that function. `keeps_part` keeps the frames written before an
    error. `frames` is the format of numbered images. The method learns from the first `learns`
    frames, which `skip_learning` leaves out. The rest is as in `process_video`.
    """
    began = time.perf_counter()
    check_not_source(source, Path(target) if frames else check_target(target))
    with VideoReader(source, start=start, end=end, resize=resize, fps=fps) as reader:
        shown, picture = renderer(reader.size)
        if skip_learning:
            _learn(reader, picture, learns)
        sound = None if frames else sound_of(source, reader, is_cut=bool(start) or skip_learning)
        writer: VideoWriter | FolderWriter
        if frames:
            name = label if ", " not in label else GRID
            writer = FolderWriter(target, name, frames, shown)
        else:
            ratio = reader.sample_aspect_ratio
            writer = VideoWriter(target, reader.fps, shown, sound, ratio, keeps_part=keeps_part)
        with writer:
            # An AVI has a steady rate; with audio, its frames are repeated to keep their times.
            is_timed = writer.keeps_times or (sound is not None and sound.has_tracks)
            bar = _bar(reader, label, progress, learns if skip_learning else 0)
            if network is not None and not reader.live:
                timings = network.run(source, reader, writer, bar, is_timed=is_timed)
            else:
                timings = _run(reader, writer, picture, bar, is_timed=is_timed)
            first = reader.starts_at
            if sound is not None:
                sound.keeps_rest = end is None
        lost = "the audio of a live stream is left out" if reader.live and reader.has_audio else ""
        lost = lost or (network.limits if network is not None else "")
    seconds = time.perf_counter() - began
    learned = learns if skip_learning else min(learns, writer.frames)
    return _report(writer, timings, seconds, lost, first, learned)


def _learn(reader: VideoReader, picture: Callable[[_Picture], _Picture], count: int) -> None:
    """Give the first frames to the method, and begin the video after them."""
    taken = 0
    with heeded_interrupts():
        for frame in itertools.islice(reader, count):
            picture(frame)
            taken += 1
    if taken < count or not reader.start_here():
        raise VideoError(
            f"{reader.name}: the method learns for {count} frames, and there are only {taken}; "
            "use a longer part, or do not skip them"
        )


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
    frames: Format | None = None,
) -> Renderer:
    """Return the size of the pictures and the function that makes them, from a BGR frame.

    For numbered images of maps, the pictures are float32 maps.
    """
    width, height = size
    if frames and view == "map":
        (stream,) = streams.values()
        return size, stream.update
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
    streams: dict[str, Stream],
    view: str,
    alpha: float,
    colormap: str = "inferno",
    frames: Format | None = None,
) -> NetworkVideo | None:
    """Return a network that takes whole videos, if the only stream is one."""
    (stream, *others) = streams.values()
    if others or view == GRID or stream.network is None:
        return None
    if frames and view == "map":
        return NetworkVideo(stream, lambda frame, saliency: saliency.copy())
    return NetworkVideo(
        stream,
        lambda frame, saliency: render(
            frame, saliency, view=view, alpha=alpha, colormap=colormap, color="bgr"
        ),
    )


def _bar(reader: VideoReader, method: str, progress: bool, skipped: int) -> Any:
    count = None if reader.frame_count is None else max(0, reader.frame_count - skipped)
    return progress_bar(total=count, desc=method, unit="frame", shown=progress)


def _run(
    reader: VideoReader,
    writer: VideoWriter | FolderWriter,
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
    writer: VideoWriter | FolderWriter,
    timings: Timings,
    seconds: float,
    lost: str,
    first: float,
    learned: int,
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
        learned=learned,
    )
