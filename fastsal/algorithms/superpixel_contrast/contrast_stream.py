"""Superpixel contrast over frames: each segmentation starts from the previous one."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ... import devices, images, runtime
from ...call import Call
from ...images import Array, Color
from ..superpixels.segments import DTYPES, Choice, Segments, segment
from ._maps import Method, Options, fill_from, frame_of, map_of

_ROUNDS = 1  # of SLIC for each frame after the first


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
        self._options = Options.checked(
            region_size, regularizer, method, smooth, sigma_color, sigma_position, steepness, slic
        )
        images.check_channel_axis(channel_axis)
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
            dtypes=DTYPES,
            name="frame",
            stacks=False,
        )
        with Call(self._backend, out, frames, turns=self._turns) as call:
            form = (frames.shape, frames.channels, frames.pixels.dtype, call.target)
            if form != self._form:
                self.reset()
                self._form = form
            one, last = frame_of(call.inputs[0], 0, call.target), self._last
            options = self._options.slic
            if last is not None:
                options = options._replace(max_iter=_ROUNDS)
            now = segment(one, call.target, options, last, self._spare)
            self._fill(call, one, now, last)
            self._last, self._spare = now, last
            return call.result()

    def _fill(self, call: Call, frame: images.Frames, now: Segments, last: Segments | None) -> None:
        """Fill the map of the call. The streams of this package override this method."""
        fill_from(frame, call.target, now, None, self._options, map_of(call, 0))
