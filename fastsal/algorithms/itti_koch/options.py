"""The switches of the Itti-Koch map, and three settings of them that have names."""

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
    """What the model of Itti, Koch and Niebur leaves open, for ``itti_koch(preset=...)``.

    ``IttiOptions.DEFAULT``, ``IttiOptions.PAPER`` and ``IttiOptions.FIXATION`` are the settings
    that go by the names "default", "paper" and "fixation"; ``dataclasses.replace`` makes others.

    Parameters
    ----------
    opponency : {"difference", "paper"}, default "difference"
        What a colour feature is: centre less surround, or, as the paper's formula says when it is
        taken by the letter, the size of their sum, to which an evenly red image stands out.
    gabor : {"signed", "energy"}, default "signed"
        What a filter of orientation gives: its even, signed response, or the sizes of the even
        and the odd one together.
    border : float, default 0.05
        Every feature falls off linearly to its border, over this share of the longer side.
    ranges : {"modality", "map"}, default "modality"
        Which range N stretches to 1: the widest of all features of intensity, of colour or of
        orientation, so that only modalities are made alike; or every map's own, which lets a
        faint one count as much as a strong one.
    norm : {"maxima", "iterative", "none"}, default "maxima"
        How a map of few peaks is promoted over one of many: by the mean of its local maxima; by
        three rounds of competition between its places [1]_, which leaves little but the peaks,
        good for a `scanpath` and bad for comparing with fixations; or not, maps being stretched
        only.
    color_space : {"rgb", "lab"}, default "rgb"
        The paper's intensity and broadly tuned colours, or L, a and b of CIELab.
    on_off : bool, default True
        Promote the two signs of intensity and of colours apart: bright on dark and dark on bright,
        red on green and green on red. Without, one red thing among many green ones is not rare.
    weights : (float, float, float), default (1, 1, 1)
        Of intensity, colour and orientation in the map, 0 to 1e6; only their ratios matter.
    working_size : int or None, default None
        Reduce images to this longer side at the most, by averaging squares of pixels, before
        anything else; None takes them as they are. The map is of the image's size all the same.
    smooth : float, default 0
        What ``itti_koch(smooth=None)`` stands for.

    Raises
    ------
    ValueError
        If an option is none of these.

    Notes
    -----
    In a round of the competition, M becomes ``max(0, M + near / 4 - 9 / 4 * far - max(M) / 50)``,
    where near and far are M under Gaussians of 2 % and of 25 % of its longer side, at the scale of
    the map, to which features are reduced before.

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
        names = ", ".join(map(repr, _PRESETS))
        raise ValueError(f"`preset` must be {names} or IttiOptions; got {validation.shown(preset)}")
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
