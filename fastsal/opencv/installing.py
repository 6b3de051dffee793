"""Register the drop-in replacement as ``cv2.saliency``."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

# Classes that opencv-contrib-python also has as cv2.saliency_NAME.
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
    """Register this module as ``cv2.saliency`` for all later imports.

    ``from cv2.saliency import StaticSaliencyFineGrained_create`` and
    ``cv2.saliency.ObjectnessBING_create()`` then work without opencv-contrib-python. The same holds
    for ``cv2.saliency_StaticSaliencyFineGrained`` and similar names of classes. Objects that were
    imported from OpenCV's module before do not change.

    Parameters
    ----------
    force : bool, default False
        Also replace OpenCV's own module if it is installed.

    Returns
    -------
    module
        The module that ``cv2.saliency`` now refers to.

    Raises
    ------
    ImportError
        If OpenCV is not installed.

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
