"""Class activation maps: where a layer's features support a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import containers, validation
from ..errors import ImageError, ModelError
from .models import Session, explained

Variant = Literal["grad-cam", "grad-cam++", "xgrad-cam", "layer-cam", "hires-cam"]

VARIANTS = ("grad-cam", "grad-cam++", "xgrad-cam", "layer-cam", "hires-cam")
_TINY = 1e-7  # keeps divisions of the scaling finite, as in the grad-cam package


def grad_cam(
    image: Any,
    model: Any,
    *,
    layer: Any = None,
    target: Any = None,
    variant: Variant = "grad-cam",
    resize: bool = True,
    scale: bool = True,
    channel_axis: int | None = -1,
) -> Any:
    """Weight a layer's feature maps by the gradients at them (Grad-CAM and its relatives).

    Parameters
    ----------
    image, model, target, channel_axis
        As in `gradient`. A callable returns ``CONVOLUTION_LAYER_VALUES`` and
        ``CONVOLUTION_OUTPUT_GRADIENTS``, (1, h, w, K).
    layer : str or torch.nn.Module
        Name of a layer in ``dict(model.named_modules())``, or the layer itself. It gives feature
        maps (1, K, h, w). None for a callable, which chooses the layer itself.
    variant : {"grad-cam", "grad-cam++", "xgrad-cam", "layer-cam", "hires-cam"}
        Formula from gradients g and values A. "grad-cam" weights A by the mean of g, "grad-cam++"
        by higher derivatives, "xgrad-cam" by g A. "layer-cam" sums max(g, 0) A, "hires-cam" g A.
    resize : bool, default True
        Upsample the map to the image's size, linearly between the centres of its cells.
    scale : bool, default True
        Scale the map to [0, 1]. Without it, the map keeps its strength and stays >= 0.

    Returns
    -------
    map : array of float32, (H, W), or (h, w) without `resize`
        A tensor for a tensor, on the same device.

    Raises
    ------
    ImageError, ModelError
        As in `gradient`; or if the layer does not run, or gives no feature maps.
    ValueError
        If there is no such layer (the message names the nearest), or an option is wrong.

    References
    ----------
    .. [1] R. R. Selvaraju et al., "Grad-CAM", ICCV 2017. https://arxiv.org/abs/1610.02391
    .. [2] A. Chattopadhay et al., "Grad-CAM++", WACV 2018. https://arxiv.org/abs/1710.11063
    .. [3] R. Fu et al., "Axiom-based Grad-CAM", BMVC 2020. https://arxiv.org/abs/2008.02312
    .. [4] P.-T. Jiang et al., "LayerCAM", IEEE TIP 30, 2021.
       https://doi.org/10.1109/TIP.2021.3089943
    .. [5] R. L. Draelos and L. Carin, "HiResCAM", 2020. https://arxiv.org/abs/2011.08891

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> def model(batch, call_model_args=None, expected_keys=None):  # scores the mean
    ...     cells = batch.reshape(1, 2, 2, 2, 2, 1).mean((2, 4))
    ...     gradients = np.full_like(cells, 0.25)
    ...     return {"CONVOLUTION_LAYER_VALUES": cells, "CONVOLUTION_OUTPUT_GRADIENTS": gradients}
    >>> image = np.zeros((4, 4, 1))
    >>> image[:2, :2] = 1
    >>> explain.grad_cam(image, model, resize=False).round(3)
    array([[1., 0.],
           [0., 0.]], dtype=float32)
    """
    variant = validation.choice("variant", variant, VARIANTS)  # type: ignore[assignment]
    for name, value in (("resize", resize), ("scale", scale)):
        validation.flag(name, value, ValueError)

    def work(session: Session) -> Any:
        shape = session.given(session.image).shape
        if resize and len(shape) not in (2, 3):
            raise ImageError(f"`image` must have 2 or 3 axes to resize the map; got shape {shape}")
        values, gradients = session.layer(layer)
        found = np.maximum(COMBINED[variant](values, gradients), 0)
        if not np.isfinite(found).all():
            raise ModelError("`model` gives NaN or infinite values at this layer")
        if scale:
            found = _scaled(found)
        if resize:
            is_front = len(shape) == 3 and (session.is_tensor or channel_axis in (0, -3))
            rows, cols = shape[1:] if is_front else shape[:2]
            found = resized(found, rows, cols)
            if scale:
                found = _scaled(np.maximum(found, 0))
        result = found.astype(np.float32)
        if not session.is_tensor:
            return result
        return containers.returned(result, True).to(image.device)

    return explained(image, model, target, work, channel_axis=channel_axis)


def _by_mean(values: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = values @ gradients.mean((0, 1))
    return found


def _by_higher_derivatives(values: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    squares = gradients * gradients
    below = 2 * squares + values.sum((0, 1)) * squares * gradients + 1e-6
    parts = np.where(gradients != 0, squares / below, 0)
    found: NDArray[Any] = values @ (np.maximum(gradients, 0) * parts).sum((0, 1))
    return found


def _by_share(values: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    weights = (gradients * values).sum((0, 1)) / (values.sum((0, 1)) + _TINY)
    found: NDArray[Any] = values @ weights
    return found


def _by_positive_products(values: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    return _by_products(values, np.maximum(gradients, 0))


def _by_products(values: NDArray[Any], gradients: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = (gradients * values).sum(2)
    return found


COMBINED: dict[str, Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]] = {
    "grad-cam": _by_mean,
    "grad-cam++": _by_higher_derivatives,
    "xgrad-cam": _by_share,
    "layer-cam": _by_positive_products,
    "hires-cam": _by_products,
}


def _scaled(found: NDArray[Any]) -> NDArray[Any]:
    found = found - found.min()
    found /= _TINY + found.max()
    return found


def resized(found: NDArray[Any], rows: int, cols: int) -> NDArray[Any]:
    """Return a map resized by bilinear interpolation, with half-pixel centres and clamped edges."""
    import cv2

    if found.shape == (rows, cols):
        return found
    larger: NDArray[Any] = cv2.resize(found, (cols, rows), interpolation=cv2.INTER_LINEAR)
    return larger
