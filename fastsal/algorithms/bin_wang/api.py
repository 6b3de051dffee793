"""Self-tuning background subtraction (Wang and Dudek)."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import devices, images, runtime, validation
from ...annotations import DeviceArray, Out
from ...call import Call
from ...errors import ImageError
from ...images import Array, Color
from ...kernels.levels import in_levels
from ._formulas import FIRST_REACH


class BinWang(devices.Portable):
    """Segment moving pixels from a background model, over a stream of frames.

    Each pixel has four background templates (grey levels), a matching threshold and an activity
    value. Blocks of 4 x 4 pixels are compared as well [1]_. A pixel is foreground until a template
    has matched for 51 frames, so the first 51 masks are all ones. One object serves one stream,
    from one thread at a time. It can be pickled and deep-copied.

    Parameters
    ----------
    shape : (int, int), optional
        Height and width of the frames. Without it the first frame sets them; with it frames of
        another height or width are refused.
    opencv5 : bool or {"5.0", "5.1"}, default False
        Version of the rules. "5.0" (also True) has OpenCV 5.0's bug: it updates the activity of
        only two pixels per frame, and hardly suppresses noise. "5.1" also absorbs stopped white
        objects (instead of black ones) into the background at once. False follows OpenCV 4.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels. The model uses OpenCV's luma.
    channel_axis : int or None, default -1
        Axis of the channels of every frame that has more than two axes.
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Raises
    ------
    ValueError
        If `shape` is not two positive integers, or `opencv5` is not one of the listed values.
        `update` raises it if `color` or `backend` is not one of the listed values.

    Notes
    -----
    Masks equal those of ``cv2.saliency.MotionSaliencyBinWangApr2014`` bit for bit, on the CPU
    with any number of threads and on a device. Like OpenCV's class, it has no parameters to tune.

    References
    ----------
    .. [1] B. Wang and P. Dudek, "A fast self-tuning background subtraction algorithm", CVPR
       Workshop on Change Detection, 2014. https://doi.org/10.1109/CVPRW.2014.64

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.BinWang()
    >>> frame = np.full((4, 8), 90, np.uint8)
    >>> for _ in range(60):
    ...     mask = stream.update(frame)
    >>> frame[0, :2] = 200
    >>> stream.update(frame)
    array([[1, 1, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0]], dtype=uint8)
    """

    def __init__(
        self,
        shape: tuple[int, int] | None = None,
        *,
        opencv5: bool | Literal["5.0", "5.1"] = False,
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        self._wanted = None if shape is None else validation.shape("shape", shape)
        self._rules = _checked_rules(opencv5)
        images.check_channel_axis(channel_axis)
        self._color: Color = color
        self._channel_axis = channel_axis
        self._backend: runtime.Choice = backend
        self.reset()

    def reset(self) -> None:
        """Forget all frames: the next one is the first."""
        self._model: Any = None
        self._planes: Any = None  # of a model that was pickled, until a frame says where it goes
        self._form: tuple[Any, ...] | None = None
        self._turns = devices.Turns()

    @overload
    def update(self, frame: DeviceArray, *, out: Array | None = ...) -> Any: ...
    @overload
    def update(self, frame: ArrayLike, *, out: None = ...) -> NDArray[np.uint8]: ...
    @overload
    def update(self, frame: ArrayLike, *, out: Out) -> Out: ...
    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Update the model with the next frame and return the foreground mask.

        Parameters
        ----------
        frame : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
            Grey levels or colours; a fourth channel is ignored. uint16 and floats in [0, 1] are
            rounded to 8 bits. A device array (Numba, CuPy, PyTorch) stays on its device. A frame
            of another shape, number of channels, dtype or device restarts the stream.
        out : array of uint8 or float32, (H, W), optional
            Where to put the mask: C-contiguous, in the same kind of memory as `frame`.

        Returns
        -------
        mask : array of uint8 (or `out`), (H, W)
            1 where something moves, 0 in the background.

        Raises
        ------
        ImageError
            If `frame` is not an image of these forms or of the shape that was set, or `out` does
            not fit it. The model then is as it was.
        BackendUnavailableError
            If the backend was requested by name and is not available.
        """
        return self._updated(frame, out, np.uint8, 1)

    def _updated(self, frame: ArrayLike, out: Any, dtype: Any, white: int) -> Any:
        frames = images.as_frames(
            frame, color=self._color, channel_axis=self._channel_axis, name="frame", stacks=False
        )
        self._check(frames.shape)
        if out is None:
            out = images.new_array(frames, dtype)
        with Call(self._backend, out, frames, turns=self._turns) as call:
            form = frames.shape, frames.channels, frames.pixels.dtype, call.target
            kernels = call.kernels(__package__)
            self._prepare(kernels, form)
            kernels.update(self._model, _luma(call), *self._rules)
            kernels.fill_mask(self._model, white, call.saliency.reshape(call.saliency.size))
            return call.result()

    def _check(self, shape: tuple[int, ...]) -> None:
        if self._wanted is not None and shape != self._wanted:
            raise ImageError(f"`frame` must have shape {self._wanted}, as set; got {shape}")

    def _prepare(self, kernels: Any, form: tuple[Any, ...]) -> None:
        """Return a model of this shape on this device: a new one unless the last frame matches."""
        if self._planes is not None and self._form is not None and form[:-1] == self._form[:-1]:
            self._model = kernels.new_model(self._planes)
        elif form != self._form:
            self._model = kernels.new_model(_first_planes(form[0]))
        self._planes, self._form = None, form

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        if self._model is not None and self._form is not None:
            kernels = runtime.backend_module(__package__, self._form[-1])
            with devices.on_stream(0):  # the stream of the last call may be gone
                self._turns.begin()
                state["_planes"] = kernels.planes_of(self._model)
        state["_model"] = None
        return state


class BinWangMaps(BinWang):
    """Segment moving pixels over a stream, as `BinWang`, with saliency maps as results."""

    def update(self, frame: Any, *, out: Any = None) -> Any:
        """Return the map of the next frame: 1.0 for moving pixels, or 255 if `out` is uint8."""
        is_bytes = str(getattr(out, "dtype", "")).endswith("uint8")
        return self._updated(frame, out, np.float32, 255 if is_bytes else 1)


def _checked_rules(opencv5: Any) -> tuple[bool, int]:
    """Return whether only two pixels update their activity, and the value of empty templates."""
    is_flag = isinstance(opencv5, bool | np.bool)
    if isinstance(opencv5, float):  # as `--option opencv5=5.1` is read
        opencv5 = str(opencv5)
    if not is_flag and not (isinstance(opencv5, str) and opencv5 in ("5.0", "5.1")):
        raise ValueError(
            f"`opencv5` must be True, False, '5.0' or '5.1'; got {validation.shown(opencv5)}"
        )
    return bool(opencv5), 255 if opencv5 == "5.1" else 0


def _first_planes(shape: tuple[int, int]) -> tuple[Any, ...]:
    """Return the model of no frame yet: see `new_model` of the backends."""
    # Views of one pixel: filled arrays would double the memory of a model.
    fields = (
        np.full(4, np.nan, np.float32),
        np.array((0, 0, 0, 0, FIRST_REACH), np.int16),
        np.zeros(4, np.uint8),
    )
    planes = (np.broadcast_to(each[:, None, None], (len(each), *shape)) for each in fields)
    return *planes, np.array((0, 250))


def _luma(call: Call) -> Any:
    """Return the grey levels of the frame, (P,), on the backend of the call."""
    frames = in_levels(call, call.inputs[0], np.uint8)
    gray = frames.pixels
    if frames.channels > 1:
        gray = call.workspace("bin_wang luma", frames.flat_shape, np.uint8)
        kernels = call.kernels("fastsal.kernels.color")
        kernels.fill_luma(frames.pixels, frames.channels, frames.weights, gray)
        gray = call.read_only(gray)
    return gray.reshape(gray.size)
