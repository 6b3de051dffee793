"""Drop-in replacement for ``cv2.saliency``: the same classes, methods and results, but faster.

Values equal OpenCV's. Its crashes, prints and stray files are not reproduced: README.md in this
folder lists every difference. Colour images are BGR.

>>> from fastsal import opencv
>>> import numpy as np
>>> finder = opencv.StaticSaliencyFineGrained_create()
>>> found, saliency = finder.computeSaliency(np.eye(9, dtype=np.uint8))
>>> found, saliency.shape
(True, (9, 9))
"""

from .generator import setRNGSeed as setRNGSeed
from .installing import install as install
from .kinds import Algorithm as Algorithm
from .kinds import MotionSaliency as MotionSaliency
from .kinds import Objectness as Objectness
from .kinds import Saliency as Saliency
from .kinds import StaticSaliency as StaticSaliency
from .motion import MotionSaliencyBinWangApr2014 as MotionSaliencyBinWangApr2014
from .objectness import ObjectnessBING as ObjectnessBING
from .static import StaticSaliencyFineGrained as StaticSaliencyFineGrained
from .static import StaticSaliencySpectralResidual as StaticSaliencySpectralResidual

MotionSaliencyBinWangApr2014_create = MotionSaliencyBinWangApr2014.create
ObjectnessBING_create = ObjectnessBING.create
StaticSaliencyFineGrained_create = StaticSaliencyFineGrained.create
StaticSaliencySpectralResidual_create = StaticSaliencySpectralResidual.create

__all__ = [
    "Algorithm",
    "MotionSaliency",
    "MotionSaliencyBinWangApr2014",
    "MotionSaliencyBinWangApr2014_create",
    "Objectness",
    "ObjectnessBING",
    "ObjectnessBING_create",
    "Saliency",
    "StaticSaliency",
    "StaticSaliencyFineGrained",
    "StaticSaliencyFineGrained_create",
    "StaticSaliencySpectralResidual",
    "StaticSaliencySpectralResidual_create",
    "install",
    "setRNGSeed",
]
