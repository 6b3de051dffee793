"""Felzenszwalb and Huttenlocher's graph-based segmentation, labels equal to scikit-image's."""

from .api import felzenszwalb as felzenszwalb
