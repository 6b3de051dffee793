"""The losses that the three networks were trained with, as differentiable functions of PyTorch.

Maps are tensors of floats, (N, H, W), on any device. Each function returns a scalar tensor.
Constant maps, and samples without fixations, count 0 in correlations and NSS; they give no NaN.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["stavis_loss", "stra_net_loss", "tased_loss"]

_KERAS_EPSILON = 1e-7


def tased_loss(saliency: Tensor, density: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence of TASED-Net's training.

    Both tensors are divided by their sums over the whole batch, so that samples are not weighted
    equally. The authors train on it in this form.

    Parameters
    ----------
    saliency : tensor of float, (N, H, W)
        Predictions after the sigmoid.
    density : tensor of float, (N, H, W)
        Densities of fixations, of any scale.

    Returns
    -------
    loss : tensor of float, ()
        At least 0 up to rounding.

    Raises
    ------
    ValueError
        If a shape or a dtype is wrong.

    References
    ----------
    Min and Corso, "TASED-Net: Temporally-Aggregating Spatial Encoder-Decoder Network for Video
    Saliency Detection", ICCV 2019.

    Examples
    --------
    >>> import torch
    >>> from fastsal.neural import losses
    >>> density = torch.tensor([[[1.0, 3.0]]])
    >>> losses.tased_loss(torch.tensor([[[0.5, 0.5]]]), density)
    tensor(0.1308)
    """
    _check(saliency=saliency, density=density)
    return _divergence(_over(saliency, None), _over(density, None), sys.float_info.epsilon).sum()


def stra_net_loss(saliency: Sequence[Tensor], density: Tensor, fixations: Tensor) -> Tensor:
    """Return the loss of STRA-Net's training, summed over its outputs.

    For each output it is the mean over samples of ``10 KL - 2 CC - NSS - SIM``. The divergence and
    the similarity use maps scaled to a sum of 1. By a slip the authors apply one NSS term to the
    wrong output; that is not repeated here.

    Parameters
    ----------
    saliency : sequence of tensors of float, (N, H, W)
        Predictions after the sigmoid: the map and those of the three stages, or any number.
    density : tensor of float, (N, H, W)
        Densities of fixations, of any scale.
    fixations : tensor, (N, H, W)
        Greater than 0 where someone looked.

    Returns
    -------
    loss : tensor of float, ()
        Lower is better. It may be negative.

    Raises
    ------
    ValueError
        If a shape or a dtype is wrong, or there is no output.

    References
    ----------
    Lai, Wang, Sun and Shen, "Video Saliency Prediction using Spatiotemporal Residual Attentive
    Networks", IEEE Transactions on Image Processing 29, 2020.

    Examples
    --------
    >>> import torch
    >>> from fastsal.neural import losses
    >>> density = torch.tensor([[[1.0, 3.0]]])
    >>> losses.stra_net_loss([density / 4], density, density > 2)
    tensor(-4.0000)
    """
    if not isinstance(saliency, Sequence) or not saliency:
        raise ValueError("`saliency` must be a sequence of tensors; got none; pass [map]")
    _check(density=density, fixations=fixations)
    terms = []
    for i, output in enumerate(saliency):
        _check(density=density, **{f"saliency[{i}]": output})
        scaled, truth = _over(output, (1, 2)), _over(density, (1, 2))
        divergence = _divergence(scaled, truth, _KERAS_EPSILON).sum((1, 2))
        similarity = torch.minimum(scaled, truth).sum((1, 2))
        correlation = _correlation(output, density)
        terms.append(10 * divergence - 2 * correlation - _nss(output, fixations) - similarity)
    return torch.stack(terms).sum(0).mean()


def stavis_loss(
    logits: Tensor,
    density: Tensor,
    fixations: Tensor,
    *,
    sides: Sequence[Tensor] = (),
    side_weight: float = 1.0,
) -> Tensor:
    """Return the loss of STAViS's training: the mean over samples of ``0.1 BCE - 2 CC - NSS``.

    The binary cross-entropy is summed over pixels.

    Parameters
    ----------
    logits : tensor of float, (N, H, W)
        Predictions before the sigmoid.
    density : tensor of float, (N, H, W)
        Densities of fixations in [0, 1]. The authors divide 8-bit maps by 255.
    fixations : tensor, (N, H, W)
        Greater than 0 where someone looked.
    sides : sequence of tensors of float, (N, H, W)
        Side outputs before the sigmoid, which the authors train without sound only.
    side_weight : float, default 1.0
        Weight of the losses of the side outputs. The authors take ``1 - epoch / 60``.

    Returns
    -------
    loss : tensor of float, ()
        Lower is better. It may be negative.

    Raises
    ------
    ValueError
        If a shape or a dtype is wrong.

    References
    ----------
    Tsiami, Koutras and Maragos, "STAViS: Spatio-Temporal AudioVisual Saliency Network", CVPR 2020.

    Examples
    --------
    >>> import torch
    >>> from fastsal.neural import losses
    >>> density = torch.tensor([[[0.25, 0.75]]])
    >>> losses.stavis_loss(torch.logit(density), density, density > 0.5)
    tensor(-2.8875)
    """
    _check(density=density, fixations=fixations, logits=logits)
    loss = _stavis_terms(logits, density, fixations)
    for i, side in enumerate(sides):
        _check(density=density, **{f"sides[{i}]": side})
        loss = loss + side_weight * _stavis_terms(side, density, fixations)
    return loss.mean()


def _stavis_terms(logits: Tensor, density: Tensor, fixations: Tensor) -> Tensor:
    entropy = functional.binary_cross_entropy_with_logits(logits, density, reduction="none")
    saliency = torch.sigmoid(logits)
    return (
        0.1 * entropy.sum((1, 2)) - 2 * _correlation(saliency, density) - _nss(saliency, fixations)
    )


def _divergence(saliency: Tensor, truth: Tensor, epsilon: float) -> Tensor:
    return truth * torch.log(epsilon + truth / (saliency + epsilon))


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    """Return Pearson's correlation of each sample."""
    return (_standardized(a) * _standardized(b)).mean((1, 2))


def _nss(saliency: Tensor, fixations: Tensor) -> Tensor:
    """Return the mean of the standardized map at the fixations of each sample."""
    seen = (fixations > 0).to(saliency.dtype)
    return (_standardized(saliency) * seen).sum((1, 2)) / seen.sum((1, 2)).clamp_min(1)


def _standardized(maps: Tensor) -> Tensor:
    """Return maps of mean 0 and deviation 1, and zeros for constant ones."""
    centered = maps - maps.mean((1, 2), keepdim=True)
    variance = centered.square().mean((1, 2), keepdim=True)
    # The derivative of sqrt is infinite at 0.
    return centered / torch.where(variance > 0, variance, 1).sqrt()


def _over(maps: Tensor, axes: tuple[int, int] | None) -> Tensor:
    """Return maps divided by their sums over `axes`, or over the batch."""
    total = maps.sum() if axes is None else maps.sum(axes, keepdim=True)
    return maps / torch.where(total > 0, total, 1)


def _check(**maps: Tensor) -> None:
    """Raise ValueError unless all are tensors of the shape of the first, and floats."""
    shape: tuple[int, ...] | None = None
    for name, each in maps.items():
        if not isinstance(each, Tensor):
            raise ValueError(f"`{name}` must be a tensor; got {type(each).__name__}")
        if each.ndim != 3 or 0 in each.shape:
            raise ValueError(f"`{name}` must have shape (N, H, W); got {tuple(each.shape)}")
        if name != "fixations" and not each.is_floating_point():
            raise ValueError(f"`{name}` must be floats; got {each.dtype}")
        if shape is not None and each.shape != shape:
            raise ValueError(
                f"`{name}` must have shape {tuple(shape)}, as the others; got {tuple(each.shape)}"
            )
        shape = each.shape
