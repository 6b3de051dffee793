"""Quality of a distorted video, frame by frame, plain and weighted by saliency."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..concurrency.interrupts import heeded_interrupts
from ..errors import FastsalError, VideoError
from ..io.atomic_write import reason_of, whole_file, write_text
from ..io.videos import VideoReader
from ..pipelines.progress import progress_bar
from ..stream import Stream
from .quality import psnr, ssim

Values = NDArray[np.float64]  # (frames,)

_MEASURES = ("psnr", "psnr_salient", "ssim", "ssim_salient")
_SMALLEST = 11  # pixels, the window of SSIM
_COLORS = {"plain": "#999999", "salient": "#4477aa"}


@dataclass(frozen=True)
class VideoQuality:
    """Quality of the frames of a video, as `compare_videos` measures it.

    Attributes
    ----------
    method : str
        Key of the method that gave the weights.
    seconds : ndarray of float64, (n,)
        Time of each frame in the reference.
    psnr, ssim : ndarray of float64, (n,)
        PSNR in decibels and SSIM of each frame. Equal frames have infinity and 1.
    psnr_salient, ssim_salient : ndarray of float64, (n,)
        The same, weighted by the saliency of the reference.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.applications import VideoQuality
    >>> seconds, values = np.array([0, 0.04]), np.array([35.0, 37.0])
    >>> quality = VideoQuality("lc", seconds, values, values / 40, values + 1, values / 38)
    >>> quality.mean("psnr")
    36.0
    """

    method: str
    seconds: Values
    psnr: Values
    ssim: Values
    psnr_salient: Values
    ssim_salient: Values

    def mean(self, measure: str) -> float:
        """Return the mean of "psnr", "ssim", "psnr_salient" or "ssim_salient" over the frames.

        Raises
        ------
        ValueError
            If there is no such measure.
        """
        validation.choice("measure", measure, _MEASURES)
        return float(np.mean(getattr(self, measure)))

    def write_csv(self, path: str | Path) -> None:
        """Write a row per frame: its number, its time and its values.

        Raises
        ------
        FastsalError
            If the file cannot be written.
        """
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("frame", "seconds", *_MEASURES))
        columns = [getattr(self, measure).tolist() for measure in _MEASURES]
        table.writerows(zip(itertools.count(), self.seconds.tolist(), *columns, strict=False))
        write_text(Path(path), text.getvalue())

    def write_plot(self, path: str | Path) -> None:
        """Draw PSNR and SSIM over time, in the format that the file's name says.

        It needs matplotlib.

        Raises
        ------
        FastsalError
            If matplotlib is missing, or the file cannot be written.
        """
        from ..bench.plots import pyplot

        module = pyplot()
        figure, axes = module.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained")
        for axis, measure, title in zip(axes, ("psnr", "ssim"), ("PSNR, dB", "SSIM"), strict=True):
            for kind, suffix in (("plain", ""), ("salient", "_salient")):
                values = getattr(self, measure + suffix)
                finite = np.where(np.isfinite(values), values, np.nan)
                label = kind if kind == "plain" else f"weighted by {self.method}"
                axis.plot(self.seconds, finite, color=_COLORS[kind], label=label)
            axis.set_ylabel(title)
            axis.grid(alpha=0.3)
        axes[0].legend()
        axes[1].set_xlabel("seconds")
        path = Path(path)
        try:
            with whole_file(path) as partial:
                figure.savefig(partial, format=path.suffix[1:].lower() or "png", dpi=130)
        except (OSError, ValueError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "unknown format; use .png"
            raise FastsalError(f"{path}: {reason}") from error
        finally:
            module.close(figure)


def compare_videos(
    reference: str | Path,
    distorted: str | Path,
    /,
    method: str,
    *,
    progress: bool = True,
    **options: Any,
) -> VideoQuality:
    """Return PSNR and SSIM of every frame of a video, plain and weighted by saliency.

    Parameters
    ----------
    reference, distorted : str or Path
        Files or URLs of the original and of the distorted video, of the same size and number of
        frames. If an encoder made an odd side even, its last row or column is left out.
    method : str
        A key of `METHODS`. It gets the frames of `reference` and gives the weights.
    progress : bool, default True
        Show a progress bar on stderr if stderr is a terminal.
    **options
        Options of the method's function.

    Returns
    -------
    VideoQuality

    Raises
    ------
    ValueError, TypeError
        If the method or an option of it does not exist.
    VideoError
        If a video cannot be read completely, or sizes or numbers of frames differ.

    Notes
    -----
    Values are those of `psnr` and `ssim` for the RGB frames. Frames are compared in their order;
    their times may differ. A map of zeros weighs all pixels equally.

    Examples
    --------
    >>> quality = compare_videos("street.mp4", "small.mp4", "bin-wang")  # doctest: +SKIP
    >>> round(quality.mean("psnr_salient"), 1), quality.psnr.shape  # doctest: +SKIP
    (33.2, (795,))
    """
    stream = Stream(method, color="bgr", **options)
    rows: list[tuple[float, ...]] = []
    with VideoReader(reference) as first, VideoReader(distorted) as second:
        _check_sizes(first, second, f"{reference} and {distorted}")
        bar = progress_bar(total=first.frame_count, desc="quality", unit="frame", shown=progress)
        with bar, heeded_interrupts():
            for original, found in itertools.zip_longest(first, second):
                if original is None or found is None:
                    shorter = reference if original is None else distorted
                    raise VideoError(
                        f"{reference} and {distorted} must have equally many frames; "
                        f"{shorter} ends after {len(rows)}"
                    )
                height, width = original.shape[:2]
                found = np.ascontiguousarray(found[:height, :width])
                saliency = stream.update(original)
                rows.append((first.seconds, *_measured(original, found, saliency)))
                bar.update()
    return VideoQuality(stream.method.key, *np.array(rows, np.float64).T.copy())


def _check_sizes(first: VideoReader, second: VideoReader, names: str) -> None:
    sizes = [f"{width}x{height}" for width, height in (first.size, second.size)]
    extra = [b - a for a, b in zip(first.size, second.size, strict=True)]
    is_even = all(
        more == 0 or (more == 1 and side % 2) for more, side in zip(extra, first.size, strict=True)
    )
    if not is_even:
        raise VideoError(f"{names} must have one size; got {sizes[0]} and {sizes[1]}")
    if min(first.size) < _SMALLEST:
        raise VideoError(
            f"{names} must have sides of at least {_SMALLEST} pixels for SSIM; got {sizes[0]}"
        )


def _measured(original: Any, found: Any, saliency: Any) -> tuple[float, ...]:
    """Return the values of one frame, in the order of `VideoQuality`."""
    return (
        psnr(original, found),
        ssim(original, found),
        psnr(original, found, saliency=saliency),
        ssim(original, found, saliency=saliency),
    )
