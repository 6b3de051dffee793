"""Options of Itti-Koch saliency, and its three presets."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, ClassVar

_CHOICES = {
    "opponency": ("difference", "paper"),
    "gabor": ("signed", "energy"),
    "ranges": ("modality", "map"),
    "norm": ("maxima", "iterative", "none"),
    "color_space": ("rgb", "lab"),
}


@dataclass(frozen=True, kw_only=True)
class IttiOptions:
    """Options of Itti-Koch saliency that the paper leaves open, for ``itti_koch(preset=...)``.

    ``IttiOptions.DEFAULT``, ``IttiOptions.PAPER`` and ``IttiOptions.FIXATION`` are the presets
    "default", "paper" and "fixation". Use ``dataclasses.replace`` to change single options.

    Parameters
    ----------
    opponency : {"difference", "paper"}, default "difference"
        Colour feature. "difference": centre minus surround. "paper": absolute value of their sum,
        as printed in the paper; a uniformly red image is then salient.
    gabor : {"signed", "energy"}, default "signed"
        Orientation feature: the signed even response, or the energy of the even and odd responses.
    border : float, default 0.05
        Width of the linear fade of features at the border, as a fraction of the longer side.
    ranges : {"modality", "map"}, default "modality"
        Range that N rescales to 1. "modality": the widest range among all feature maps of
        intensity, of colour or of orientation. "map": each map's own range; faint maps then weigh
        the same as strong ones.
    norm : {"maxima", "iterative", "none"}, default "maxima"
        Operator that promotes maps with few peaks. "maxima": by the mean of the local maxima.
        "iterative": three iterations of local competition [1]_, which leave only peaks; good for
        a `scanpath`, bad for comparison with fixations. "none": rescale only.
    color_space : {"rgb", "lab"}, default "rgb"
        The paper's intensity and broadly tuned colours, or CIELab.
    on_off : bool, default True
        Promote the two signs of intensity and colour contrast separately: bright on dark and dark
        on bright, red on green and green on red. Otherwise one red object among many green ones
        is not rare.
    weights : (float, float, float), default (1, 1, 1)
        Weights of intensity, colour and orientation; only their ratios matter.
    working_size : int or None, default None
        Maximum longer side; larger images are first reduced by averaging blocks of pixels. None
        keeps the size. The map always has the image's size.
    smooth : float, default 0
        Blur for ``itti_koch(smooth=None)``, as a fraction of the map's width.

    Raises
    ------
    ValueError
        If an option is not one of the listed values.

    Notes
    -----
    An iteration replaces M by ``max(0, M + near / 4 - 9 / 4 * far - max(M) / 50)``. Here near and far are M blurred by Gaussians of 2 % and 25 % of its longer side. It runs at the
    scale of the map, to which feature maps are reduced first.

    References
    ----------
    .. [1] L. Itti and C. Koch, "Feature combination strategies for saliency-based visual attention
       systems", Journal of Electronic Imaging 10(1), 2001. https://doi.org/10.1117/1.1333677

    Examples
    --------
    >>> import dataclasses, fastsal
    >>> dataclasses.replace(fastsal.IttiOptions.PAPER, opponency="difference").gabor
    'energy'
    """

    DEFAULT: ClassVar[IttiOptions]
    PAPER: ClassVar[IttiOptions]
    FIXATION: ClassVar[IttiOptions]

    opponency: str = "difference"
    gabor: str = "signed"
    border: float = 0.05
    ranges: str = "modality"
    norm: str = "maxima"
    color_space: str = "rgb"
    on_off: bool = True
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    working_size: int | None = None
    smooth: float = 0.0

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise ValueError(f"{name} must be {' or '.join(map(repr, choices))}, got {value!r}")
        for name in ("border", "smooth"):
            object.__setattr__(self, name, _share(name, getattr(self, name)))
        object.__setattr__(self, "on_off", bool(self.on_off))
        object.__setattr__(self, "weights", _weights(self.weights))
        if self.working_size is not None:
            object.__setattr__(self, "working_size", _size(self.working_size))


def checked(preset: Any) -> IttiOptions:
    """Return the options of a preset, or raise ValueError."""
    if isinstance(preset, IttiOptions):
        return preset
    if not isinstance(preset, str) or preset not in _PRESETS:
        names = ", ".join(map(repr, _PRESETS))
        raise ValueError(f"preset must be {names} or IttiOptions, got {preset!r}")
    return _PRESETS[preset]


def _share(name: str, value: Any) -> float:
    number = _number(value)
    if not 0 <= number <= 1:  # NaN neither
        raise ValueError(f"{name} must be a number from 0 to 1, got {value!r}")
    return number


def _weights(value: Any) -> tuple[float, float, float]:
    numbers = [_number(each) for each in value] if isinstance(value, tuple | list) else []
    if len(numbers) != 3 or not all(0 <= n < float("inf") for n in numbers) or not sum(numbers):
        raise ValueError(
            f"weights must be three numbers from 0 up, not all of them 0, got {value!r}"
        )
    first, second, third = numbers
    return first, second, third


def _size(value: Any) -> int:
    try:
        size = operator.index(value)
    except TypeError:
        size = 0
    if size < 1:
        raise ValueError(f"working_size must be None or an integer from 1 up, got {value!r}")
    return size


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


IttiOptions.DEFAULT = IttiOptions()
IttiOptions.PAPER = IttiOptions(
    opponency="paper", gabor="energy", border=0, ranges="map", on_off=False
)
IttiOptions.FIXATION = IttiOptions(color_space="lab", weights=(1, 1, 0.5), smooth=0.02)

_PRESETS: dict[str, IttiOptions] = {
    "default": IttiOptions.DEFAULT,
    "paper": IttiOptions.PAPER,
    "fixation": IttiOptions.FIXATION,
}
