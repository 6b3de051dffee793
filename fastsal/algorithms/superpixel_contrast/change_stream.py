"""Change of superpixel contrast over a stream of frames."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ... import images, runtime
from ...call import Call
from ...images import Array, Color
from ..superpixels.segments import Choice, Segments
from ._maps import Method, check_out, clear_map, empty_map, fill_change, fill_from
from .contrast_stream import SuperpixelContrast


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
        super().__init__(
            region_size=region_size,
            regularizer=regularizer,
            slic=slic,
            method=method,
            smooth=smooth,
            sigma_color=sigma_color,
            sigma_position=sigma_position,
            steepness=steepness,
            color=color,
            channel_axis=channel_axis,
            backend=backend,
        )

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
        fill_from(frame, call.target, now, None, self._options, spare)
        if last is None:
            clear_map(call)
        else:
            fill_change(call, 0, (spare, before), self._signed)
        self._maps = spare, before
