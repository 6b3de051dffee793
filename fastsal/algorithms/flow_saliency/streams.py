"""Flow saliency over a stream of frames."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ... import devices, images, runtime
from .trail import DTYPES, Camera, Options, Trail, checked_memory, shape_of


class FlowSaliency(devices.Portable):
    """`flow_saliency` over a stream: each frame against the one before.

    The reduced picture of the last frame is kept, so each frame is read once and the caller may
    reuse its buffer. One object serves one stream of frames, from one thread at a time.

    Parameters
    ----------
    compensate_camera : bool or {"affine", "translation", "homography"}, default True
        As in `flow_saliency`.
    contrast : bool, default False
        As in `flow_saliency`.
    bidirectional : bool, default False
        Return the map of the frame before the last one, by the lesser of its motions from the one
        before it and to the one after. It is one frame late and takes twice the time; what a moving
        thing uncovers or covers, which moves in one of the two only, no longer counts.
    memory : float, default 0.0
        How much of the last map goes into the next one, 0 to less than 1: scores are smoothed over
        time by ``memory * last + (1 - memory) * new``. A cut starts anew.
    color, backend
        As in `flow_saliency`.
    channel_axis : int or None, default -1
        Axis of the channels of every frame that has more than two axes.

    Raises
    ------
    ValueError
        If `compensate_camera` is none of those named or `memory` is out of range; by `update`, if
        `color` or `backend` is none of those named.

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
        color: images.Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        self._options = Options.checked(compensate_camera, contrast)
        self._bidirectional = bool(bidirectional)
        self._memory = checked_memory(memory)
        images.check_channel_axis(channel_axis)
        self._color: images.Color = color
        self._channel_axis = channel_axis
        self._backend: runtime.Choice = backend
        self._turns = devices.Turns()
        self.reset()

    def reset(self) -> None:
        """Forget all frames: the next one gets a map of zeros."""
        self._form: tuple[Any, ...] | None = None
        self._trail: Trail | None = None

    def update(self, frame: ArrayLike, *, out: Any = None) -> Any:
        """Return the map of `frame` against the last one; zeros for the first.

        A frame of another shape, dtype or place than the last starts anew.
        """
        frames = images.as_frames(
            frame,
            color=self._color,
            channel_axis=self._channel_axis,
            dtypes=DTYPES,
            name="frame",
            stacks=False,
        )
        shape = shape_of(frames)
        job = images.Job(self._backend, out, frames, turns=self._turns)
        trail = self._trail_for(job, shape)
        trail.take(job.inputs[0])
        trail.score(self._options)
        if self._bidirectional:
            trail.score_ahead(self._options)
        trail.paint(job.saliency, is_late=self._bidirectional, memory=self._memory)
        return job.result()

    def _trail_for(self, job: images.Job, shape: tuple[int, int]) -> Trail:
        """Return the trail of the last frame, or one as though this frame had been there before."""
        (frames,) = job.inputs
        form = shape, frames.channels, frames.pixels.dtype, job.target
        if self._trail is None or form != self._form:
            self._form, self._trail = form, Trail(job.target, shape)
            self._trail.take(frames)
        return self._trail
