"""Frame differencing: absolute difference of the luma of two frames."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import devices, images, runtime, validation
from ...annotations import DeviceArray, Out, of_frame
from ...call import Call
from ...chunked import compute
from ...images import Array, Color

_NO_LIMIT = np.float32(-1)


@of_frame(np.float32)
def frame_difference(
    frame: ArrayLike,
    previous: ArrayLike | DeviceArray,
    *,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    threshold: float | None = None,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute the absolute luma difference of two frames, with an optional threshold.

    Parameters
    ----------
    frame, previous : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Two frames of the same shape and dtype. Colours are converted to OpenCV's luma; a fourth
        channel is ignored; floats lie in [0, 1]. Stacks have one more axis in front and are
        compared frame by frame. Device arrays (Numba, CuPy, PyTorch) stay on their device.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if there are more than two axes; None for stacks of grey frames.
    threshold : float, optional
        Threshold in grey levels of the input: 0 to 255 for uint8, to 65535 for uint16, to 1 for
        floats. The map is then 1 where the difference exceeds the threshold, and 0 elsewhere.
    out : array of float32 or uint8, optional
        Where to put the map: C-contiguous, of the map's shape, in the same kind of memory as
        `frame`. uint8 gets round(255 * saliency).
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1]: the absolute difference of the luma, divided by the maximum level. Results of
        integer frames are bit-identical on every backend; those of float colours agree to 1e-6.

    Raises
    ------
    ImageError
        If a frame is empty or not an image of these forms, or holds NaN or floats outside [0, 1]
        (not checked on a device). If the frames differ in shape, dtype or device. If `out` does not
        fit.
    ValueError
        If `threshold` is negative or not finite, or `color` or `backend` is not one of the listed
        values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    See Also
    --------
    FrameDifference : The same over a stream.

    Notes
    -----
    The map is ``abs(Y(frame) - Y(previous)) / white`` with the luma Y, the difference picture of
    [1]_. With a threshold t it is 1 where ``abs(Y(frame) - Y(previous)) > t``.

    References
    ----------
    .. [1] R. Jain and H.-H. Nagel, "On the analysis of accumulative difference pictures from
       image sequences of real world scenes", IEEE TPAMI 1(2), 1979.
       https://doi.org/10.1109/TPAMI.1979.4766907

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> previous = np.zeros((2, 3), np.uint8)
    >>> frame = previous.copy()
    >>> frame[1, 2] = 51
    >>> fastsal.frame_difference(frame, previous)
    array([[0. , 0. , 0. ],
           [0. , 0. , 0.2]], dtype=float32)
    """
    limit = _checked_threshold(threshold)
    forms: dict[str, Any] = {"color": color, "channel_axis": channel_axis}
    pair = (
        images.as_frames(frame, name="frame", **forms),
        images.as_frames(previous, name="previous", **forms),
    )
    images.check_same(*pair, names=("frame", "previous"))
    return compute(lambda call: _fill(call, limit), backend, out, *pair)


class FrameDifference(devices.Portable):
    """Compute frame differences over a stream: each frame is compared with the previous one.

    The object keeps the luma of the previous frame, so the caller may reuse the frame's buffer. One
    object serves one stream of frames, from one thread at a time. It can be pickled and copied.

    Parameters
    ----------
    threshold, color, backend
        As in `frame_difference`.
    channel_axis : int or None, default -1
        Axis of the channels of every frame that has more than two axes.

    Raises
    ------
    ValueError
        If `threshold` is negative or not finite, or `color` or `backend` is not one of the listed
        values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.FrameDifference()
    >>> stream.update(np.zeros((2, 2), np.uint8)).max()
    np.float32(0.0)
    >>> stream.update(np.full((2, 2), 255, np.uint8)).max()
    np.float32(1.0)
    """

    def __init__(
        self,
        *,
        threshold: float | None = None,
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        runtime.check_backend(backend)
        images.check_color(color)
        self._limit = _checked_threshold(threshold)
        images.check_channel_axis(channel_axis)
        self._color: Color = color
        self._channel_axis = channel_axis
        self._backend: runtime.Choice = backend
        self.reset()

    def reset(self) -> None:
        """Forget the last frame: the map of the next frame is 0."""
        self._form: tuple[Any, ...] | None = None
        self._previous: Any = None
        self._spare: Any = None
        self._turns = devices.Turns()

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
            As in `frame_difference`. A frame of another shape, dtype or device restarts the stream.
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
        with Call(self._backend, out, frames, turns=self._turns) as call:
            gray = _luma(call, call.inputs[0], self._spare)
            fits = _fits(self._previous, gray.shape, gray.dtype, call.target)
            form = frames.shape, frames.channels
            goes_on = fits and form == self._form
            _fill_from_gray(call, gray, self._previous if goes_on else gray, self._limit)
            self._form, self._previous, self._spare = form, gray, self._previous
            return call.result()


def _fill(call: Call, limit: np.float32) -> None:
    frame, previous = call.inputs
    if frame.pixels.dtype.kind == "f" and frame.channels > 1:
        _fill_from_gray(call, _luma(call, frame), _luma(call, previous), limit)
        return
    call.kernels(__package__).frame_difference(
        frame.pixels, previous.pixels, frame.channels, frame.weights, frame.white, limit,
        call.saliency,
    )  # fmt: skip


def _fill_from_gray(call: Call, gray: Any, previous: Any, limit: np.float32) -> None:
    gray, previous = call.read_only(gray), call.read_only(previous)
    white = call.inputs[0].white
    call.kernels(__package__).frame_difference(
        gray, previous, 1, (0, 0, 0), white, limit, call.saliency
    )


def _luma(call: Call, frames: images.Frames, spare: Any = None) -> Any:
    """Return the luma of an input of the call, in `spare` if that fits."""
    shape, dtype = frames.flat_shape, frames.pixels.dtype
    fits = _fits(spare, shape, dtype, call.target)
    gray = spare if fits else call.view(call.empty(shape, dtype))
    kernels = call.kernels("fastsal.kernels.color")
    kernels.fill_luma(frames.pixels, frames.channels, frames.weights, gray)
    return gray


def _fits(array: Any, shape: tuple[int, ...], dtype: Any, target: runtime.Backend) -> bool:
    if array is None or isinstance(array, np.ndarray) != (target == "cpu"):
        return False
    return tuple(array.shape) == tuple(shape) and array.dtype == dtype


def _checked_threshold(threshold: float | None) -> np.float32:
    """Return the threshold as kernels take it: negative for none."""
    if threshold is None:
        return _NO_LIMIT
    form = "None or a number from 0 up"
    return np.float32(min(validation.number("threshold", threshold, 0, form=form), 1 << 16))
