"""Videos that spend their bytes where people look, by regions of interest."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..concurrency.interrupts import heeded_interrupts
from ..concurrency.threaded_pipeline import run_stages
from ..errors import VideoError
from ..io.encoders import CODECS, Encoder, has_av
from ..io.video_files import check_not_source
from ..io.videos import VideoReader, VideoWriter, check_target
from ..pipelines.progress import progress_bar
from ..pipelines.video import sound_of
from ..stream import Stream
from .sampling import SampledQuality, Samples
from .video_regions import VideoRegions

ENCODERS = {"libx264": "H.264", "libx265": "H.265"}
PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow"),
)
_SUFFIXES = tuple(suffix for suffix in CODECS if suffix != ".avi")
_HIGHEST_CRF = 51
_HALVING = 6.0  # steps of CRF, roughly, that halve the bytes
_CLOSE = 0.002  # of the bytes
_MOST_TRIALS = 6

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class PlainEncode(SampledQuality):
    """An encode without regions, of about equal size.

    Attributes
    ----------
    crf : float
        Its constant rate factor.
    bytes : int
        Its size.
    """

    crf: float
    bytes: int


@dataclass(frozen=True)
class VideoCompressionReport(SampledQuality):
    """Report of `compress_video`; quality is that of up to 24 frames at equal distances.

    Attributes
    ----------
    target : Path
        Output file.
    frames : int
        Number of frames in it.
    bytes : int
        Its size.
    seconds : float
        Total time.
    limits : str
        Limitations of the output file, such as audio that is left out; empty if there are none.
    plain : PlainEncode or None
        An encode without regions of about equal size, if it was asked for.

    Examples
    --------
    >>> report = compress_video("street.mp4", "small.mp4", "flow")  # doctest: +SKIP
    >>> report.psnr_salient, report.psnr_background  # doctest: +SKIP
    (35.2, 31.1)
    """

    target: Path
    frames: int
    bytes: int
    seconds: float
    limits: str = ""
    plain: PlainEncode | None = None


def compress_video(
    source: str | Path,
    target: str | Path,
    /,
    method: str,
    *,
    crf: float = 28,
    strength: float = 0.15,
    background: float = 0.15,
    codec: str = "libx264",
    preset: str = "medium",
    compare_plain: bool = False,
    progress: bool = True,
    **options: Any,
) -> VideoCompressionReport:
    """Encode a video that is finer where people look and coarser elsewhere.

    It needs PyAV: ``pip install av``.

    Parameters
    ----------
    source : str or Path
        File or URL of a video that ends.
    target : str or Path
        Output file, ending in .mp4, .m4v or .mov. It is created or replaced only when it is
        complete. It has the audio and the times of the source, upright frames and 8 bits.
    method : str
        A key of `METHODS`. Methods for single images compute three maps per second.
    crf : float, default 28
        Constant rate factor, from 1 to 51: lower is finer and larger.
    strength : float, default 0.15
        How much finer salient blocks are, 0 to 1, as a fraction of the quantiser's 51 steps.
    background : float, default 0.15
        How much coarser blocks without saliency are, 0 to 1.
    codec : {"libx264", "libx265"}, default "libx264"
        Encoder of H.264, which plays everywhere, or of H.265.
    preset : str, default "medium"
        The encoder's preset, from "ultrafast" to "veryslow": slower is smaller.
    compare_plain : bool, default False
        Encode without regions too, at the factor that gives about as many bytes. This takes up to
        six times as long.
    progress : bool, default True
        Show a progress bar on stderr if stderr is a terminal.
    **options
        Options of the method's function.

    Returns
    -------
    VideoCompressionReport

    Raises
    ------
    ValueError, TypeError
        If an argument is not one of the allowed values. No file is written.
    VideoError
        If PyAV or the encoder is missing, the source cannot be read completely, or the target
        cannot be written or is the source. Frames written before the error are kept in a hidden
        file beside the target, as `process_video` does.

    Notes
    -----
    Both encoders read regions only while adaptive quantisation is on. Presets that turn it off are
    therefore used with ``aq-mode=1``. Maps are computed on frames of at most 240 pixels, and a
    block fades over about half a second once it is no longer salient.

    Examples
    --------
    >>> report = compress_video("street.mp4", "small.mp4", "bin-wang")  # doctest: +SKIP
    >>> report.bytes, round(report.psnr_salient, 1)  # doctest: +SKIP
    (1003261, 33.2)
    """
    began = time.perf_counter()
    crf = validation.number("crf", crf, 1, _HIGHEST_CRF)
    strength = validation.number("strength", strength, 0, 1)
    background = validation.number("background", background, 0, 1)
    validation.choice("codec", codec, ENCODERS)
    validation.choice("preset", preset, PRESETS)
    stream = Stream(method, color="bgr", **options)
    path = _checked_target(source, target, codec)
    job = _Job(source, codec, preset, progress)
    samples = Samples()
    with VideoReader(source) as reader:
        regions = VideoRegions(stream, reader.size, reader.fps, strength, background)
        writer = job.encode(reader, path, crf, regions, samples)
    quality = samples.quality_of(path)
    size = path.stat().st_size
    plain = job.plain_of_size(size, crf, path.parent, samples) if compare_plain else None
    return VideoCompressionReport(
        **vars(quality), target=path, frames=writer.frames, bytes=size,
        seconds=time.perf_counter() - began, limits=writer.limits, plain=plain,
    )  # fmt: skip


def _checked_target(source: str | Path, target: str | Path, codec: str) -> Path:
    """Return the target as a path, after seeing that such a video can be written there."""
    path = check_target(target)
    if path.suffix.lower() not in _SUFFIXES:
        raise VideoError(f"{path}: the file name must end in {validation.joined(_SUFFIXES)}")
    check_not_source(source, path)
    if not has_av():
        raise VideoError("compress_video needs PyAV; install it with pip install av")
    import av

    if codec not in av.codec.codecs_available:
        raise VideoError(f"this PyAV has no encoder {codec}; install PyAV from PyPI")
    return path


@dataclass(frozen=True)
class _Job:
    """Common settings of all encodes of one source."""

    source: str | Path
    codec: str
    preset: str
    progress: bool

    def encode(
        self,
        reader: VideoReader,
        path: Path,
        crf: float,
        regions: VideoRegions | None,
        samples: Samples | None,
    ) -> VideoWriter:
        """Encode all frames, with or without regions, and offer them to the samples."""
        if reader.live:
            raise VideoError(f"{self.source}: must be a video that ends; got a live source")
        sound = sound_of(self.source, reader, is_cut=False)
        opened: list[Any] = []
        bar = progress_bar(
            total=reader.frame_count, desc=f"CRF {crf:g}", unit="frame", shown=self.progress
        )

        def timed() -> Iterator[tuple[Picture, float]]:
            for frame in reader:
                yield frame, reader.seconds - reader.starts_at

        def located(item: tuple[Picture, float]) -> tuple[Picture, float, Any]:
            frame, at = item
            found = () if regions is None else regions.update(frame)
            if samples is not None:
                samples.offer(frame, None if regions is None else regions.mask)
            return frame, at, found

        def write(item: tuple[Picture, float, Any]) -> None:
            frame, at, opened[0].regions = item
            writer.write(frame, at=at)

        opener = self._opener(crf, opened)
        ratio = reader.sample_aspect_ratio
        with VideoWriter(path, reader.fps, reader.size, sound, ratio, opener) as writer:
            with bar, heeded_interrupts():
                run_stages(timed(), located, write, on_frame=bar.update)
            if sound is not None:
                sound.keeps_rest = True
        return writer

    def plain_of_size(self, size: int, crf: float, folder: Path, samples: Samples) -> PlainEncode:
        """Return the plain encode closest to `size` in bytes, searched by its factor."""
        tried: dict[float, PlainEncode] = {}
        with tempfile.TemporaryDirectory(prefix=".fastsal-", dir=folder) as name:
            path = Path(name) / "plain.mp4"
            while len(tried) < _MOST_TRIALS and crf not in tried:
                with VideoReader(self.source) as reader:
                    self.encode(reader, path, crf, None, None)
                found = path.stat().st_size
                tried[crf] = PlainEncode(**vars(samples.quality_of(path)), crf=crf, bytes=found)
                if abs(found / size - 1) < _CLOSE:
                    break
                crf = _next_factor(tried, size)
        return min(tried.values(), key=lambda each: abs(math.log(each.bytes / size)))

    def _opener(self, crf: float, opened: list[Any]) -> Callable[..., Encoder]:
        """Return a function that opens the encoder and puts it into `opened`."""
        from ..io.region_encoder import RegionEncoder

        settings = {"preset": self.preset, "crf": f"{crf:g}"}
        if self.codec == "libx264":
            settings["aq-mode"] = "1"
        else:
            settings["x265-params"] = "aq-mode=1:log-level=none"

        def open_regions(
            path: Path, fps: float, size: tuple[int, int], sound: Any, ratio: Fraction
        ) -> Encoder:
            encoder = RegionEncoder(
                path, fps, size, sound, ratio, codec=self.codec, options=settings
            )
            opened.append(encoder)
            return encoder

        return open_regions


def _next_factor(tried: dict[float, PlainEncode], size: int) -> float:
    """Return the factor that should give `size`, by the logarithm of the two closest sizes."""
    logs = sorted((abs(math.log2(each.bytes / size)), crf) for crf, each in tried.items())
    first = logs[0][1]
    slope = -1 / _HALVING
    if len(logs) > 1:
        second = logs[1][1]
        ratio = math.log2(tried[first].bytes / tried[second].bytes)
        slope = min(ratio / (first - second), -0.01)
    step = math.log2(size / tried[first].bytes) / slope
    return round(min(max(first + step, 1), _HIGHEST_CRF), 2)
