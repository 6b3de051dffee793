"""Options of the Itti-Koch map, and three named presets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ... import validation

_LARGEST_SIDE = 1 << 30
_HEAVIEST = 1e6  # of the weights
_CHOICES = {
    "opponency": ("difference", "paper"),
    "gabor": ("signed", "energy"),
    "ranges": ("modality", "map"),
    "norm": ("maxima", "iterative", "none"),
    "color_space": ("rgb", "lab"),
}


@dataclass(frozen=True, kw_only=True)
class IttiOptions:
    """Options of the Itti-Koch model that the paper leaves open, for ``itti_koch(preset=...)``.

    ``IttiOptions.DEFAULT``, ``IttiOptions.PAPER`` and ``IttiOptions.FIXATION`` are the presets
    "default", "paper" and "fixation". Use ``dataclasses.replace`` to change single options.

    Parameters
    ----------
    opponency : {"difference", "paper"}, default "difference"
        "difference" computes colour contrast as centre minus surround. "paper" follows Eq. 2 and 3
        of the paper literally, the absolute value of a sum; uniformly red images then score.
    gabor : {"signed", "energy"}, default "signed"
        "signed" uses the even Gabor response with its sign, "energy" the sum of the absolute even
        and odd responses.
    border : float, default 0.05
        Width of the linear fade towards the border, as a fraction of the longer side: 0 to 1.
    ranges : {"modality", "map"}, default "modality"
        Range that the operator N rescales to 1. "modality" uses the widest range of all features of
        intensity, colour or orientation. "map" uses the range of each map, so weak and strong maps
        have equal weight.
    norm : {"maxima", "iterative", "none"}, default "maxima"
        Operator N, which promotes maps with few peaks. "maxima" is the paper's. "iterative" runs
        three iterations of competition [1]_ and keeps little except the peaks. It suits `scanpath`,
        but not comparison with fixations. "none" rescales only.
    color_space : {"rgb", "lab"}, default "rgb"
        "rgb" uses the paper's intensity and broadly tuned colours, "lab" uses L, a and b of CIELab.
    on_off : bool, default True
        Apply N to the two signs of intensity and colour contrast separately, such as red on green
        and green on red. Otherwise one red object among many green ones is not rare.
    weights : (float, float, float), default (1, 1, 1)
        Weights of intensity, colour and orientation, 0 to 1e6. Only their ratios matter.
    working_size : int or None, default None
        Maximum longer side; larger images are reduced by area means first. None uses the full
        size. The map has the size of the image in either case.
    smooth : float, default 0
        Sigma of the blur if `itti_koch` is called with ``smooth=None``.

    Raises
    ------
    ValueError
        If an option is not one of the listed values or is out of its range.

    Notes
    -----
    One iteration of the competition replaces the map M by
    ``max(0, M + near / 4 - 9 / 4 * far - max(M) / 50)``. Here near and far are M blurred by
    Gaussians of 2 % and 25 % of its longer side. Features are first reduced to the map's scale.

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
            validation.choice(name, getattr(self, name), choices)
        for name in ("border", "smooth"):
            object.__setattr__(self, name, validation.number(name, getattr(self, name), 0, 1))
        object.__setattr__(self, "on_off", bool(self.on_off))
        object.__setattr__(self, "weights", _weights(self.weights))
        if self.working_size is not None:
            size = validation.integer("working_size", self.working_size, 1)
            object.__setattr__(self, "working_size", min(size, _LARGEST_SIDE))


def checked(preset: Any) -> IttiOptions:
    """Return the options of a preset, or raise ValueError."""
    if isinstance(preset, IttiOptions):
        return preset
    if not isinstance(preset, str) or preset not in _PRESETS:
        names = validation.joined([*map(repr, _PRESETS), "an IttiOptions"])
        raise ValueError(f"`preset` must be {names}; got {validation.shown(preset)}")
    return _PRESETS[preset]


def _weights(value: Any) -> tuple[float, float, float]:
    weights = list(value) if isinstance(value, tuple | list | np.ndarray) else []
    if len(weights) != 3:
        raise ValueError(f"`weights` must be three numbers; got {validation.shown(value)}")
    first, second, third = (validation.number("weights", each, 0, _HEAVIEST) for each in weights)
    if first + second + third < 1 / _HEAVIEST:
        raise ValueError(
            f"`weights` must sum to {1 / _HEAVIEST:g} or more; got {validation.shown(value)}"
        )
    return first, second, third


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
