"""Frames of any method, one at a time, with whatever it must remember of the last ones."""

from __future__ import annotations

from typing import Any

from .. import devices
from ..images import Color
from ..methods import method_of
from ..runtime import Choice


class Stream(devices.Portable):
    """One object for frames of any method.

    Static methods take each frame alone; motion methods remember what they need. No frame is
    segmented twice: the superpixels of a frame, "superpixel"'s too, start from those of the frame
    before, so that maps differ a little from the function's (``reset()`` starts anew). One object
    serves one stream of frames, from one thread at a time. It can be pickled and copied at any
    time; the copy continues with the same results.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels: OpenCV's videos and cameras give "bgr".
    channel_axis : int or None, default -1
        Axis of the channels of every frame that has more than two axes: 0 for frames of shape
        (3, H, W).
    **options
        What the method's function takes besides, ``threshold=20`` say. Defaults are the
        function's, but those of "superpixel-motion" are made for motion: ``sigma_position=0.03``
        and ``steepness=0``, not the paper's 0.25 and 6 (see `superpixel_contrast`).

    Raises
    ------
    ValueError
        If there is no such method, `backend` or `color`.
    TypeError
        If it has no such option.
    BackendUnavailableError
        If `backend` was asked for by name and cannot run here.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.Stream("lc")
    >>> stream.update(np.eye(3, dtype=np.uint8)).shape
    (3, 3)
    """

    def __init__(
        self,
        method: str,
        /,
        *,
        backend: Choice = "auto",
        color: Color = "rgb",
        channel_axis: int | None = -1,
        **options: Any,
    ) -> None:
        self.method = method_of(method)
        self._state = self.method.make(
            backend=backend, color=color, channel_axis=channel_axis, **options
        )

    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Return the saliency map of the next frame.

        Parameters
        ----------
        frame : array, (H, W) or (H, W, 3)
            As the method's function takes it.
        out : array of float32 or uint8, (H, W), optional
            Where to put the map.

        Returns
        -------
        saliency : array of float32 (or `out`), (H, W)
            In [0, 1]. A motion method starts anew with the first frame, and with a frame of
            another shape, number of channels, dtype or device than the last. Methods that compare
            frames then return zeros; "bin-wang", which has no background yet, returns ones.
        """
        return self._state.update(frame, out=out)

    @property
    def boxes(self) -> Any:
        """Boxes of the last frame, best first, (N, 4) x, y, w, h; None if the method has none."""
        return getattr(self._state, "boxes", None)

    def reset(self) -> None:
        """Forget all frames: the next one is the first."""
        self._state.reset()
