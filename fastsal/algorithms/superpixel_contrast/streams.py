"""Superpixel contrast over a stream of frames; each segmentation starts from the last one."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ... import devices, images, runtime
from ...call import Call
from ...images import Array, Color
from ..superpixels.options import Choice
from ._maps import (
    Method,
    Options,
    Segments,
    check_out,
    clear_map,
    empty_map,
    fill_change,
    fill_from,
    frame_of,
    segment,
)

_ITERATIONS = 1  # of SLIC for each frame after the first


class SuperpixelContrast(devices.Portable):
    """Compute superpixel contrast over a stream, each frame separately.

    The first frame is segmented as in `superpixel_contrast`. Each later frame takes one iteration
    of SLIC from the superpixels of the previous frame. Its map differs slightly from the function's
    map and takes a fraction of the time. Call ``reset()`` between unrelated images to get the
    function's maps. One object serves one stream of frames, from one thread at a time.

    Parameters
    ----------
    region_size, regularizer, slic, method, smooth, sigma_color, sigma_position, steepness
        As in `superpixel_contrast`.
    color, channel_axis, backend
        As in `superpixel_contrast`.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.Stream("superpixel")
    >>> stream.update(np.eye(30, dtype=np.uint8)).shape
    (30, 30)
    """

    def __init__(
        self,
        *,
        region_size: int = 10,
        regularizer: float = 1.0,
        slic: Choice = "auto",
        method: Method = "auto",
        smooth: bool = False,
        sigma_color: float = 20.0,
        sigma_position: float = 0.25,
        steepness: float = 6.0,
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        options = Options.checked(
            region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness, slic
        )
        self._start(options, color, channel_axis, backend)

    def _start(
        self,
        options: Options,
        color: Color,
        channel_axis: int | None,
        backend: runtime.Choice,
    ) -> None:
        images.check_channel_axis(channel_axis)
        self._options = options
        self._color: Color = color
        self._channel_axis = channel_axis
        self._backend: runtime.Choice = backend
        self._turns = devices.Turns()
        self.reset()

    def reset(self) -> None:
        """Forget all frames: the next one is the first."""
        self._form: Any = None
        self._last: Segments | None = None
        self._spare: Segments | None = None

    def update(self, frame: ArrayLike, *, out: Array | None = None) -> Array:
        """Return the map of the next frame.

        A frame of another shape, dtype or device restarts the stream.
        """
        frames = images.as_frames(
            frame,
            color=self._color,
            channel_axis=self._channel_axis,
            name="frame",
            stacks=False,
        )
        with Call(self._backend, out, frames, turns=self._turns) as call:
            form = (frames.shape, frames.channels, frames.pixels.dtype, call.target)
            if form != self._form:
                self.reset()
                self._form = form
            one, last = frame_of(call.inputs[0], 0), self._last
            options = self._options.slic
            if last is not None:
                options = options._replace(max_iter=_ITERATIONS)
            now = segment(call, one, options, last, self._spare)
            self._fill(call, one, now, last)
            self._last, self._spare = now, last
            return call.result()

    def _fill(self, call: Call, frame: images.Frames, now: Segments, last: Segments | None) -> None:
        """Fill the map of the call. The streams of this package override this method."""
        fill_from(call, frame, now, None, self._options, call.saliency[0])


class SuperpixelMotion(SuperpixelContrast):
    """Compute superpixel contrast against the previous frame; zeros for the first frame.

    Each frame is segmented once, as in `SuperpixelContrast`.

    The defaults of `superpixel_contrast` follow the paper and suit single images. They compare a
    superpixel with a quarter of the frame, so still objects of rare colours score too. This class
    compares with a small neighbourhood in the previous frame, without the distribution term.
    ``sigma_position=0.25, steepness=6`` restores the paper's values.

    Parameters
    ----------
    region_size, regularizer, slic, method, smooth, sigma_color
        As in `superpixel_contrast`.
    sigma_position : float, default 0.03
        As in `superpixel_contrast`. Smaller values detect motion better with a still camera.
    steepness : float, default 0.0
        As in `superpixel_contrast`.
    color, channel_axis, backend
        As in `superpixel_contrast`.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Notes
    -----
    Ratio of the mean score of moving objects to that of the rest, over all frames:

    ==================  =================  ============  ==========
    ``sigma_position``  DAVIS car-shadow   DAVIS libby   vtest
    ==================  =================  ============  ==========
    0.25, steepness 6   2.0                1.8           0.9
    0.05                4.2                2.2           3.4
    0.03                5.1                2.1           4.2
    0.02                5.6                1.9           5.0
    0.005               1.9                1.1           87
    ==================  =================  ============  ==========

    The camera moves in the DAVIS sequences and is still in OpenCV's vtest.avi.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.Stream("superpixel-motion")
    >>> frames = np.zeros((2, 60, 60), np.uint8)
    >>> frames[0, 10:20, 10:20] = frames[1, 10:20, 20:30] = 255
    >>> stream.update(frames[0]).max()
    np.float32(0.0)
    >>> stream.update(frames[1])[15, [5, 25, 55]].round(1)
    array([0., 1., 0.], dtype=float32)
    """

    def __init__(
        self,
        *,
        region_size: int = 10,
        regularizer: float = 1.0,
        slic: Choice = "auto",
        method: Method = "auto",
        smooth: bool = False,
        sigma_color: float = 20.0,
        sigma_position: float = 0.03,
        steepness: float = 0.0,
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        options = Options.checked(
            region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness, slic
        )
        self._start(options, color, channel_axis, backend)

    def _fill(self, call: Call, frame: images.Frames, now: Segments, last: Segments | None) -> None:
        if last is None:
            clear_map(call)
        else:
            fill_from(call, frame, now, last, self._options, call.saliency[0])


class SuperpixelChange(SuperpixelContrast):
    """Compute the increase of superpixel contrast over a stream; zeros for the first frame.

    Each frame is segmented and scored once, as in `SuperpixelContrast`.

    Parameters
    ----------
    signed : bool, default False
        Keep negative values, where saliency decreased.
    region_size, regularizer, slic, method, smooth, sigma_color, sigma_position, steepness
        As in `superpixel_contrast`.
    color, channel_axis, backend
        As in `superpixel_contrast`.

    Raises
    ------
    ValueError
        If an option is out of its range.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.Stream("superpixel-change")
    >>> stream.update(np.eye(30, dtype=np.uint8)).max()
    np.float32(0.0)
    """

    def __init__(
        self,
        *,
        signed: bool = False,
        region_size: int = 10,
        regularizer: float = 1.0,
        slic: Choice = "auto",
        method: Method = "auto",
        smooth: bool = False,
        sigma_color: float = 20.0,
        sigma_position: float = 0.25,
        steepness: float = 6.0,
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        self._signed = bool(signed)
        options = Options.checked(
            region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness, slic
        )
        self._start(options, color, channel_axis, backend)

    def reset(self) -> None:
        """Forget all frames: the map of the next frame is 0."""
        super().reset()
        self._maps: tuple[Any, Any] | None = None

    def update(self, frame: ArrayLike, *, out: Array | None = None) -> Array:
        """Return the change of the contrast since the last frame.

        A frame of another shape, dtype or device restarts the stream.
        """
        check_out(out, self._signed)
        return super().update(frame, out=out)

    def _fill(self, call: Call, frame: images.Frames, now: Segments, last: Segments | None) -> None:
        if self._maps is None:
            self._maps = empty_map(call), empty_map(call)
        before, spare = self._maps
        fill_from(call, frame, now, None, self._options, spare)
        if last is None:
            clear_map(call)
        else:
            fill_change(call, 0, (spare, before), self._signed)
        self._maps = spare, before
