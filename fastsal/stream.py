"""Run any method over a stream of frames, with its state."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import devices
from .annotations import DeviceArray, Out
from .images import Array, Color
from .registry import method_of
from .runtime import Choice


class Stream(devices.Portable):
    """Run a method, given by key, over the frames of a video.

    Static methods process each frame alone. Motion methods keep the state they need. The superpixel
    methods start each segmentation from the previous one, so their maps differ slightly from those
    of the function until ``reset()``. One object serves one stream of frames, from one thread at a
    time. It can be pickled and copied at any time; the copy continues with the same results.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels. Frames of OpenCV are "bgr".
    channel_axis : int or None, default -1
        Axis of the channels of every frame that has more than two axes: 0 for frames of shape
        (3, H, W).
    **options
        Options of the method's function, such as ``threshold=20``. Defaults are those of the
        function. Only "superpixel-motion" has its own, for motion: ``sigma_position=0.03`` and
        ``steepness=0`` (see `superpixel_contrast`).

    Raises
    ------
    ValueError
        If `method`, `backend`, `color` or an option is not one of the allowed values.
    TypeError
        If the method does not have an option of this name.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

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

    @overload
    def update(self, frame: DeviceArray, *, out: Array | None = ...) -> Any: ...
    @overload
    def update(self, frame: ArrayLike, *, out: None = ...) -> NDArray[np.float32]: ...
    @overload
    def update(self, frame: ArrayLike, *, out: Out) -> Out: ...
    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Return the saliency map of the next frame.

        Parameters
        ----------
        frame : array, (H, W), (H, W, 3) or (H, W, 4)
            As in the method's function.
        out : array of float32 or uint8, (H, W), optional
            Where to put the map.

        Returns
        -------
        saliency : array of float32 (or `out`), (H, W)
            In [0, 1]. A frame of another shape, number of channels, dtype or device restarts a
            motion method. For the first frame, motion methods return zeros; "bin-wang" returns
            ones, because it has no background model yet.

        Raises
        ------
        ImageError
            If `frame` is not an image that the method accepts, or `out` does not fit it.
        """
        return self._state.update(frame, out=out)

    @property
    def boxes(self) -> Any:
        """Boxes of the last frame, best first, (N, 4) x, y, w, h; None if the method has none."""
        return getattr(self._state, "boxes", None)

    @property
    def network(self) -> Any:
        """Network that runs, a `fastsal.neural.VideoNetwork`, or None for other methods."""
        return self._state if self.method.kind == "network" else None

    def reset(self) -> None:
        """Forget all frames: the next one is the first."""
        self._state.reset()
