"""Flow saliency over a stream of frames."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import devices, images, runtime, validation
from ...annotations import DeviceArray, Out
from ...call import Call
from ...images import Array, Color
from .state import Camera, FlowState, Options, checked_memory, shape_of


class FlowSaliency(devices.Portable):
    """Compute flow saliency over a stream: each frame is compared with the previous one.

    The object keeps the reduced previous frame, so the caller may reuse the frame's buffer. One
    object serves one stream of frames, from one thread at a time. It can be pickled and copied.

    Parameters
    ----------
    compensate_camera : bool or {"affine", "translation", "homography"}, default True
        As in `flow_saliency`.
    contrast : bool, default False
        As in `flow_saliency`.
    bidirectional : bool, default False
        Return the map of the previous frame. It is the minimum of two scores: the motion from the
        frame before, and the motion to the frame after. This suppresses occluded and uncovered
        background. The map is one frame late and takes twice the time.
    memory : float, default 0.0
        Weight of the last scores in [0, 1): ``memory * last + (1 - memory) * new``. A scene cut
        resets it.
    color, backend
        As in `flow_saliency`.
    channel_axis : int or None, default -1
        Axis of the channels of every frame that has more than two axes.

    Raises
    ------
    ValueError
        If `compensate_camera` is not one of the listed values, or `memory` is out of range.
        `update` raises it if `color` or `backend` is not one of the listed values.

    Notes
    -----
    See `flow_saliency` for the method and its papers.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.FlowSaliency()
    >>> frame = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)
    >>> stream.update(frame).max()
    np.float32(0.0)
    >>> moved = frame.copy()
    >>> moved[20:40, 32:52] = frame[20:40, 30:50]
    >>> stream.update(moved)[30, 42] > 0.5
    np.True_
    """

    def __init__(
        self,
        *,
        compensate_camera: Camera = True,
        contrast: bool = False,
        bidirectional: bool = False,
        memory: float = 0.0,
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        self._options = Options.checked(compensate_camera, contrast)
        self._bidirectional = validation.flag("bidirectional", bidirectional)
        self._memory = checked_memory(memory)
        images.check_channel_axis(channel_axis)
        self._color: Color = color
        self._channel_axis = channel_axis
        self._backend: runtime.Choice = backend
        self._turns = devices.Turns()
        self.reset()

    def reset(self) -> None:
        """Forget all frames: the map of the next frame is 0."""
        self._form: tuple[Any, ...] | None = None
        self._state: FlowState | None = None

    @overload
    def update(self, frame: DeviceArray, *, out: Array | None = ...) -> Any: ...
    @overload
    def update(self, frame: ArrayLike, *, out: None = ...) -> NDArray[np.float32]: ...
    @overload
    def update(self, frame: ArrayLike, *, out: Out) -> Out: ...
    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Return the map of the next frame; zeros for the first frame.

        Parameters
        ----------
        frame : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
            As in `flow_saliency`. A frame of another shape, dtype or device restarts the stream.
        out : array of float32 or uint8, (H, W), optional
            Where to put the map.

        Returns
        -------
        saliency : array of float32 (or `out`), (H, W)
            In [0, 1].

        Raises
        ------
        ImageError
            If `frame` is not an image of these forms, or `out` does not fit it.
        """
        frames = images.as_frames(
            frame, color=self._color, channel_axis=self._channel_axis, name="frame", stacks=False
        )
        shape = shape_of(frames)
        with Call(self._backend, out, frames, turns=self._turns) as call:
            state = self._state_for(call, shape)
            state.take(call.inputs[0])
            state.score(self._options)
            if self._bidirectional:
                state.score_ahead(self._options)
            state.paint(call.saliency, is_late=self._bidirectional, memory=self._memory)
            return call.result()

    def _state_for(self, call: Call, shape: tuple[int, int]) -> FlowState:
        """Return the state after the last frame, or one as if this frame had preceded itself."""
        (frames,) = call.inputs
        form = shape, frames.channels, frames.pixels.dtype, call.target
        if self._state is None or form != self._form:
            self._form, self._state = form, FlowState(call.target, shape)
            self._state.take(frames)
        return self._state
