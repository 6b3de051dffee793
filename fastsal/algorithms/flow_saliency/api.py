"""Flow saliency: motion that the estimated camera motion does not explain."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import images, runtime, validation
from ...annotations import DeviceArray
from ...call import Call
from ...images import Array, Color
from .state import Camera, Options, part, shape_of, state_of_thread


@overload
def flow_saliency(
    frame: DeviceArray,
    previous: DeviceArray,
    *,
    compensate_camera: Camera = ...,
    contrast: bool = ...,
    return_flow: bool = ...,
    color: Color = ...,
    channel_axis: int | None = ...,
    out: Array | None = ...,
    backend: runtime.Choice = ...,
) -> Any: ...
@overload
def flow_saliency(
    frame: ArrayLike,
    previous: ArrayLike,
    *,
    compensate_camera: Camera = ...,
    contrast: bool = ...,
    return_flow: Literal[False] = ...,
    color: Color = ...,
    channel_axis: int | None = ...,
    out: Array | None = ...,
    backend: runtime.Choice = ...,
) -> NDArray[np.float32]: ...
@overload
def flow_saliency(
    frame: ArrayLike,
    previous: ArrayLike,
    *,
    compensate_camera: Camera = ...,
    contrast: bool = ...,
    return_flow: Literal[True],
    color: Color = ...,
    channel_axis: int | None = ...,
    out: Array | None = ...,
    backend: runtime.Choice = ...,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...
def flow_saliency(
    frame: Any,
    previous: Any,
    *,
    compensate_camera: Camera = True,
    contrast: bool = False,
    return_flow: bool = False,
    color: Color = "rgb",
    channel_axis: int | None = -1,
    out: Array | None = None,
    backend: runtime.Choice = "auto",
) -> Array:
    """Compute flow saliency: the optical flow that camera motion does not explain.

    Parameters
    ----------
    frame, previous : array_like of uint8, uint16 or float, (H, W), (H, W, 3) or (H, W, 4)
        Two frames of the same shape and dtype. Colours are converted to OpenCV's luma; a fourth
        channel is ignored; floats lie in [0, 1]. Stacks, (N, H, W, channels), are compared frame
        by frame. Device arrays (Numba, CuPy, PyTorch) stay on their device.
    compensate_camera : bool or {"affine", "translation", "homography"}, default True
        Model of the camera motion. True is "affine" (6 parameters). "homography" adds the two
        perspective terms of a planar flow. False assumes a still camera.
    contrast : bool, default False
        Also compare with the mean motion of the neighbourhood, an eighth of the longer side in
        each direction. Larger moving objects then score at their edges only.
    return_flow : bool, default False
        Also return the flow.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels if there are more than two axes; None for stacks of grey frames.
    out : array of float32 or uint8, optional
        Where to put the map: C-contiguous, of the map's shape, in the same kind of memory as
        `frame`. uint8 gets round(255 * saliency).
    backend : {"auto", "cpu", "cuda"}, default "auto"
        Where to compute. "auto" takes the device for device arrays and the CPU for others.

    Returns
    -------
    saliency : array of float32 (or `out`), (H, W) or (N, H, W)
        In [0, 1]. A residual motion of half a pixel of the reduced frame scores 0.5 (or three
        times the median residual in noisy frames). Equal frames give 0 everywhere. A scene cut
        gives 0 too: then no motion explains half of the image content. Results are bit-identical
        for any number of threads; CUDA differs by less than 0.01 on average.
    flow : array of float32, (2, H, W) or (N, 2, H, W)
        With `return_flow`: row and column displacement in pixels, from `frame` to `previous`. It is
        computed per cell of 4 x 4 pixels of the reduced frame and interpolated.

    Raises
    ------
    ImageError
        If a frame is empty or not an image of these forms, or holds NaN or floats outside [0, 1]
        (clipped without a check on a device). If the frames differ in shape, dtype or device. If a
        side is longer than 2**20 pixels. If `out` does not fit.
    ValueError
        If `compensate_camera`, `color` or `backend` is not one of the listed values.
    BackendUnavailableError
        If `backend` was requested by name and is not available.

    See Also
    --------
    FlowSaliency : The same over a stream, with temporal options.

    Notes
    -----
    The luma is reduced to 320 pixels along the longer side and smoothed by a 3 x 3 binomial filter.
    For each cell of 4 x 4 pixels, the patch of 8 x 8 pixels around it is searched in the previous
    frame by inverse search ([1]_, Eq. 1 and 2), from coarse to fine. Each cell also tries the
    motions of its neighbours. A 3 x 3 median follows.

    The camera motion is fitted to the flow by iteratively reweighted least squares [2]_, with more
    initial weight at the border. The residual r scores ``r**2 / (r**2 + t**2)``, where t is the
    maximum of 0.5 and three times the median of r. Cells that were outside the previous frame score
    0. The score is reduced where the patch also matches at the camera motion. It becomes 0 if that
    match is not worse, and is unchanged if it is worse by 2 grey levels (RMS) or more.

    References
    ----------
    .. [1] T. Kroeger, R. Timofte, D. Dai and L. Van Gool, "Fast optical flow using dense inverse
       search", ECCV 2016. https://doi.org/10.1007/978-3-319-46493-0_29
    .. [2] J.-M. Odobez and P. Bouthemy, "Robust multiresolution estimation of parametric motion
       models", Journal of Visual Communication and Image Representation 6(4), 1995.
       https://doi.org/10.1006/jvci.1995.1029

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> previous = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)
    >>> frame = np.roll(previous, 2, axis=1)  # the camera pans
    >>> frame[20:40, 30:50] = previous[20:40, 30:50]  # an object moves with the camera
    >>> saliency = fastsal.flow_saliency(frame, previous)
    >>> bool(saliency[30, 40] > 0.9), bool(saliency[10, 40] < 0.01)
    (True, True)
    """
    options = Options.checked(compensate_camera, contrast)
    forms: dict[str, Any] = {"color": color, "channel_axis": channel_axis}
    pair = (
        images.as_frames(frame, name="frame", **forms),
        images.as_frames(previous, name="previous", **forms),
    )
    images.check_same(*pair, names=("frame", "previous"))
    shape = shape_of(pair[0])
    with_flow = validation.flag("return_flow", return_flow)
    call = Call(backend, out, *pair)
    state = state_of_thread(call.target, shape)
    call.turns = state.turns
    with call:
        flow = _empty_flow(call) if with_flow else None
        for index in range(len(call.saliency)):
            state.take(call.inputs[1], index)
            state.take(call.inputs[0], index)
            state.score(options)
            state.paint(part(call.saliency, index))
            if flow is not None:
                planes = call.view(flow).reshape(2 * len(call.saliency), shape[0] * shape[1])
                state.paint_flow(planes[2 * index : 2 * index + 2])
        return call.result() if flow is None else (call.result(), call.result(flow))


def _empty_flow(call: Call) -> Any:
    """Return an array for the flow, (2, H, W) or (N, 2, H, W)."""
    shape = call.inputs[0].shape
    return call.output("flow", (*shape[:-2], 2, *shape[-2:]))
