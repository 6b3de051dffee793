"""Boolean map saliency (BMS): surroundedness of regions over many thresholds."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ... import images, runtime, validation
from ...annotations import of_image
from ...call import Call
from ...chunked import compute
from ...images import Array, Color
from ...kernels import postprocess
from .plan import Options, Plan, Variant, plan_of

Bars = Literal["auto", "keep"]

_LARGEST = 4096
# A film's bars show in its first seconds, if not in its first frame.
_FRAMES_SEARCHED = 100


@of_image(np.float32)
def boolean_map(
    image: ArrayLike,
    *,
    variant: Variant = "default",
    size: int = 384,
    step: int = 8,
    warm: float = 0.0,
    smooth: float = 0.02,
    center_bias: float = 0.0,
    bars: Bars = "auto",
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute Boolean map saliency (BMS): surrounded regions over many thresholds.

    This method predicts fixations on photographs most accurately among those in fastsal.

    Parameters
    ----------
    image : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Grey levels or colours; a fourth channel is ignored. Floats lie in [0, 1]; the map of
        ``image / 255`` equals that of a uint8 `image`. A stack has one more axis in front, and each
        frame is processed separately. A device array (Numba, CuPy, PyTorch) stays on its device.
    variant : {"default", "published"}, default "default"
        "default" divides each attention map by the square root of its area before the dilation.
        "published" follows the authors' code. It divides after the dilation, rounds the sum to
        8 bits, dilates again, and blurs by a Gaussian of 2.25 % of the longer side. It does not
        rescale the map to [0, 1] and does not use `smooth`.
    size : int, default 384
        Longer side of the reduced image, 16 to 4096. Smaller images keep their size. On 40
        photographs (OSIE), 240 lowers NSS from 1.81 to 1.76.
    step : int, default 8
        Distance between thresholds, 1 to 255. Planes have levels 0 to 255.
    warm : float, default 0
        Weight in [0, 1] of two further planes, redness and skin colour. They are prior knowledge
        about people. On the same photographs, 1 raises NSS from 1.81 to 1.98. Grey images and the
        published variant do not have these planes.
    smooth : float, default 0.02
        Sigma of the Gaussian blur, as a fraction of the map's width: 0 to 1.
    center_bias : float, default 0
        Weight in [0, 1] of a Gaussian around the centre (sigma: a quarter of each side).
    bars : {"auto", "keep"}, default "auto"
        "auto" detects letterbox bars and excludes them, with a map of 0. Bars are two strips of
        equal width and of one colour, at the top and bottom or left and right. "keep" treats them
        as part of the image.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if `image` has more than two; None if it is a stack of grey images.
    out : array of float32 or uint8, optional
        Where to put the map: C-contiguous, of the map's shape, in the same kind of memory as
        `image`. uint8 gets round(255 * saliency).
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1]. An image of one colour gives 0 everywhere. All steps before the upsampling use
        integers, so results are bit-identical for any number of threads. A device with fused
        multiply-add may differ in the last bit.

    Raises
    ------
    ImageError
        If `image` is empty or not an image of one of these forms, or holds NaN or floats outside
        [0, 1] (not checked on a device). If `out` does not fit it.
    ValueError
        If an option is not one of those allowed.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    See Also
    --------
    Stream : Detects letterbox bars once for all frames.

    Notes
    -----
    The image is reduced by area means and converted to 8-bit CIELab. Its projections onto the
    eigenvectors of the colour covariance are rescaled to 0 to 255 and filtered by a 3 x 3 median.
    Each threshold gives a Boolean map and its complement. Their regions that do not touch the
    border are dilated, normalised by the root of their area, and summed ([1]_ Section 3.2, [2]_).
    One morphological reconstruction finds the regions of all thresholds. A grey image has one
    plane.

    On 40 photographs with fixations (OSIE), NSS is 1.81, AUC 0.851 and shuffled AUC 0.795.

    Signs and order of eigenvectors are fixed as follows. A plane that is uncorrelated with the
    others keeps its direction. Otherwise the first component of magnitude 0.5 or more is negative.
    If two eigenvalues differ by less than 0.1 %, one axis is the nearest possible to lightness.

    References
    ----------
    .. [1] J. Zhang and S. Sclaroff, "Exploiting surroundedness for saliency detection: a Boolean
       map approach", IEEE TPAMI 38(5), 2016. https://doi.org/10.1109/TPAMI.2015.2473844
    .. [2] J. Zhang and S. Sclaroff, "Saliency detection: a Boolean map approach", ICCV 2013.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> image = np.full((60, 80, 3), 100, np.uint8)
    >>> image[20:28, 40:48] = 200, 60, 60
    >>> saliency = fastsal.boolean_map(image)
    >>> bool(saliency[20:28, 40:48].min() > saliency[:, :30].max())
    True
    """
    options = _checked(variant, size, step, warm, smooth, center_bias, bars)
    frames = images.as_frames(image, color=color, channel_axis=channel_axis)
    plan = plan_of(*frames.shape[-2:], frames.channels, options)
    return compute(lambda call: _fill(call, plan, None), backend, out, frames)


class BooleanMaps:
    """Compute Boolean map saliency over a stream; letterbox bars are detected once.

    Bars are searched in at most 100 frames that are not of one colour. Once found, they hold for
    all frames until `reset` or a frame of another size. One object serves one stream of frames,
    from one thread at a time.

    Parameters
    ----------
    variant, size, step, warm, smooth, center_bias, bars, color, channel_axis,
    backend
        As in `boolean_map`.

    Raises
    ------
    ValueError
        If an option is not one of those allowed.

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> stream = fastsal.Stream("boolean-map")
    >>> stream.update(np.eye(30, dtype=np.uint8)).shape
    (30, 30)
    """

    def __init__(
        self,
        *,
        variant: Variant = "default",
        size: int = 384,
        step: int = 8,
        warm: float = 0.0,
        smooth: float = 0.02,
        center_bias: float = 0.0,
        bars: Bars = "auto",
        color: Color = "rgb",
        channel_axis: int | None = -1,
        backend: runtime.Choice = "auto",
    ) -> None:
        runtime.check_backend(backend)
        images.check_color(color)
        images.check_channel_axis(channel_axis)
        self._options = _checked(variant, size, step, warm, smooth, center_bias, bars)
        self._color: Color = color
        self._channel_axis = channel_axis
        self._backend: runtime.Choice = backend
        self.reset()

    def reset(self) -> None:
        """Forget the bars: the next frames are searched again."""
        self._shape: tuple[int, ...] | None = None
        self._window: tuple[int, int, int, int] | None = None
        self._searched = 0

    def update(self, frame: ArrayLike, *, out: Array | None = None) -> Array:
        """Return the map of the next frame; a frame of another size restarts the stream."""
        frames = images.as_frames(
            frame, color=self._color, channel_axis=self._channel_axis, name="frame", stacks=False
        )
        plan = plan_of(*frames.shape, frames.channels, self._options)
        if frames.shape != self._shape:
            self.reset()
            self._shape = frames.shape
        with Call(self._backend, out, frames) as call:
            _fill(call, plan, self._window_of(call, plan))
            return call.result()

    def _window_of(self, call: Call, plan: Plan) -> tuple[int, int, int, int]:
        """Return the part of the thumbnail between the bars, or all of it."""
        whole = 0, plan.rows, 0, plan.cols
        if plan.finds_bars and self._window is None and self._searched < _FRAMES_SEARCHED:
            (source,) = call.inputs
            window = call.kernels(__package__).content_window(
                source.pixels, source.channels, source.is_rgb, source.shape[-1], plan
            )
            if window is not None:
                self._searched += 1
                self._window = window if window != whole else None
        return self._window or whole


def _fill(call: Call, plan: Plan, window: Any) -> None:
    (source,) = call.inputs
    call.kernels(__package__).boolean_map(
        source.pixels, source.channels, source.is_rgb, source.shape[-1], plan, window,
        call.saliency,
    )  # fmt: skip


def _checked(
    variant: Variant, size: int, step: int, warm: float, smooth: float, center_bias: float,
    bars: Bars,
) -> Options:  # fmt: skip
    """Return the options of a call, or raise ValueError."""
    validation.choice("variant", variant, ("default", "published"))
    size = validation.integer("size", size, 16, _LARGEST)
    step = validation.integer("step", step, 1, 255)
    warm = validation.number("warm", warm, 0, 1)
    if warm > 0 and variant == "published":
        raise ValueError("`warm` must be 0 with variant='published'; use variant='default'")
    validation.choice("bars", bars, ("auto", "keep"))
    smooth, center_bias = postprocess.checked(smooth, center_bias)
    return Options(variant, size, step, warm, smooth, center_bias, bars == "auto")
