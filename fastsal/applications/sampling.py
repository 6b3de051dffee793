"""Frames kept from a video, to measure the quality of its encoding."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..io.video_decoders import open_decoder
from .quality import ssim
from .salient import Mask

_MOST = 24  # frames
_THINNING = 3  # odd, as a step of 4 would meet one type of frame only
_MOST_BYTES = 1 << 27
_SMALLEST_FOR_SSIM = 11  # pixels, its window

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class SampledQuality:
    """Quality of some frames inside and outside of their most salient fifth; NaN for no pixels.

    Attributes
    ----------
    psnr_salient, psnr_background : float
        PSNR in decibels, from the mean squared error of all these pixels.
    ssim_salient, ssim_background : float
        Mean of the frames' SSIM of luma; NaN for frames below 11 x 11 pixels.
    """

    psnr_salient: float
    psnr_background: float
    ssim_salient: float
    ssim_background: float


class _Sample(NamedTuple):
    number: int  # of the frame, from 0
    frame: Picture  # BGR
    mask: Mask | None


class Samples:
    """Keeps a few frames at equal distances, those without a mask only if there are no others."""

    def __init__(self) -> None:
        self._kept: list[_Sample] = []
        self._stride, self._offered = 1, 0
        self._index = -1

    def offer(self, frame: Picture, mask: Callable[[], Mask | None] | None) -> None:
        """Count the next frame and perhaps keep it, with the mask from the function `mask`."""
        self._index += 1
        if self._offered % self._stride == 0:
            found = None if mask is None else mask()
            self._keep(_Sample(self._index, frame, found), max(2, _MOST_BYTES // frame.nbytes))
        self._offered += 1

    def _keep(self, sample: _Sample, most: int) -> None:
        has_masks = bool(self._kept) and self._kept[0].mask is not None
        if has_masks and sample.mask is None:
            return
        if sample.mask is not None and not has_masks:
            self._kept, self._stride, self._offered = [], 1, 0
        self._kept.append(sample)
        if len(self._kept) > min(_MOST, most):
            self._kept, self._stride = self._kept[::_THINNING], _THINNING * self._stride

    def quality_of(self, path: Path) -> SampledQuality:
        """Compare the frames of an encoded video with those that were kept."""
        errors = [_Errors(), _Errors()]
        decoder = open_decoder(path)
        try:
            index = -1
            for sample in self._kept:
                while index < sample.number and decoder.advance() is not None:
                    index += 1
                if index == sample.number:
                    _compare(sample, decoder.picture(), errors)
        finally:
            decoder.close()
        inside, outside = errors
        return SampledQuality(inside.psnr, outside.psnr, inside.ssim, outside.ssim)


class _Errors:
    """Sums over the samples of one part of the pixels."""

    def __init__(self) -> None:
        self.squares = 0.0
        self.count = 0
        self.ssims: list[float] = []

    @property
    def psnr(self) -> float:
        if self.count == 0:
            return math.nan
        return 10 * math.log10(255**2 * self.count / self.squares) if self.squares else math.inf

    @property
    def ssim(self) -> float:
        return float(np.mean(self.ssims)) if self.ssims else math.nan


def _compare(sample: _Sample, decoded: Picture, errors: list[_Errors]) -> None:
    height, width = sample.frame.shape[:2]
    decoded = np.ascontiguousarray(decoded[:height, :width])  # an odd side was extended
    mask = np.ones((height, width), bool) if sample.mask is None else sample.mask
    difference = cv2.absdiff(sample.frame, decoded).astype(np.float32)
    squares = np.einsum("hwc,hwc->hw", difference, difference)
    luma = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in (sample.frame, decoded)]
    for part, sums in zip((mask, ~mask), errors, strict=True):
        if not part.any():
            continue
        sums.squares += float(squares[part].sum(dtype=np.float64))
        sums.count += 3 * int(part.sum())
        if min(height, width) >= _SMALLEST_FOR_SSIM:
            sums.ssims.append(ssim(*luma, saliency=part))
