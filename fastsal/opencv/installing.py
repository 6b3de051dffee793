"""Putting the drop-in where programs look for ``cv2.saliency``."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

# What opencv-contrib-python has at the top of cv2 too, as cv2.saliency_NAME.
_CLASSES = (
    "MotionSaliency",
    "MotionSaliencyBinWangApr2014",
    "Objectness",
    "ObjectnessBING",
    "Saliency",
    "StaticSaliency",
    "StaticSaliencyFineGrained",
    "StaticSaliencySpectralResidual",
)


def install(*, force: bool = False) -> ModuleType:
    """Make ``cv2.saliency`` mean this module: for all that is imported afterwards.

    ``from cv2.saliency import StaticSaliencyFineGrained_create`` and
    ``cv2.saliency.ObjectnessBING_create()`` work then without opencv-contrib-python, as do the
    classes' other names, ``cv2.saliency_StaticSaliencyFineGrained`` and its siblings. What code
    took from OpenCV's own module before stays OpenCV's.

    Parameters
    ----------
    force : bool, default False
        Replace OpenCV's own module too, where it is there; else that is left in its place.

    Returns
    -------
    module
        What ``cv2.saliency`` is now.

    Raises
    ------
    ImportError
        If there is no OpenCV at all.

    Examples
    --------
    >>> from fastsal import opencv
    >>> module = opencv.install(force=True)
    >>> from cv2.saliency import StaticSaliencyFineGrained_create
    >>> StaticSaliencyFineGrained_create is module.StaticSaliencyFineGrained_create
    True
    """
    cv2: Any = importlib.import_module("cv2")
    ours = sys.modules[__package__]
    found: ModuleType | None = getattr(cv2, "saliency", None)
    is_whole = hasattr(found, "Saliency")  # no folder that pip left behind
    if found is not None and is_whole and not force:
        return found
    cv2.saliency = ours
    for name in _CLASSES:
        setattr(cv2, f"saliency_{name}", getattr(ours, name))
    sys.modules["cv2.saliency"] = ours
    return ours
